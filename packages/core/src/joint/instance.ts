/** The joint programme of a batch of orders: both forms, as typed arrays in CSR order. */

/**
 * `practical` is the product's own form: an order wants `need` replicas of one vector, spread over
 * lessors, with a fixed cost per lessor used. `literal` is the patent's: a lessor taken gives (and is
 * frozen for) one whole lump `weight`, and the lumps taken must cover `need`.
 *
 * Minimise the sum over pairs of `unitCost * units + fixedCost * [units > 0]` plus, per order,
 * `penalty * missing / need` (practical) or `penalty` when not covered (literal), such that
 * - practical: an order gets 0 or `least..need` units, from at most `lessorsMost` lessors, paying at
 *   most `budget` (without the penalty); literal: 0 units, or lumps of at least `need` together;
 * - a pair gives at most `most` units (literal: 1);
 * - no lessor gives more than its `capacity` in any dimension.
 *
 * All numbers are integers below 2^53; `budget` may be Infinity. Memory: 32 bytes per pair, 12 + 8
 * per dimension for each lessor, 36 + 8 per dimension for each order.
 *
 * @patent [0053]-[0056]
 */
export interface JointInstance {
  readonly form: JointForm;
  readonly orders: number;
  readonly lessors: number;
  /** Resource dimensions; 1 in the literal form. */
  readonly dimensions: number;
  /** `orders + 1` offsets: the pairs of order i are `first[i] .. first[i + 1] - 1`. */
  readonly first: Int32Array;
  /** The lessor of each pair. */
  readonly lessor: Int32Array;
  /** Per order: replicas (practical) or amount (literal) wanted, at least 1. */
  readonly need: Int32Array;
  /** Per order: the fewest replicas worth having, 1..need; equal to `need` when atomic. */
  readonly least: Int32Array;
  /** Per order: cost of leaving all of it unfilled; a multiple of `need` when it is not atomic. */
  readonly penalty: Float64Array;
  readonly budget: Float64Array;
  readonly lessorsMost: Int32Array;
  /** Practical: `orders * dimensions`, what one replica takes. Literal: empty. */
  readonly request: Float64Array;
  /** `lessors * dimensions`. */
  readonly capacity: Float64Array;
  /** Literal: the lump of each pair. Practical: empty. */
  readonly weight: Int32Array;
  readonly unitCost: Float64Array;
  readonly fixedCost: Float64Array;
  /** Per pair: the most units the lessor could give this order if it were alone. */
  readonly most: Int32Array;
}

export type JointForm = 'practical' | 'literal';

/** Columns: the pairs of each lessor, and the order of each pair. */
export interface Columns {
  /** `lessors + 1` offsets into `pair`. */
  readonly start: Int32Array;
  /** Pairs sorted by lessor, then by order. */
  readonly pair: Int32Array;
  /** The order of each pair. */
  readonly order: Int32Array;
}

export function columnsOf(instance: JointInstance): Columns {
  const { orders, lessors, first, lessor } = instance;
  const start = new Int32Array(lessors + 1);
  for (let e = 0; e < lessor.length; e++) start[lessor[e]! + 1]!++;
  for (let j = 0; j < lessors; j++) start[j + 1]! += start[j]!;
  const next = start.slice(0, lessors);
  const pair = new Int32Array(lessor.length);
  const order = new Int32Array(lessor.length);
  for (let i = 0; i < orders; i++) {
    for (let e = first[i]!; e < first[i + 1]!; e++) {
      order[e] = i;
      pair[next[lessor[e]!]!++] = e;
    }
  }
  return { start, pair, order };
}
