/** The exact solver against a dynamic programme over every amount of every lessor. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sinkFlaw } from './check-sink.ts';
import type { SinkInstance } from './sink-instance.ts';
import { solveSink } from './solve-sink.ts';

const RUNS = 4_000;

/** Cost of the best answer, infinite when there is none. */
function bestCost({ demand, capacity, unitCost, fixedCost }: SinkInstance): number {
  let best = new Float64Array(demand + 1).fill(Number.POSITIVE_INFINITY);
  best[0] = 0;
  for (const [lessor, has] of capacity.entries()) {
    const next = best.slice();
    const unit = unitCost[lessor] as number;
    const fixed = fixedCost[lessor] as number;
    for (let given = 0; given < demand; given += 1) {
      for (let amount = 1; amount <= has && given + amount <= demand; amount += 1) {
        const cost = (best[given] as number) + unit * amount + fixed;
        next[given + amount] = Math.min(cost, next[given + amount] as number);
      }
    }
    best = next;
  }
  return best[demand] as number;
}

/** Lessors whose whole capacities cost about the same per unit, or anything at all. */
const lessor = (rate: number, scale: number) =>
  fc
    .record({
      has: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 30 })),
      unit: fc.oneof(fc.constant(0), fc.nat({ max: 10 }), fc.nat({ max: 40 })),
      free: fc.oneof(fc.constant(0), fc.nat({ max: 300 })),
      noise: fc.integer({ min: -2, max: 2 }),
      alike: fc.boolean(),
    })
    .map(({ has, unit, free, noise, alike }) => {
      const fixed = alike ? Math.max(0, (rate - unit) * has + noise) : free;
      return { has, unit: unit * scale, fixed: fixed * scale };
    });

const instance = fc
  .record({ rate: fc.integer({ min: 1, max: 20 }), scale: fc.constantFrom(1, 1, 0.25, 0.37) })
  .chain(({ rate, scale }) => fc.array(lessor(rate, scale), { maxLength: 12 }))
  .chain((lessors) => {
    const sum = lessors.reduce((total, { has }) => total + has, 0);
    const demand = fc.oneof(
      fc.nat({ max: sum }),
      fc.constant(0),
      fc.constant(sum),
      fc.constant(sum + 1),
    );
    return demand.map((wanted) => ({
      demand: wanted,
      capacity: Float64Array.from(lessors, ({ has }) => has),
      unitCost: Float64Array.from(lessors, ({ unit }) => unit),
      fixedCost: Float64Array.from(lessors, ({ fixed }) => fixed),
    }));
  });

describe('one order over lessors with fixed charges', () => {
  it('gets the cheapest answer there is, and proves it', () => {
    fc.assert(
      fc.property(instance, (drawn) => {
        const answer = solveSink(drawn);
        const best = bestCost(drawn);
        if (best === Number.POSITIVE_INFINITY) {
          expect(answer.status).toBe('infeasible');
          return;
        }
        expect(sinkFlaw(drawn, answer.amounts, answer.cost)).toBeNull();
        expect(answer.status).toBe('optimal');
        expect(Math.abs(answer.cost - best)).toBeLessThanOrEqual(1e-9 * Math.max(1, best));
        expect(answer.lowerBound).toBe(answer.cost);
      }),
      { numRuns: RUNS, seed: 20_240_601 },
    );
  });

  it('gives a valid answer and a valid bound whenever it is stopped', () => {
    fc.assert(
      fc.property(instance, fc.nat({ max: 12 }), (drawn, statesMax) => {
        const answer = solveSink(drawn, { statesMax });
        if (answer.status === 'infeasible') return;
        expect(sinkFlaw(drawn, answer.amounts, answer.cost)).toBeNull();
        const best = bestCost(drawn);
        const rounding = 1e-9 * Math.max(1, best);
        expect(answer.cost).toBeGreaterThanOrEqual(best - rounding);
        expect(answer.lowerBound).toBeLessThanOrEqual(best + rounding);
      }),
      { numRuns: RUNS, seed: 20_240_602 },
    );
  });
});
