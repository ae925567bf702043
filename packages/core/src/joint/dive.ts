/**
 * Makes an answer from prices: settles the orders whose choice has become steady, then lets the
 * prices of the room that is left find their new level, until every order is settled.
 */
import type { JointInstance } from './instance.ts';
import type { PairPrices } from './pair-prices.ts';
import type { Serving } from './serve.ts';
import type { JointState } from './state.ts';

export interface DivePace {
  /** Rounds of prices between two settlings. */
  rounds: number;
  /** Share of the open orders settled each time. */
  share: number;
}

const LIFT = 0.003;

/** Opens these orders, which must have no units, as far as the room left allows. */
export function openOrders(
  state: JointState,
  prices: PairPrices,
  limit: Int32Array,
  orders: Int32Array,
): void {
  for (const i of orders) state.limits(i, limit);
  prices.take(orders);
}

/**
 * Settles all open orders of `prices`. `pace` is asked before every settling.
 */
export function dive(
  parts: { state: JointState; prices: PairPrices; serving: Serving; limit: Int32Array },
  pace: (open: number) => DivePace,
  timeIsUp: () => boolean,
): void {
  const { state, prices, serving, limit } = parts;
  const { instance } = state;
  const doubt = new Float64Array(instance.orders);
  while (prices.open.length > 0) {
    const open = prices.open;
    for (const i of open) doubt[i] = doubtOf(instance, prices, i);
    const sorted = open.slice().sort((a, b) => doubt[a]! - doubt[b]! || a - b);
    const { rounds, share } = timeIsUp() ? { rounds: 0, share: 1 } : pace(open.length);
    const settled = Math.min(open.length, Math.max(1, Math.ceil(share * open.length)));
    for (let k = 0; k < settled; k++) {
      const i = sorted[k]!;
      serving.within(state, i, 1);
      state.place(i, serving.units);
      limit.fill(0, instance.first[i]!, instance.first[i + 1]!);
    }
    openOrders(state, prices, limit, sorted.subarray(settled).sort());
    if (prices.open.length > 0) prices.improve({ rounds, lift: LIFT, timeIsUp });
  }
}

/**
 * How undecided an order has been lately. Large orders are settled before small ones of the same
 * doubt, since small ones fit in later; orders that rather stayed out come last.
 */
function doubtOf({ penalty }: JointInstance, prices: PairPrices, order: number): number {
  const size = 1 + penalty[order]!;
  const doubt = prices.unrest[order]! / (size * Math.sqrt(size));
  return prices.served[order]! < 0.5 ? 1 + doubt : doubt;
}
