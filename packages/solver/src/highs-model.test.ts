import { createRequire } from 'node:module';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import { solveJoint } from '@sparegrid/core/joint/solve';
import type { Highs } from 'highs';
import { beforeAll, describe, expect, it } from 'vitest';
import { leastCost, tinyInstance } from '../test/instances.ts';
import { costOf } from './cost.ts';
import { highsModel } from './highs-model.ts';
import { safeBound } from './safe-bound.ts';

let highs: Highs;
beforeAll(async () => {
  const { default: load } = createRequire(import.meta.url)('highs') as typeof import('highs');
  highs = await load();
});

describe.each(['practical', 'literal'] as const)('the model of a %s programme', (form) => {
  it('has the optimum of brute force, and its values are units that hold', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const instance = tinyInstance(form, seed);
      const { data, unitsOf } = highsModel(instance);
      const model = highs.createModel(data);
      model.options.set({ output_flag: false, mip_rel_gap: 0 });
      model.run();
      const units = unitsOf(model.getSolution().colValue);
      const bound = safeBound(model.info.get('mip_dual_bound') as number);
      model.dispose();
      const cost = costOf(instance, units);
      expect(checkAnswer(instance, { units, cost, lowerBound: bound })).toBeUndefined();
      expect([seed, cost, bound]).toEqual([seed, leastCost(instance), cost]);
    }
  });

  it('takes an answer of the search as its start, at the same cost', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const instance = tinyInstance(form, seed);
      const { units, cost } = solveJoint(instance, { seed, iterations: 50 });
      const { data, valuesOf, unitsOf } = highsModel(instance);
      const values = valuesOf(units);
      expect(unitsOf(values)).toEqual(units);
      const sum = values.reduce(
        (total, value, k) => total + value * (data.colCost[k] as number),
        0,
      );
      expect(sum).toBeCloseTo(cost, 6);
    }
  });
});

describe('a bound of HiGHS', () => {
  it('is rounded up to whole costs, but never over its noise', () => {
    expect(safeBound(999.6)).toBe(1_000);
    expect(safeBound(1_000.000001)).toBe(1_000);
    expect(safeBound(1e12 + 0.5)).toBeLessThan(1e12 - 999);
    expect(safeBound(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  });
});
