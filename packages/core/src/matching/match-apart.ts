/** Orders that do not stand in each other's way: each gets what it would get if it were alone. */

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
 * Matches each order on the market as it is, and looks whether all of it can be had at once. Then there
 * is nothing to decide jointly: nobody could get more, or anything that it likes better.
 *
 * @returns matches that can all be signed, in the order of the wishes; undefined when some compete.
 */
export function matchApart(
  market: Market,
  wishes: readonly Wish[],
): (Match | Refusal)[] | undefined {
  const alone = wishes.map(({ view, order, want, nearer }) =>
    matchShare(view, order, want, nearer),
  );
  const { reservations } = market;
  const reserved: { lessor: string; name: string }[] = [];
  const together: (Match | Refusal)[] = [];
  for (const [number, match] of alone.entries()) {
    const { order } = wishes[number] as Wish;
    const parts = match.ok && match.parts.map((part) => besideOthers(market, part, order));
    if (!parts) together.push(match);
    else if (!parts.every((part) => part !== undefined)) break;
    else {
      const name = `apart ${number}`;
      for (const { lessor, placements } of parts) {
        reservations.add(lessor, name, order.replica, placements);
        reserved.push({ lessor, name });
      }
      together.push({ ...match, parts });
    }
  }
  for (const { lessor, name } of reserved) reservations.remove(lessor, name);
  return together.length === wishes.length ? together : undefined;
}

/** The same replicas in the same lots, in devices that are free beside what others take. */
function besideOthers(market: Market, part: MatchPart, { replica }: BuyOrder) {
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
