/** How far single orders of an answer lie above their best at prices. */
import type { JointState } from './state.ts';

export interface Priced {
  /** Per order: the least it can cost at the prices. */
  readonly value: Float64Array;
  readonly levels: Int32Array;
  /** Per level: the prices that `value` is of. */
  readonly reference: Float64Array;
}

/** What the order costs, and the prices of what it has, above its best. */
export function regretOf(
  { instance, units, cost }: JointState,
  { value, levels, reference }: Priced,
  order: number,
): number {
  const { first } = instance;
  let priced = cost[order]!;
  for (let e = first[order]!; e < first[order + 1]!; e++) {
    if (units[e]! > 0) priced += paidFor(units[e]!, reference, levels, e);
  }
  return priced - value[order]!;
}

/** What so many units of a pair cost at prices per level. */
function paidFor(units: number, price: Float64Array, levels: Int32Array, pair: number): number {
  const from = levels[pair]!;
  if (levels[pair + 1]! - from === 1) return units * price[from]!;
  let sum = 0;
  for (let k = from; k < from + units; k++) sum += price[k]!;
  return sum;
}
