/** Prices of the lessors' capacities: relaxes the capacities, one price per lessor and dimension. */
import type { Bundles, BundleTerms } from './bundle.ts';
import type { JointInstance } from './instance.ts';
import { Level } from './level.ts';

export interface LessorPrices {
  /** Per lessor and dimension, cost per unit of capacity. */
  readonly price: Float64Array;
  /** The bound reached, uncertified: the certificate is recomputed by `bound.ts`. */
  readonly bound: number;
}

/** Prices per level from prices of capacity: what a unit takes of each dimension. */
export function pairPricesOf(
  instance: JointInstance,
  levels: Int32Array,
  price: Float64Array,
  into = new Float64Array(levels[levels.length - 1]!),
): Float64Array {
  const { orders, dimensions, first, lessor, request, weight, form } = instance;
  for (let i = 0; i < orders; i++) {
    for (let e = first[i]!; e < first[i + 1]!; e++) {
      const at = lessor[e]! * dimensions;
      let sum = 0;
      if (form === 'literal') sum = weight[e]! * price[at]!;
      else {
        for (let d = 0; d < dimensions; d++) sum += request[i * dimensions + d]! * price[at + d]!;
      }
      for (let k = levels[e]!; k < levels[e + 1]!; k++) into[k] = sum;
    }
  }
  return into;
}

export function lessorPrices(
  instance: JointInstance,
  levels: Int32Array,
  bundles: Bundles,
  options: { rounds: number; start?: Float64Array; timeIsUp: () => boolean },
): LessorPrices {
  const { capacity } = instance;
  const price = options.start?.slice() ?? new Float64Array(capacity.length);
  const best = price.slice();
  const load = new Float64Array(capacity.length);
  const direction = new Float64Array(capacity.length);
  const surcharge = new Float64Array(levels[levels.length - 1]!);
  const terms: BundleTerms = { surcharge, share: 1, perLessor: 0 };
  let level: Level | undefined;
  for (let round = 0; round < options.rounds && !options.timeIsUp(); round++) {
    pairPricesOf(instance, levels, price, surcharge);
    let bound = loadsOf(instance, bundles, terms, load);
    for (let jd = 0; jd < price.length; jd++) bound -= price[jd]! * capacity[jd]!;
    level ??= new Level((options.start ? 0.01 : 0.1) * Math.abs(bound) + 1);
    if (level.take(bound, round / options.rounds)) best.set(price);
    step(price, direction, load, capacity, level.distance(bound));
  }
  return { price: best, bound: level?.best ?? Number.NEGATIVE_INFINITY };
}

/** Every order's best bundle at the given terms: their value together, and what they load. */
function loadsOf(
  { orders, dimensions, first, lessor, request, weight, form }: JointInstance,
  bundles: Bundles,
  terms: BundleTerms,
  load: Float64Array,
): number {
  load.fill(0);
  let value = 0;
  for (let i = 0; i < orders; i++) {
    value += bundles.cheapest(i, terms);
    const from = first[i]!;
    for (let e = from; e < first[i + 1]!; e++) {
      const units = bundles.units[e - from]!;
      if (units === 0) continue;
      const at = lessor[e]! * dimensions;
      if (form === 'literal') load[at]! += weight[e]!;
      else {
        for (let d = 0; d < dimensions; d++) load[at + d]! += units * request[i * dimensions + d]!;
      }
    }
  }
  return value;
}

/** Steps in units of each row's own capacity, since dimensions differ by orders of magnitude. */
function step(
  price: Float64Array,
  direction: Float64Array,
  load: Float64Array,
  capacity: Float64Array,
  distance: number,
): void {
  let norm = 0;
  for (let jd = 0; jd < price.length; jd++) {
    const size = capacity[jd]!;
    const excess = size > 0 ? load[jd]! / size - 1 : 0;
    if (excess < 0 && price[jd] === 0) {
      direction[jd] = 0;
      continue;
    }
    direction[jd] = 0.4 * excess + 0.6 * direction[jd]!;
    norm += excess * excess;
  }
  if (norm === 0) return;
  const length = distance / norm;
  for (let jd = 0; jd < price.length; jd++) {
    if (direction[jd] === 0) continue;
    price[jd] = Math.max(0, price[jd]! + (length * direction[jd]!) / capacity[jd]!);
  }
}
