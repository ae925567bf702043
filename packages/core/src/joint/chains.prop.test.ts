import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from './budget.ts';
import { bundlesOf } from './bundles-of.ts';
import { Chains } from './chains.ts';
import { checkAnswer } from './checker.ts';
import { generateLiteral, generatePractical } from './generate.ts';
import { columnsOf, type JointInstance } from './instance.ts';
import { levelsOf } from './levels.ts';
import { Serving } from './serve.ts';
import { JointState } from './state.ts';

const GENERATORS = { practical: generatePractical, literal: generateLiteral };

/** Each order served from what those before it left; all prices are 0. */
function greedy(instance: JointInstance): { state: JointState; chains: Chains; all: Int32Array } {
  const columns = columnsOf(instance);
  const levels = levelsOf(instance);
  const reference = new Float64Array(levels.at(-1)!);
  const random = new SeededRandom(1);
  const parts = { levels, bundles: bundlesOf(instance, levels), price: reference, random };
  const serving = new Serving(instance, parts);
  const state = new JointState(instance, columns);
  const all = Int32Array.from({ length: instance.orders }, (_, i) => i);
  const value = Float64Array.from(all, (i) => serving.alone(i, 0));
  for (const i of all) {
    serving.within(state, i, 0);
    state.place(i, serving.units);
  }
  return { state, chains: new Chains({ columns, state, serving, levels, reference, value }), all };
}

const never = (): boolean => false;

describe.each(['practical', 'literal'] as const)('chains in a %s programme', (form) => {
  const market = (seed: number): JointInstance =>
    GENERATORS[form]({ orders: 60, lessors: 240, seed });

  it('keep it sound, make it no dearer, often cheaper, and end the same way again', () => {
    let less = 0;
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (seed) => {
        const instance = market(seed);
        const { state, chains, all } = greedy(instance);
        const before = state.total;
        chains.settle(all, never);
        const { units, total: cost } = state;
        expect(checkAnswer(instance, { units, cost, lowerBound: 0 })).toBeUndefined();
        expect(cost).toBeLessThanOrEqual(before);
        if (cost < before) less += 1;
        const again = greedy(instance);
        again.chains.settle(again.all, never);
        expect(again.state.units).toEqual(units);
      }),
      { numRuns: 10 },
    );
    expect(less).toBeGreaterThan(3);
  });

  it('keep the terms of orders', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (seed) => {
        const whole = market(seed);
        const budget = whole.penalty.map((penalty) => penalty / 3);
        const lessorsMost = new Int32Array(whole.orders).fill(3);
        const instance = { ...whole, budget, lessorsMost };
        const { state, chains, all } = greedy(instance);
        chains.settle(all, never);
        const { units, total: cost } = state;
        expect(checkAnswer(instance, { units, cost, lowerBound: 0 })).toBeUndefined();
      }),
      { numRuns: 10 },
    );
  });

  it('go on where somebody was put out', () => {
    const instance = market(7);
    const { state, chains, all } = greedy(instance);
    chains.settle(all, never);
    const settled = state.total;
    for (const i of all) if (i % 5 === 0) state.place(i, undefined);
    chains.goOn(never);
    const { units, total: cost } = state;
    expect(checkAnswer(instance, { units, cost, lowerBound: 0 })).toBeUndefined();
    expect(cost).toBeLessThan(1.1 * settled);
  });
});
