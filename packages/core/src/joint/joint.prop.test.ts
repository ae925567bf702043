import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jointBound } from './bound.ts';
import { checkAnswer } from './checker.ts';
import { generateLiteral, generatePractical } from './generate.ts';
import type { JointInstance } from './instance.ts';
import { levelsOf } from './levels.ts';
import { solveJoint } from './solve.ts';
import { carryOver } from './warm.ts';

/** Up to 3 orders over up to 3 lessors, small enough to list every answer. */
const tiny = (form: JointInstance['form']) =>
  fc
    .record({
      dimensions: form === 'literal' ? fc.constant(1) : fc.integer({ min: 1, max: 2 }),
      capacity: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }),
      orders: fc.array(
        fc.record({
          need: fc.integer({ min: 1, max: 3 }),
          isPartial: fc.boolean(),
          request: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 2 }),
          perUnit: fc.integer({ min: 0, max: 60 }),
          budget: fc.option(fc.integer({ min: 0, max: 80 })),
          lessorsMost: fc.integer({ min: 1, max: 3 }),
          pairs: fc.array(
            fc.record({
              isIn: fc.boolean(),
              weight: fc.integer({ min: 1, max: 4 }),
              unitCost: fc.integer({ min: 0, max: 30 }),
              fixedCost: fc.integer({ min: 0, max: 9 }),
            }),
            { minLength: 3, maxLength: 3 },
          ),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    })
    .map(({ dimensions, capacity, orders }): JointInstance => {
      const isLiteral = form === 'literal';
      const pairs = orders.flatMap((order, i) =>
        order.pairs.flatMap((pair, j) => (pair.isIn ? [{ ...pair, i, j, order }] : [])),
      );
      const first = new Int32Array(orders.length + 1);
      for (const { i } of pairs) first[i + 1]!++;
      for (let i = 0; i < orders.length; i++) first[i + 1]! += first[i]!;
      const most = pairs.map(({ order, j }) => {
        if (isLiteral) return 1;
        let units = order.need;
        for (let d = 0; d < dimensions; d++) {
          const each = order.request[d]!;
          if (each > 0) units = Math.min(units, Math.floor(capacity[j * dimensions + d]! / each));
        }
        return units;
      });
      return {
        form,
        orders: orders.length,
        lessors: 3,
        dimensions,
        first,
        lessor: Int32Array.from(pairs, ({ j }) => j),
        need: Int32Array.from(orders, ({ need }) => need),
        least: Int32Array.from(orders, ({ need, isPartial }) =>
          isPartial && !isLiteral ? 1 : need,
        ),
        penalty: Float64Array.from(orders, ({ need, perUnit }) => need * perUnit),
        budget: Float64Array.from(orders, ({ budget }) => budget ?? Number.POSITIVE_INFINITY),
        lessorsMost: Int32Array.from(orders, ({ lessorsMost }) => lessorsMost),
        request: isLiteral
          ? new Float64Array(0)
          : Float64Array.from(orders.flatMap(({ request }) => request.slice(0, dimensions))),
        capacity: Float64Array.from(capacity.slice(0, 3 * dimensions)),
        weight: Int32Array.from(isLiteral ? pairs.map(({ weight }) => weight) : []),
        unitCost: Float64Array.from(pairs, ({ unitCost }) => unitCost),
        fixedCost: Float64Array.from(pairs, ({ fixedCost }) => (isLiteral ? 0 : fixedCost)),
        most: Int32Array.from(most),
      };
    });

/** The least cost over all answers, by trying every number of units of every pair. */
function bruteForce(instance: JointInstance): number {
  const units = new Int32Array(instance.lessor.length);
  let best = Number.POSITIVE_INFINITY;
  const descend = (e: number): void => {
    if (e === units.length) {
      const fault = checkAnswer(instance, { units, cost: -1, lowerBound: 0 });
      if (fault?.kind === 'cost') best = Math.min(best, costOf(instance, units));
      return;
    }
    for (let one = 0; one <= instance.most[e]!; one++) {
      units[e] = one;
      descend(e + 1);
    }
    units[e] = 0;
  };
  descend(0);
  return best;
}

function costOf(instance: JointInstance, units: Int32Array): number {
  let cost = 0;
  for (let i = 0; i < instance.orders; i++) {
    let served = 0;
    for (let e = instance.first[i]!; e < instance.first[i + 1]!; e++) {
      if (units[e] === 0) continue;
      cost += units[e]! * instance.unitCost[e]! + instance.fixedCost[e]!;
      served += instance.form === 'literal' ? instance.need[i]! : units[e]!;
    }
    const missing = Math.max(0, instance.need[i]! - served);
    cost += (instance.penalty[i]! / instance.need[i]!) * missing;
  }
  return cost;
}

describe.each(['practical', 'literal'] as const)('a small %s programme', (form) => {
  it('is solved to the optimum of brute force, with a bound never above it', () => {
    fc.assert(
      fc.property(tiny(form), fc.nat({ max: 1000 }), (instance, seed) => {
        const optimum = bruteForce(instance);
        const result = solveJoint(instance, { seed, iterations: 600 });
        expect(checkAnswer(instance, result)).toBeUndefined();
        expect(result.lowerBound).toBeLessThanOrEqual(optimum);
        expect(result.cost).toBe(optimum);
        expect(jointBound(instance, result.certificate).lowerBound).toBe(result.lowerBound);
      }),
      { numRuns: 300 },
    );
  });

  it('has a valid bound at any prices, however wrong', () => {
    fc.assert(
      fc.property(
        tiny(form),
        fc.array(fc.double({ min: -5, max: 50, noNaN: true }), { minLength: 33, maxLength: 33 }),
        (instance, prices) => {
          const levels = levelsOf(instance).at(-1) ?? 0;
          const certificate = {
            pairPrices: Float64Array.from(prices.slice(0, levels)),
            lessorPrices: Float64Array.from(prices.slice(27, 27 + instance.capacity.length)),
          };
          const { lowerBound } = jointBound(instance, certificate);
          expect(lowerBound).toBeLessThanOrEqual(bruteForce(instance));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses a certificate of another shape', () => {
    fc.assert(
      fc.property(tiny(form), (instance) => {
        const { certificate } = solveJoint(instance, { seed: 1, iterations: 1 });
        const longer = new Float64Array(certificate.pairPrices.length + 1);
        expect(() => jointBound(instance, { ...certificate, pairPrices: longer })).toThrow(
          RangeError,
        );
      }),
      { numRuns: 10 },
    );
  });

  it('is solved again from an earlier round, never dearer than what is carried over', () => {
    fc.assert(
      fc.property(tiny(form), fc.nat({ max: 1000 }), (instance, seed) => {
        const earlier = solveJoint(instance, { seed, iterations: 1 });
        const same = Int32Array.from({ length: instance.orders }, (_, i) => i);
        const warm = carryOver(instance, earlier, instance, same);
        const result = solveJoint(instance, { seed, iterations: 100, warm });
        expect(checkAnswer(instance, result)).toBeUndefined();
        expect(result.cost).toBeLessThanOrEqual(earlier.cost);
        expect(jointBound(instance, result.certificate).lowerBound).toBe(result.lowerBound);
      }),
      { numRuns: 100 },
    );
  });

  it('is never dearer than an answer known before', () => {
    fc.assert(
      fc.property(tiny(form), fc.nat({ max: 1000 }), (instance, seed) => {
        const known = solveJoint(instance, { seed, iterations: 20 });
        const again = { seed: seed + 1, iterations: 0, start: known.units };
        const result = solveJoint(instance, again);
        expect(checkAnswer(instance, result)).toBeUndefined();
        expect(result.cost).toBeLessThanOrEqual(known.cost);
      }),
      { numRuns: 100 },
    );
  });

  it('first fills as much as possible when asked to', () => {
    fc.assert(
      fc.property(tiny(form), (instance) => {
        const result = solveJoint(instance, { seed: 1, iterations: 400, objective: 'fill-first' });
        const fault = checkAnswer(instance, { ...result, cost: costOf(instance, result.units) });
        expect(fault?.kind ?? 'bound').toBe('bound');
        const welfare = solveJoint(instance, { seed: 1, iterations: 400 });
        expect(amountOf(instance, result.units)).toBeGreaterThanOrEqual(
          amountOf(instance, welfare.units),
        );
      }),
      { numRuns: 100 },
    );
  });
});

function amountOf(instance: JointInstance, units: Int32Array): number {
  let amount = 0;
  for (let i = 0; i < instance.orders; i++) {
    let served = 0;
    for (let e = instance.first[i]!; e < instance.first[i + 1]!; e++) served += units[e]!;
    if (served === 0) continue;
    amount += instance.form === 'literal' ? instance.need[i]! : served;
  }
  return amount;
}

describe.each([
  ['practical', generatePractical],
  ['literal', generateLiteral],
] as const)('a %s market of some hundred pairs', (_form, generate) => {
  it('is solved close to its bound, the same for the same seed', () => {
    const instance = generate({ orders: 40, lessors: 160, seed: 3 });
    const result = solveJoint(instance, { seed: 1, iterations: 40_000 });
    expect(checkAnswer(instance, result)).toBeUndefined();
    expect(jointBound(instance, result.certificate).lowerBound).toBe(result.lowerBound);
    expect(result.gap).toBeLessThan(0.05);
    expect(solveJoint(instance, { seed: 1, iterations: 40_000 }).units).toEqual(result.units);
  });
});

it('finds the only lessor that can serve an order alone, though two others are cheaper', () => {
  const instance: JointInstance = {
    ...{ form: 'practical', orders: 1, lessors: 3, dimensions: 1 },
    first: Int32Array.of(0, 3),
    lessor: Int32Array.of(0, 1, 2),
    need: Int32Array.of(2),
    least: Int32Array.of(2),
    penalty: Float64Array.of(22),
    budget: Float64Array.of(Number.POSITIVE_INFINITY),
    lessorsMost: Int32Array.of(1),
    request: Float64Array.of(3),
    capacity: Float64Array.of(4, 8, 4),
    weight: new Int32Array(0),
    unitCost: Float64Array.of(0, 10, 0),
    fixedCost: new Float64Array(3),
    most: Int32Array.of(1, 2, 1),
  };
  expect(solveJoint(instance, { seed: 1, iterations: 600 }).cost).toBe(20);
});

it('a warm start without any time left makes no moves, and its answer stands', () => {
  const instance = generatePractical({ orders: 12, lessors: 120, seed: 1 });
  const earlier = solveJoint(instance, { seed: 1, timeIsUp: () => true });
  const previous = Int32Array.from({ length: instance.orders }, (_, i) => (i === 0 ? -1 : i));
  const warm = carryOver(instance, earlier, instance, previous);
  const result = solveJoint(instance, {
    ...{ seed: 1, warm },
    timeShare: () => 1,
    timeIsUp: () => true,
  });
  expect(result.iterations).toBe(0);
  expect(checkAnswer(instance, result)).toBeUndefined();
});
