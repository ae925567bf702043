/** What an order gets out of a share of the market, where that costs it next to nothing. */
import type { BuyOrder } from '../order/buy-order.ts';
import type { Refusal } from '../refusals.ts';
import type { ParticipantId } from '../units/ids.ts';
import type { MarketView } from './market.ts';
import { type Match, matchOrder, type Want } from './match.ts';

/** By how many hubs a lessor is left to others first; hubs that agree on it do not meet. */
export type Nearer = (lessor: ParticipantId) => number;

/** Lessors that one hub only is nearer to may be free: not every hub has orders. */
const NEARER_MOST = 1;
/** An order pays at most this much more, in parts of the price, for lots that no other hub is after. */
const DEARER_MOST = 100n;

/**
 * As {@link matchOrder}; but if lessors of the hub's share offer as many replicas at about the same
 * price, they are preferred. Who asks for performance gets the best there is, whoever wants it too.
 *
 * @param nearer null: the whole market alike.
 */
export function matchShare(
  view: MarketView,
  order: BuyOrder,
  want: Want,
  nearer: Nearer | null,
): Match | Refusal {
  const best = matchOrder(view, order, want);
  if (!nearer || !best.ok || order.priority.kind !== 'price') return best;
  const most = best.priceMicroPerHour + best.priceMicroPerHour / DEARER_MOST;
  for (let hubs = 0; hubs <= NEARER_MOST; hubs += 1) {
    const only = (lessor: ParticipantId) => nearer(lessor) <= hubs && !want.avoid?.has(lessor);
    const shared = matchOrder({ ...view, only }, order, want);
    const isAsGood = shared.ok && shared.replicas >= best.replicas;
    if (isAsGood && shared.priceMicroPerHour <= most) return shared;
  }
  return best;
}
