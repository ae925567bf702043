/** Why each lessor can or cannot serve an order now: the first failing term and how far off it is. */
import type { BuyOrder } from '../order/buy-order.ts';
import type { RefusalCode } from '../refusals.ts';
import { type HubId, hubOf, type ParticipantId } from '../units/ids.ts';
import type { MarketView } from './market.ts';
import { couldEverServe, totalShortfall } from './static-filter.ts';
import {
  LESS,
  lotSuits,
  offerShortfall,
  type Shortfall,
  TERM_ORDER,
  tellsStock,
} from './suitability.ts';

/** One line of `order explain`. `code` null: the lessor suits and holds `replicas` replicas. */
export interface Explanation {
  lessor: ParticipantId;
  hub: HubId;
  code: RefusalCode | null;
  hint: string;
  need: string | null;
  have: string | null;
  replicas: number;
}

/**
 * Explains the order against one lessor of the panoramas.
 *
 * @param lostRaces lessors that refused this order because somebody else was faster.
 */
export function explainLessor(
  view: MarketView,
  lessor: ParticipantId,
  order: BuyOrder,
  lostRaces: ReadonlySet<ParticipantId>,
): Explanation {
  const explanation = explained(view, lessor, order, lostRaces);
  const { code, need } = explanation;
  if (!view.hidesStock || code === null || !tellsStock(code)) return explanation;
  return { ...explanation, have: LESS, hint: `need ${need}, have ${LESS}` };
}

function explained(
  view: MarketView,
  lessor: ParticipantId,
  order: BuyOrder,
  lostRaces: ReadonlySet<ParticipantId>,
): Explanation {
  const hub = hubOf(lessor);
  const base = { lessor, hub };
  const part = view.market.panorama.parts.get(hub);
  const spec = part?.resources.get(lessor)?.spec;
  if (!spec) return { ...base, ...failed('MATCH_NO_CANDIDATE', 'registered resources', 'none') };
  if (part.stale) {
    return { ...base, ...failed('MATCH_STALE_HUB', 'a live hub', `${hub} is silent`) };
  }
  if (couldEverServe(spec, order)) {
    return { ...base, ...explainOffer(view, lessor, order, lostRaces) };
  }
  const { need, have } = totalShortfall(spec, order);
  return { ...base, ...failed('MATCH_NO_CANDIDATE', need, have) };
}

type Verdict = Omit<Explanation, 'lessor' | 'hub'>;

function failed(code: RefusalCode, need: string, have: string): Verdict {
  return { code, hint: `need ${need}, have ${have}`, need, have, replicas: 0 };
}

function explainOffer(
  view: MarketView,
  lessor: ParticipantId,
  order: BuyOrder,
  lostRaces: ReadonlySet<ParticipantId>,
): Verdict {
  const offer = view.market.freeOffer(lessor);
  if (!offer || offer.validUntilMs <= view.wallMs)
    return failed('MATCH_NO_OFFER', 'a valid sell order', 'none');
  const unsuited = offerShortfall(offer, order);
  if (unsuited) return failed(unsuited.code, unsuited.need, unsuited.have);
  let nearest: Shortfall | undefined;
  let replicas = 0;
  for (const lot of offer.lots) {
    const suits = lotSuits(offer, lot, order, order.count.max);
    if (!('code' in suits)) replicas += suits.replicas;
    else if (!nearest || TERM_ORDER.indexOf(suits.code) > TERM_ORDER.indexOf(nearest.code)) {
      nearest = suits;
    }
  }
  if (replicas > 0) return { code: null, hint: 'suits', need: null, have: null, replicas };
  if (nearest?.code === 'MATCH_RESOURCES' && lostRaces.has(lessor)) {
    return failed('MATCH_LOST_RACE', nearest.need, `${nearest.have}; another order was faster`);
  }
  if (nearest) return failed(nearest.code, nearest.need, nearest.have);
  return failed('MATCH_RESOURCES', 'a lot', 'none offered');
}
