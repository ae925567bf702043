import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentKnapsack } from './agent-knapsack.ts';
import { boundByCapacities, boundByJobs, capacityBound, jobBound } from './bound.ts';
import { generateGap } from './generate.ts';
import type { GapInstance } from './instance.ts';
import { KnapsackTable } from './knapsack-table.ts';
import { jobRowsOf } from './prices.ts';
import { solveGap } from './solve.ts';

const never = () => false;

const small = fc.record({
  type: fc.constantFrom('c' as const, 'd' as const, 'e' as const),
  agents: fc.integer({ min: 2, max: 3 }),
  jobs: fc.integer({ min: 4, max: 7 }),
  seed: fc.nat(1_000_000),
});

/** The least cost over every assignment there is; infinity when none fits. */
function leastCost({ agents, jobs, cost, weight, capacity }: GapInstance): number {
  const room = Array.from(capacity);
  const least = (job: number): number => {
    if (job === jobs) return 0;
    let best = Number.POSITIVE_INFINITY;
    for (let j = 0; j < agents; j++) {
      const at = j * jobs + job;
      if (room[j]! < weight[at]!) continue;
      room[j]! -= weight[at]!;
      best = Math.min(best, cost[at]! + least(job + 1));
      room[j]! += weight[at]!;
    }
    return best;
  };
  return least(0);
}

describe('bounds of a generalised assignment', () => {
  it('never exceed the least cost, whatever the prices are', () => {
    const price = fc.double({ min: 0, max: 300, noNaN: true });
    const prices = fc.array(price, { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(small, prices, prices, (draw, ofAgents, ofJobs) => {
        const instance = generateGap(draw);
        const least = leastCost(instance);
        fc.pre(least < Number.POSITIVE_INFINITY);
        const capacityPrice = Float64Array.from(ofAgents.slice(0, draw.agents));
        const jobPrice = Float64Array.from(ofJobs.slice(0, draw.jobs));
        expect(capacityBound(instance, capacityPrice)).toBeLessThanOrEqual(least);
        expect(jobBound(instance, jobPrice, capacityPrice)).toBeLessThanOrEqual(least);
      }),
    );
  });

  it('do not exceed it at the prices found either, and those of jobs are no worse', () => {
    fc.assert(
      fc.property(small, (draw) => {
        const instance = generateGap(draw);
        const least = leastCost(instance);
        fc.pre(least < Number.POSITIVE_INFINITY);
        const rows = jobRowsOf(instance);
        const first = boundByCapacities(instance, rows, never);
        const second = boundByJobs(instance, rows, first, least, never);
        expect(second.bound).toBeGreaterThanOrEqual(first.bound);
        expect(second.bound).toBeLessThanOrEqual(least);
      }),
    );
  });

  it('enclose the least cost together with the answer, and what is said of it is true', () => {
    fc.assert(
      fc.property(small, (draw) => {
        const instance = generateGap(draw);
        const least = leastCost(instance);
        const { status, cost, lowerBound } = solveGap(instance, { seed: 1, iterations: 2_000 });
        expect(lowerBound).toBeLessThanOrEqual(least);
        expect(cost).toBeGreaterThanOrEqual(least);
        if (status === 'optimal') expect(cost).toBe(least);
        if (status === 'infeasible') expect(least).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });
});

describe('an answer that only repairs found', () => {
  it.each([1, 2])('is no reason to stop looking at more agents (seed %i)', (seed) => {
    const instance = generateGap({ type: 'c', agents: 20, jobs: 100, seed });
    const { cost, lowerBound } = solveGap(instance, { seed: 1, iterations: 50_000 });
    expect(cost / lowerBound).toBeLessThan(1.015);
  });
});

describe('the knapsack of one agent', () => {
  it('is as good as a table over all jobs and all room, value after value', () => {
    const draw = fc.record({ jobs: fc.integer({ min: 1, max: 40 }), seed: fc.nat(1_000_000) });
    const values = fc.array(fc.integer({ min: -20_000, max: 100_000 }), {
      minLength: 80,
      maxLength: 80,
    });
    fc.assert(
      fc.property(draw, values, fc.double({ min: 0, max: 50, noNaN: true }), (drawn, cells, at) => {
        const instance = generateGap({ type: 'd', agents: 2, ...drawn });
        const knapsack = new AgentKnapsack(instance, 0, at, new KnapsackTable());
        for (const from of [0, 40]) {
          const value = Float64Array.from(
            cells.slice(from, from + drawn.jobs),
            (cell) => cell / 1024,
          );
          expect(knapsack.most(value)).toBe(mostByTable(instance, value));
          expect(gainOf(instance, value, knapsack.taken)).toBe(mostByTable(instance, value));
        }
      }),
    );
  });
});

function mostByTable({ jobs, weight, capacity }: GapInstance, value: Float64Array): number {
  const sum = new Float64Array(capacity[0]! + 1);
  for (let i = 0; i < jobs; i++) {
    for (let w = capacity[0]!; w >= weight[i]!; w--) {
      sum[w] = Math.max(sum[w]!, sum[w - weight[i]!]! + value[i]!);
    }
  }
  return sum[capacity[0]!]!;
}

/** Minus one when the jobs do not fit. */
function gainOf(instance: GapInstance, value: Float64Array, taken: Uint8Array): number {
  let gain = 0;
  let load = 0;
  for (let i = 0; i < instance.jobs; i++) {
    if (taken[i] !== 1) continue;
    gain += value[i]!;
    load += instance.weight[i]!;
  }
  return load <= instance.capacity[0]! ? gain : -1;
}
