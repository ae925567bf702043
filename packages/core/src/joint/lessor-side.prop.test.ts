import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, type JointInstance } from './instance.ts';
import { LessorSide } from './lessor-side.ts';
import { LessorTables } from './lessor-tables.ts';
import { levelsOf } from './levels.ts';

const PAIRS = 7;
const UNITS = 3;

interface Knapsack {
  capacity: number[];
  request: number[][];
  /** Per pair, the price of its first, second and third unit. */
  price: number[][];
}

/** One lessor, wanted by seven orders. */
const knapsack: fc.Arbitrary<Knapsack> = fc.record({
  capacity: fc.array(fc.integer({ min: 4, max: 200 }), { minLength: 2, maxLength: 2 }),
  request: fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 2 }), {
    minLength: PAIRS,
    maxLength: PAIRS,
  }),
  price: fc.array(
    fc.array(fc.integer({ min: 0, max: 40 }), { minLength: UNITS, maxLength: UNITS }),
    { minLength: PAIRS, maxLength: PAIRS },
  ),
});

function instanceOf({ capacity, request }: Knapsack): JointInstance {
  const most = request.map((row) =>
    row.reduce(
      (least, each, d) => (each > 0 ? Math.min(least, Math.floor(capacity[d]! / each)) : least),
      UNITS,
    ),
  );
  return {
    form: 'practical',
    orders: PAIRS,
    lessors: 1,
    dimensions: 2,
    first: Int32Array.from({ length: PAIRS + 1 }, (_, i) => i),
    lessor: new Int32Array(PAIRS),
    need: new Int32Array(PAIRS).fill(UNITS),
    least: new Int32Array(PAIRS).fill(1),
    penalty: new Float64Array(PAIRS).fill(1000),
    budget: new Float64Array(PAIRS).fill(Number.POSITIVE_INFINITY),
    lessorsMost: new Int32Array(PAIRS).fill(1),
    request: Float64Array.from(request.flat()),
    capacity: Float64Array.from(capacity),
    weight: new Int32Array(0),
    unitCost: new Float64Array(PAIRS),
    fixedCost: new Float64Array(PAIRS),
    most: Int32Array.from(most),
  };
}

function bestOf({ capacity, request, price }: Knapsack, most: Int32Array): number {
  const descend = (pair: number, left: number[]): number => {
    if (pair === PAIRS) return 0;
    let best = 0;
    let value = 0;
    for (let z = 0; z <= most[pair]!; z++) {
      if (z > 0) value += price[pair]![z - 1]!;
      const rest = left.map((room, d) => room - z * request[pair]![d]!);
      if (rest.some((room) => room < 0)) break;
      best = Math.max(best, value + descend(pair + 1, rest));
    }
    return best;
  };
  return descend(0, capacity);
}

describe('what a lessor could earn', () => {
  it('is the most of all its choices, from any choice before and any prices of capacity', () => {
    fc.assert(
      fc.property(
        knapsack,
        fc.array(fc.nat({ max: 5 }), { minLength: 2, maxLength: 2 }),
        (one, capacityPrice) => {
          const instance = instanceOf(one);
          const levels = levelsOf(instance);
          const price = Float64Array.from(
            one.price.flatMap((row, e) => row.slice(0, instance.most[e]!)),
          );
          const best = bestOf(one, instance.most);
          const side = new LessorSide(instance, columnsOf(instance), levels, {
            room: instance.capacity,
            limit: instance.most,
            capacityPrice: Float64Array.from(capacityPrice),
            nodesMost: 100_000,
          });
          for (let call = 0; call < 2; call++) {
            expect(side.most(0, price, 0.5, true)).toBe(best);
            expect(side.isExact).toBe(true);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is bounded from above when its tree may not be searched', () => {
    fc.assert(
      fc.property(
        knapsack,
        fc.array(fc.nat({ max: 5 }), { minLength: 2, maxLength: 2 }),
        (one, capacityPrice) => {
          const instance = instanceOf(one);
          const price = Float64Array.from(
            one.price.flatMap((row, e) => row.slice(0, instance.most[e]!)),
          );
          const side = new LessorSide(instance, columnsOf(instance), levelsOf(instance), {
            room: instance.capacity,
            limit: instance.most,
            capacityPrice: Float64Array.from(capacityPrice),
            nodesMost: 1,
          });
          expect(side.most(0, price, 0.5, false)).toBeGreaterThanOrEqual(
            bestOf(one, instance.most),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is never above what its tables say', () => {
    fc.assert(
      fc.property(knapsack, (one) => {
        const { most } = instanceOf(one);
        const at = new Int32Array(PAIRS + 1);
        const values: number[] = [];
        for (let e = 0; e < PAIRS; e++) {
          at[e] = values.length;
          let sum = 0;
          values.push(0);
          for (let z = 0; z < most[e]!; z++) {
            sum += one.price[e]![z]!;
            values.push(sum);
          }
        }
        at[PAIRS] = values.length;
        const tables = new LessorTables(2);
        const use = Float64Array.from(one.request.flat());
        tables.build(
          { size: PAIRS, dimensions: 2, room: one.capacity, use },
          { at, values: Float64Array.from(values) },
        );
        expect(tables.most(0)).toBeGreaterThanOrEqual(bestOf(one, most));
      }),
      { numRuns: 100 },
    );
  });
});
