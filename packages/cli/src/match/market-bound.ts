/** What any answer for a market costs at least, from prices of its lots. */
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { Suitable } from './market.ts';

/**
 * For any prices of the lots' dimensions, not negative: every order at its cheapest suitable lot,
 * prices included, or unfilled; less the price of all that the lots have. Valid for all suitable
 * lots, whichever of them are pairs of the instance.
 *
 * @param price per lot and dimension; null: all 0.
 */
export function marketBound(
  instance: JointInstance,
  suitable: readonly Suitable[],
  price: Float64Array | null,
): number {
  const { orders, dimensions, request, capacity, need, penalty } = instance;
  let bound = 0;
  if (price) {
    for (let at = 0; at < price.length; at += 1) {
      bound -= (price[at] as number) * (capacity[at] as number);
    }
  }
  for (let i = 0; i < orders; i += 1) {
    const { lot, cost } = suitable[i] as Suitable;
    let best = (penalty[i] as number) / (need[i] as number);
    // Prices only add: lots that are dearer without them need not be looked at.
    for (let k = 0; k < lot.length && (cost[k] as number) < best; k += 1) {
      let whole = cost[k] as number;
      const at = (lot[k] as number) * dimensions;
      for (let d = 0; price && d < dimensions; d += 1) {
        whole += (price[at + d] as number) * (request[i * dimensions + d] as number);
      }
      best = Math.min(best, whole);
    }
    bound += best * (need[i] as number);
  }
  return Math.max(0, bound);
}
