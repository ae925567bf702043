/**
 * Prices per pair: orders and lessors each decide alone what a pair gives, and the price makes them
 * agree. Sharper than prices per lessor, since lessors fill whole units into real capacities.
 */
import type { Bundles, BundleTerms } from './bundle.ts';
import type { Columns, JointInstance } from './instance.ts';
import type { LessorSide } from './lessor-side.ts';
import { Level } from './level.ts';

export interface PairPrices {
  /** Per pair, cost per unit. */
  readonly price: Float64Array;
  readonly bound: number;
  readonly rounds: number;
}

export function improvePairPrices(
  instance: JointInstance,
  columns: Columns,
  sides: { bundles: Bundles; lessors: LessorSide },
  options: {
    start: Float64Array;
    capacityPrice: Float64Array;
    rounds: number;
    timeIsUp: () => boolean;
    lift?: number;
  },
): PairPrices {
  const { orders, lessors, first, unitCost } = instance;
  const price = options.start.slice();
  const best = price.slice();
  const wanted = new Int32Array(price.length);
  const direction = new Float64Array(price.length);
  const terms: BundleTerms = { surcharge: price, share: 1, perLessor: 0 };
  let level: Level | undefined;
  let round = 0;
  for (; round < options.rounds && !options.timeIsUp(); round++) {
    let bound = 0;
    for (let i = 0; i < orders; i++) {
      bound += sides.bundles.cheapest(i, terms);
      for (let e = first[i]!, p = 0; e < first[i + 1]!; e++, p++)
        wanted[e] = sides.bundles.units[p]!;
    }
    for (let j = 0; j < lessors; j++) {
      bound -= sides.lessors.most(j, price, options.capacityPrice);
      for (let k = columns.start[j]!, p = 0; k < columns.start[j + 1]!; k++, p++) {
        wanted[columns.pair[k]!]! -= sides.lessors.units[p]!;
      }
    }
    level ??= new Level((options.lift ?? 0.02) * Math.abs(bound) + 1);
    if (level.take(bound)) best.set(price);
    if (level.isDone) break;
    step(price, direction, wanted, unitCost, level.distance(bound));
  }
  return { price: best, bound: level?.best ?? Number.NEGATIVE_INFINITY, rounds: round };
}

/** Steps in units of each pair's own cost; `excess` is what orders want above what lessors give. */
function step(
  price: Float64Array,
  direction: Float64Array,
  excess: Int32Array,
  unitCost: Float64Array,
  distance: number,
): void {
  let norm = 0;
  for (let e = 0; e < price.length; e++) {
    const size = unitCost[e]! + 1;
    direction[e] = 0.4 * excess[e]! * size + 0.6 * direction[e]!;
    norm += (excess[e]! * size) ** 2;
  }
  if (norm === 0) return;
  const length = distance / norm;
  for (let e = 0; e < price.length; e++) {
    if (direction[e] === 0) continue;
    price[e] = Math.max(0, price[e]! + length * direction[e]! * (unitCost[e]! + 1));
  }
}
