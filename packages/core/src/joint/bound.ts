/** Recomputes the lower bound that a certificate of prices proves, in one pass. */
import { bundlesOf } from './bundles-of.ts';
import { type Columns, columnsOf, type JointInstance } from './instance.ts';
import { LessorSide } from './lessor-side.ts';

/**
 * Any non-negative prices prove a bound. With price p(e) per unit of pair e, no answer costs less
 * than
 *
 *   sum over orders of the least cost of serving it alone when each unit of e costs p(e) more
 *   minus sum over lessors of the most that sum p(e) units(e) can be within its capacity,
 *
 * since in any answer the surcharges that orders pay equal what lessors earn. Both sides are small
 * exact programmes: the order's is a bounded knapsack with fixed costs (or a covering knapsack, in
 * the literal form) that ignores budget and number of lessors; the lessor's is a knapsack over its
 * own pairs. Where that knapsack is too large, `lessorPrices` bound it from above:
 * `sum_d price(d) capacity(d) + sum_e most(e) max(0, p(e) - sum_d price(d) use(e, d))`.
 */
export interface JointCertificate {
  /** Per pair, cost per unit. */
  readonly pairPrices: Float64Array;
  /** Per lessor and dimension, cost per unit of capacity: also the market's shadow prices. */
  readonly lessorPrices: Float64Array;
}

export interface JointBound {
  /** Rounded up, as all costs are integers. */
  readonly lowerBound: number;
  /** Per order: its least cost at the prices; per lessor: the most it could earn. */
  readonly orderValue: Float64Array;
  readonly lessorValue: Float64Array;
}

export function jointBound(
  instance: JointInstance,
  certificate: JointCertificate,
  columns: Columns = columnsOf(instance),
): JointBound {
  const { pairPrices, lessorPrices } = roundCertificate(instance, certificate);
  const bundles = bundlesOf(instance);
  const side = new LessorSide(instance, columns);
  const orderValue = new Float64Array(instance.orders);
  const lessorValue = new Float64Array(instance.lessors);
  const terms = { surcharge: pairPrices, share: 1, perLessor: 0 };
  let bound = 0;
  for (let i = 0; i < instance.orders; i++) {
    orderValue[i] = bundles.cheapest(i, terms);
    bound += orderValue[i]!;
  }
  const quantum = quantumOf(instance, pairPrices);
  for (let j = 0; j < instance.lessors; j++) {
    let value = side.most(j, pairPrices, lessorPrices);
    if (!side.isExact) value = (Math.ceil((value * (1 + 1e-12)) / quantum) + 1) * quantum;
    lessorValue[j] = value;
    bound -= value;
  }
  return { lowerBound: Math.ceil(bound), orderValue, lessorValue };
}

/** Rounds pair prices to a power of two so small that all sums stay exact; negative ones to 0. */
export function roundCertificate(
  instance: JointInstance,
  { pairPrices, lessorPrices }: JointCertificate,
): JointCertificate {
  const positive = pairPrices.map((price) => (price > 0 ? price : 0));
  const quantum = quantumOf(instance, positive);
  return {
    pairPrices: positive.map((price) => Math.round(price / quantum) * quantum),
    lessorPrices: lessorPrices.map((price) => (price > 0 ? price : 0)),
  };
}

function quantumOf({ penalty, most }: JointInstance, pairPrices: Float64Array): number {
  let size = 1;
  for (const one of penalty) size += one;
  for (let e = 0; e < most.length; e++) size += pairPrices[e]! * most[e]!;
  const spare = 51 - Math.ceil(Math.log2(size));
  return 2 ** -Math.max(0, Math.min(20, spare));
}
