/** Why an order stayed unfilled, as refusal codes. */
import type { JointInstance } from './instance.ts';
import type { JointState } from './state.ts';

export type UnfilledCode =
  /** No pair at all. */
  | 'MATCH_NO_OFFER'
  /** All pairs together, without competition, hold too little. */
  | 'MATCH_COUNT'
  /** Too few lessors are allowed for what they hold. */
  | 'MATCH_LESSORS'
  | 'MATCH_BUDGET'
  /** Serving it would cost more than leaving it. */
  | 'MATCH_PRICE'
  /** Others are worth more to the market, or were served first. */
  | 'MATCH_CONTESTED';

export interface Unfilled {
  readonly order: number;
  readonly code: UnfilledCode;
}

/** `alone(order)`: the least cost with no one else there, budget and lessor limit ignored. */
export function reasonOf(
  instance: JointInstance,
  order: number,
  alone: (order: number) => number,
): UnfilledCode {
  const { first, most, weight, form, least, need, lessorsMost, budget, penalty } = instance;
  const from = first[order]!;
  const end = first[order + 1]!;
  if (from === end) return 'MATCH_NO_OFFER';
  const held: number[] = [];
  for (let e = from; e < end; e++) held.push(form === 'literal' ? weight[e]! : most[e]!);
  held.sort((a, b) => b - a);
  const enough = form === 'literal' ? need[order]! : least[order]!;
  if (held.reduce((sum, one) => sum + one, 0) < enough) return 'MATCH_COUNT';
  const allowed = held.slice(0, lessorsMost[order]!);
  if (allowed.reduce((sum, one) => sum + one, 0) < enough) return 'MATCH_LESSORS';
  const cost = alone(order);
  if (cost >= penalty[order]!) return 'MATCH_PRICE';
  if (cost > budget[order]!) return 'MATCH_BUDGET';
  return 'MATCH_CONTESTED';
}

/** Orders without a single unit. */
export function unfilledOf({ instance, units }: Pick<JointState, 'instance' | 'units'>): number[] {
  const { orders, first } = instance;
  const unfilled: number[] = [];
  for (let i = 0; i < orders; i++) {
    let isServed = false;
    for (let e = first[i]!; e < first[i + 1]! && !isServed; e++) isServed = units[e]! > 0;
    if (!isServed) unfilled.push(i);
  }
  return unfilled;
}
