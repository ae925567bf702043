/** The bound by the number of lessors, and answers that reach it, against every set of lessors. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactFill } from './exact-fill.ts';
import { lessorsOf, relax } from './relaxation.ts';
import { solveSink } from './solve-sink.ts';
import { useBounds } from './use-bound.ts';

interface Lessor {
  has: number;
  unit: number;
  fixed: number;
}

const RUNS = 1_000;

/** Whole costs that are a multiple of the capacity and a constant, or the constant alone. */
const kinds = {
  'f = b + 7': (has: number) => ({ has, unit: 0, fixed: has + 7 }),
  'f = b - 5': (has: number) => ({ has: has + 5, unit: 0, fixed: has }),
  'f = b + 100,000,000': (has: number) => ({ has, unit: 0, fixed: has + 1e8 }),
  'c = 1, f = 40': (has: number) => ({ has, unit: 1, fixed: 40 }),
  'c b + f = 3 b + 9': (has: number) => ({ has, unit: has % 4, fixed: (3 - (has % 4)) * has + 9 }),
  'c b + f = 400': (has: number) => ({ has, unit: has % 9, fixed: 400 - (has % 9) * has }),
  'f = b': (has: number) => ({ has, unit: 0, fixed: has }),
};

/** Given a set, its cheapest use: each at least nothing, dear ones give back first. */
function bestCost(lessors: readonly Lessor[], demand: number): number {
  let best = Number.POSITIVE_INFINITY;
  const byUnit = lessors.toSorted((a, b) => a.unit - b.unit);
  for (let set = 0; set < 2 ** lessors.length; set += 1) {
    let missing = demand;
    let cost = 0;
    for (const [at, { has, unit, fixed }] of byUnit.entries()) {
      if (((set >> at) & 1) === 0) continue;
      const given = Math.min(has, missing);
      cost += fixed + unit * given;
      missing -= given;
    }
    if (missing === 0 && cost < best) best = cost;
  }
  return best;
}

describe.each(Object.entries(kinds))('an order over lessors with %s', (_, lessorOf) => {
  const order = fc
    .array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 })
    .chain((all) => {
      const lessors = all.map(lessorOf);
      const sum = lessors.reduce((total, { has }) => total + has, 0);
      return fc.record({ lessors: fc.constant(lessors), demand: fc.integer({ min: 1, max: sum }) });
    });

  it('costs at least the bound, and what fills it exactly costs no less than the best', () => {
    let filled = 0;
    const check = fc.property(order, ({ lessors, demand }) => {
      const column = (of: keyof Lessor) => Float64Array.from(lessors, (lessor) => lessor[of]);
      const [capacity, unitCost, fixedCost] = [column('has'), column('unit'), column('fixed')];
      const instance = { demand, capacity, unitCost, fixedCost };
      const best = bestCost(lessors, demand);
      expect(solveSink(instance)).toMatchObject({ status: 'optimal', cost: best });
      const sorted = lessorsOf(instance);
      const bounds = useBounds(sorted, relax(sorted));
      expect(Math.min(...bounds.map(({ bound }) => bound))).toBeLessThanOrEqual(best + 1e-6);
      for (const found of bounds) {
        if (found.bound === Number.POSITIVE_INFINITY) continue;
        const full = exactFill(sorted, found, 1e-6);
        if (!full) continue;
        filled += 1;
        expect(new Set(full).size).toBe(found.used);
        const sumOf = (values: Float64Array) => full.reduce((sum, at) => sum + values[at]!, 0);
        expect(sumOf(sorted.capacity)).toBe(demand);
        expect(sumOf(sorted.fullCost)).toBeGreaterThanOrEqual(best);
      }
    });
    fc.assert(check, { numRuns: RUNS, seed: 20_240_603 });
    expect(filled).toBeGreaterThan(RUNS / 100);
  });
});
