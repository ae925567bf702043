/** Placing one order against a trial of every way to place it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OrderToPlace, type PlacedOrder, placeOrder, unitsOf } from './place-order.ts';

const RUNS = 3_000;

const order: fc.Arbitrary<OrderToPlace> = fc
  .record({
    lots: fc.array(
      fc.record({
        lessor: fc.nat({ max: 3 }),
        units: fc.nat({ max: 3 }),
        cost: fc.nat({ max: 9 }),
      }),
      { maxLength: 6 },
    ),
    fixed: fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 20 })), { minLength: 4, maxLength: 4 }),
    need: fc.integer({ min: 1, max: 7 }),
    short: fc.nat({ max: 6 }),
    lessorsMost: fc.integer({ min: 1, max: 4 }),
    budget: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat({ max: 60 })),
    value: fc.option(fc.nat({ max: 20 })),
  })
  .map(({ lots, fixed, need, short, lessorsMost, budget, value }) => ({
    need,
    least: Math.max(1, need - short),
    lessorsMost,
    budget,
    objective: value === null ? { kind: 'fill-first' } : { kind: 'welfare', replicaValue: value },
    lots: {
      lessor: Int32Array.from(lots, ({ lessor }) => lessor),
      units: Int32Array.from(lots, ({ units }) => units),
      unitCost: Float64Array.from(lots, ({ cost }) => cost),
    },
    fixedCost: Float64Array.from(fixed),
  }));

interface Way {
  replicas: number;
  cost: number;
}

/** Cost of units per lot, or null when a rule of the order is broken. */
function wayOf(tried: OrderToPlace, units: ArrayLike<number>): Way | null {
  const lessors = new Set<number>();
  let replicas = 0;
  let cost = 0;
  for (let at = 0; at < units.length; at += 1) {
    const taken = units[at] as number;
    if (taken > (tried.lots.units[at] as number)) return null;
    if (taken === 0) continue;
    lessors.add(tried.lots.lessor[at] as number);
    replicas += taken;
    cost += taken * (tried.lots.unitCost[at] as number);
  }
  for (const lessor of lessors) cost += tried.fixedCost[lessor] as number;
  if (replicas === 0) return { replicas, cost };
  const fits = replicas >= tried.least && replicas <= tried.need && cost <= tried.budget;
  return fits && lessors.size <= tried.lessorsMost ? { replicas, cost } : null;
}

/** Smaller is better. */
function keyOf({ objective, need }: OrderToPlace, { replicas, cost }: Way): number {
  const left = need - replicas;
  return objective.kind === 'welfare' ? cost + left * objective.replicaValue : left * 1e6 + cost;
}

function bestKey(tried: OrderToPlace): number {
  let best = Number.POSITIVE_INFINITY;
  const units = new Array<number>(tried.lots.units.length).fill(0);
  const visit = (at: number, left: number): void => {
    if (at === units.length) {
      const way = wayOf(tried, units);
      if (way) best = Math.min(best, keyOf(tried, way));
      return;
    }
    for (let taken = 0; taken <= Math.min(left, tried.lots.units[at] as number); taken += 1) {
      units[at] = taken;
      visit(at + 1, left - taken);
    }
    units[at] = 0;
  };
  visit(0, tried.need);
  return best;
}

function expectRight(tried: OrderToPlace, placed: PlacedOrder): void {
  const way = wayOf(tried, placed.units);
  expect(way).toEqual({ replicas: placed.replicas, cost: placed.cost });
  expect(keyOf(tried, placed)).toBe(bestKey(tried));
  const none = placed.replicas === 0 && tried.objective.kind === 'fill-first';
  expect(placed.status).toBe(none ? 'infeasible' : 'optimal');
}

describe('one order over lots of many lessors', () => {
  it('is placed as well as it can be', () => {
    fc.assert(
      fc.property(order, (tried) => expectRight(tried, placeOrder(tried))),
      { numRuns: RUNS, seed: 77 },
    );
  });

  it('keeps every rule and a valid bound when its table is too small', () => {
    fc.assert(
      fc.property(order, fc.nat({ max: 40 }), (tried, cellsMax) => {
        const placed = placeOrder({ ...tried, cellsMax });
        expect(wayOf(tried, placed.units)).toEqual({
          replicas: placed.replicas,
          cost: placed.cost,
        });
        const best = bestKey(tried);
        if (placed.status !== 'feasible') {
          expect(keyOf(tried, placed)).toBe(best);
          return;
        }
        expect(keyOf(tried, placed)).toBeGreaterThanOrEqual(best);
        if (tried.objective.kind === 'welfare') expect(placed.lowerBound).toBeLessThanOrEqual(best);
        const asMany = tried.need - Math.floor(best / 1e6) === placed.replicas;
        if (tried.objective.kind === 'fill-first' && asMany) {
          expect(placed.lowerBound).toBeLessThanOrEqual(best % 1e6);
        }
      }),
      { numRuns: RUNS, seed: 78 },
    );
  });

  it('keeps every rule and a valid bound with 10,000 replicas over 3,000 lots', () => {
    const lots = 3_000;
    const drawn = (at: number, of: number) => (at * 7_919 + 13) % of;
    const tried: OrderToPlace = {
      need: 10_000,
      least: 1,
      lessorsMost: 64,
      budget: Number.POSITIVE_INFINITY,
      objective: { kind: 'fill-first' },
      lots: {
        lessor: Int32Array.from({ length: lots }, (_, at) => at % 1_000),
        units: Int32Array.from({ length: lots }, (_, at) => 1 + drawn(at, 90)),
        unitCost: Float64Array.from({ length: lots }, (_, at) => 1_000 + drawn(at, 701)),
      },
      fixedCost: Float64Array.from({ length: 1_000 }, (_, at) => drawn(at, 5_003)),
    };
    const placed = placeOrder(tried);
    const way = wayOf(tried, placed.units);
    expect(way).toEqual({ replicas: placed.replicas, cost: placed.cost });
    expect(placed.replicas).toBeGreaterThan(9_000);
    expect(placed.lowerBound).toBeLessThanOrEqual(placed.cost);
    expect(placed.lowerBound).toBeGreaterThan(0.98 * placed.cost);
  });

  it('counts by the scarcest dimension', () => {
    expect(unitsOf([10, 100], [3, 20], 9)).toBe(3);
    expect(unitsOf([10, 5], [3, 0], 2)).toBe(2);
    expect(unitsOf([1], [2], 9)).toBe(0);
  });
});
