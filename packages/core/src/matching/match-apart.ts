/** Orders that do not stand in each other's way: each gets what it would get alone, or next to that. */

import type { BuyOrder } from '../order/buy-order.ts';
import { placementFits, placeReplicas, replicasThatFit } from '../order/fit.ts';
import type { Placement } from '../order/placement.ts';
import type { Refusal } from '../refusals.ts';
import type { Market, MarketView } from './market.ts';
import type { Match, MatchPart, Want } from './match.ts';
import { matchShare, type Nearer } from './match-share.ts';

export interface Wish {
  view: MarketView;
  order: BuyOrder;
  want: Want;
  /** See {@link matchShare}. */
  nearer: Nearer | null;
}

/**
 * In parts of the price: what an order may pay more than alone without being worth a round. No joint
 * answer is cheaper than all of them alone, so it could save no more than this.
 */
const NEXT_BEST_MOST = 1_000n;

/**
 * Matches each order on the market as it is, and looks whether all of it can be had at once, or else
 * as much at next to the same price. Then there is nothing to decide jointly: nobody could get more,
 * or anything that it likes noticeably better.
 *
 * @returns matches that can all be signed, in the order of the wishes; undefined when some compete.
 */
export function matchApart(
  market: Market,
  wishes: readonly Wish[],
): (Match | Refusal)[] | undefined {
  const alone = wishes.map(matchWish);
  const { reservations } = market;
  const reserved: { lessor: string; name: string }[] = [];
  const together: (Match | Refusal)[] = [];
  for (const [number, wish] of wishes.entries()) {
    const match = besideOthers(market, wish, alone[number] as Match | Refusal);
    if (!match) break;
    together.push(match);
    if (!match.ok) continue;
    for (const { lessor, placements } of match.parts) {
      const name = `apart ${number}`;
      reservations.add(lessor, name, wish.order.replica, placements);
      reserved.push({ lessor, name });
    }
  }
  for (const { lessor, name } of reserved) reservations.remove(lessor, name);
  return together.length === wishes.length ? together : undefined;
}

function matchWish({ view, order, want, nearer }: Wish): Match | Refusal {
  return matchShare(view, order, want, nearer);
}

/** What it would get alone, beside what others take, or next to that; undefined when it competes. */
function besideOthers(
  market: Market,
  wish: Wish,
  alone: Match | Refusal,
): Match | Refusal | undefined {
  if (!alone.ok) return alone;
  const { order } = wish;
  const parts = alone.parts.map((part) => samePart(market, part, order));
  if (parts.every((part) => part !== undefined)) return { ...alone, parts };
  if (order.priority.kind !== 'price') return undefined;
  const next = matchWish(wish);
  const most = alone.priceMicroPerHour + alone.priceMicroPerHour / NEXT_BEST_MOST;
  const isNear = next.ok && next.replicas >= alone.replicas && next.priceMicroPerHour <= most;
  return isNear ? next : undefined;
}

/** The same replicas in the same lots, in devices that are free beside what others take. */
function samePart(market: Market, part: MatchPart, { replica }: BuyOrder) {
  const placements: Placement[] = [];
  for (const { lotId, replicas } of part.placements) {
    const { lot } = market.lotOf({ lessor: part.lessor, lotId });
    if (replicasThatFit(lot, replica, replicas) < replicas) return undefined;
    const placement = placeReplicas(lot, replica, replicas);
    if (!placementFits(lot, replica, placement)) return undefined;
    placements.push(placement);
  }
  return { ...part, placements };
}
