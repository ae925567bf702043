import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from './budget.ts';
import { bundlesOf } from './bundles-of.ts';
import { checkAnswer } from './checker.ts';
import { generateLiteral, generatePractical } from './generate.ts';
import { columnsOf, type JointInstance } from './instance.ts';
import { keepBetter } from './keep-better.ts';
import { levelsOf } from './levels.ts';
import { JointState } from './state.ts';

const GENERATORS = { practical: generatePractical, literal: generateLiteral };

/** Every order takes the best of what is left, in a drawn order; then every third once more. */
function twoAnswers(instance: JointInstance, seed: number): [JointState, JointState] {
  const random = new SeededRandom(seed);
  const bundles = bundlesOf(instance, levelsOf(instance));
  const limit = new Int32Array(instance.lessor.length);
  const terms = { surcharge: new Float64Array(0), share: 0, limit, perLessor: 0 };
  const serve = (state: JointState, orders: number[]) => {
    for (const i of orders) state.place(i, undefined);
    const turns = orders.map((i) => ({ i, turn: random.share() }));
    for (const { i } of turns.sort((a, b) => a.turn - b.turn)) {
      state.limits(i, limit);
      bundles.cheapest(i, terms);
      state.place(i, bundles.units);
    }
  };
  const all = Array.from({ length: instance.orders }, (_, i) => i);
  const [one, other] = [0, 1].map(() => new JointState(instance, columnsOf(instance))) as [
    JointState,
    JointState,
  ];
  serve(one, all);
  const { first } = instance;
  for (const i of all) other.place(i, one.units.subarray(first[i]!, first[i + 1]!));
  serve(
    other,
    all.filter((i) => i % 3 === 0),
  );
  return [one, other];
}

describe.each(['practical', 'literal'] as const)('two answers of a %s programme', (form) => {
  it('become one that is sound and costs no more than either, often less than both', () => {
    let less = 0;
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (seed) => {
        const instance = GENERATORS[form]({ orders: 100, lessors: 400, seed });
        const [state, other] = twoAnswers(instance, seed);
        const cheaper = Math.min(state.total, other.total);
        keepBetter(state, columnsOf(instance), other.units);
        const { units, total: cost } = state;
        expect(checkAnswer(instance, { units, cost, lowerBound: 0 })).toBeUndefined();
        expect(cost).toBeLessThanOrEqual(cheaper);
        if (cost < cheaper) less += 1;
      }),
      { numRuns: 50 },
    );
    expect(less).toBeGreaterThan(5);
  });
});
