/** What the matcher may see of the market: rows of live hubs less own reservations. */
import type { BuyOrder } from '../order/buy-order.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { Panorama } from '../panorama/panorama.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';
import type { Reservations } from './reservations.ts';
import { couldEverServe } from './static-filter.ts';

export interface MarketView {
  panorama: Panorama;
  reservations: Reservations;
  wallMs: number;
}

/** A participant that passed the static filter. @patent [0050] MAT-2 */
export interface Candidate {
  lessor: ParticipantId;
  hub: HubId;
}

/** Step 1: candidates from the resource panorama only. @patent [0050] C1.5 MAT-2 */
export function* candidates(view: MarketView, order: BuyOrder): Generator<Candidate> {
  for (const part of view.panorama.parts.values()) {
    if (part.stale) continue;
    for (const { participant, spec } of part.resources.values()) {
      if (spec && couldEverServe(spec, order)) yield { lessor: participant, hub: part.hub };
    }
  }
}

/** The lessor's valid offer as the lease panorama has it now. */
export function offerOf(view: MarketView, lessor: ParticipantId): SellOrder | undefined {
  const offer = view.panorama.lease(lessor)?.offer;
  return offer && offer.validUntilMs > view.wallMs ? offer : undefined;
}
