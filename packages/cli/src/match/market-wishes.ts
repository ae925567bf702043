/** What the orders of a market wish for: the lots within their limit prices, by their priorities. */
import { preferencesOf } from '@sparegrid/core/rounds/wishes';
import { limitCost, type Market, type Suitable, withinLimit } from './market.ts';

/** Lots within the limit price, most wanted first; `cost` is money, `wish` what is minimised. */
export interface Wishes {
  lot: Int32Array;
  cost: Float64Array;
  /** At most the limit price: leaving the order out never is the better wish. */
  wish: Float64Array;
  units: Int32Array;
}

/**
 * Price first: the cost is the wish. Else preferences as in the hub's rounds (a step down in score
 * outweighs any price), scaled down to the limit price, so that an order weighs as much among the
 * others as one that puts the price first.
 */
export function wishesOf({ orders }: Market, suitable: readonly Suitable[]): Wishes[] {
  return orders.map(({ order }, i) => {
    const own = suitable[i] as Suitable;
    const limit = limitCost(order);
    const end = withinLimit(own, limit);
    const lot = own.lot.subarray(0, end);
    const cost = own.cost.subarray(0, end);
    const units = own.units.subarray(0, end);
    if (order.priority.kind === 'price' || end === 0) return { lot, cost, wish: cost, units };
    const preference = preferencesOf(order.priority, cost, own.score.subarray(0, end), limit);
    const worst = preference.reduce((most, one) => Math.max(most, one), 0);
    const share = Math.max(1, Math.ceil(worst / Math.max(1, limit)));
    const sorted = Array.from(preference.keys()).sort(
      (a, b) => (preference[a] as number) - (preference[b] as number) || a - b,
    );
    return {
      lot: Int32Array.from(sorted, (k) => lot[k] as number),
      cost: Float64Array.from(sorted, (k) => cost[k] as number),
      wish: Float64Array.from(sorted, (k) => Math.floor((preference[k] as number) / share)),
      units: Int32Array.from(sorted, (k) => units[k] as number),
    };
  });
}
