/** Recomputes the lower bound that a certificate of prices proves, in one pass. */
import { bundlesOf } from './bundles-of.ts';
import { type Columns, columnsOf, type JointInstance } from './instance.ts';
import { LessorSide } from './lessor-side.ts';
import { levelsOf } from './levels.ts';

/** Size of the search tree of one lessor, after which its capacity prices bound it. */
const NODES_MOST = 4000;

/**
 * Any non-negative prices prove a bound. With price p(e, k) for the k-th unit of pair e, no answer
 * costs less than
 *
 *   sum over orders of the least cost of serving it alone when units of e cost p(e, k) more
 *   minus sum over lessors of the most that the p(e, k) can add up to within its capacity,
 *
 * since in any answer the surcharges that orders pay equal what lessors earn. Both sides are small
 * exact programmes: the order's is a bounded knapsack with fixed costs (or a covering knapsack, in
 * the literal form) that ignores budget and number of lessors; the lessor's is a knapsack over its
 * own pairs. Where that knapsack is too large, `lessorPrices` bound it from above:
 * `sum_d price(d) capacity(d) + sum_e max_z sum_(k <= z) (p(e, k) - sum_d price(d) use(e, d))`.
 */
export interface JointCertificate {
  /** Per level (see `levels.ts`), cost of that unit. */
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

/** @throws RangeError when the certificate is not for this instance */
export function jointBound(
  instance: JointInstance,
  certificate: JointCertificate,
  columns: Columns = columnsOf(instance),
): JointBound {
  const levels = levelsOf(instance);
  const expected = [levels[levels.length - 1], instance.capacity.length];
  const got = [certificate.pairPrices.length, certificate.lessorPrices.length];
  if (expected[0] !== got[0] || expected[1] !== got[1]) {
    throw new RangeError(`prices of ${got.join(' and ')}, not ${expected.join(' and ')}`);
  }
  const { pairPrices, lessorPrices } = roundCertificate(instance, certificate);
  const bundles = bundlesOf(instance, levels);
  const side = new LessorSide(instance, columns, levels, {
    room: instance.capacity,
    limit: instance.most,
    capacityPrice: lessorPrices,
    nodesMost: NODES_MOST,
  });
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
    let value = side.most(j, pairPrices, quantum, false);
    if (!side.isExact) value = (Math.ceil(value / quantum) + 1) * quantum;
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

function quantumOf(instance: JointInstance, pairPrices: Float64Array): number {
  const { penalty, most } = instance;
  const levels = levelsOf(instance);
  let size = 1;
  for (const one of penalty) size += one;
  for (let e = 0; e < most.length; e++) {
    const [from, to] = [levels[e]!, levels[e + 1]!];
    const each = to - from === 1 ? most[e]! : 1;
    for (let k = from; k < to; k++) size += pairPrices[k]! * each;
  }
  const spare = 51 - Math.ceil(Math.log2(size));
  return 2 ** -Math.max(0, Math.min(20, spare));
}
