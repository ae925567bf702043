/** A refusal is a true statement: nobody is turned away for a reason that does not hold. */
import type { AgreementPartTerms, PartRecord } from '@sparegrid/core/agreement/records';
import type { Lot, SellOrder } from '@sparegrid/core/order/sell-order';
import type { RefusalCode } from '@sparegrid/core/refusals';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import type { Commit, HubMirror } from './mirror.ts';
import type { Model } from './model.ts';
import { partPrice } from './price.ts';
import { FIELDS, freeOf, usageOf } from './usage.ts';

/** How a hub stood around one step: a vote may show any state in between. */
export interface Around {
  offers: (SellOrder | null)[];
  /** Parts that may have held quantities at some moment of the step. */
  parts: PartRecord[];
}

export function around(
  model: Model,
  hub: HubMirror,
  lessor: ParticipantId,
  commit: Commit | null,
): Around {
  const registry = commit?.changes.registry.find(({ key }) => key === lessor);
  const offer = hub.records.registry.get(lessor)?.offer ?? null;
  const offers = [hub.expelled.has(lessor) ? null : offer];
  if (registry) {
    const before = registry.before?.offer ?? null;
    offers.push(before);
    // After a standstill several offers may come in one step: those in between are on no record.
    const isSkipped = (registry.after.offer?.revision ?? 0) > (before?.revision ?? 0) + 1;
    if (isSkipped) offers.push(null);
  }
  const changed = commit?.changes.part ?? [];
  const touched = changed.map(({ after }) => after).filter(({ terms }) => terms.lessor === lessor);
  const ended = touched.filter(({ state }) => state === 'ended');
  return { offers, parts: [...model.livePartsOf(hub, lessor), ...ended] };
}

/** Checks a "no" of a target hub; `isHeard` tells whether the lessor's agent had been heard lately. */
export function checkRefusal(
  model: Model,
  hub: HubMirror,
  terms: AgreementPartTerms,
  code: RefusalCode,
  state: Around,
  isHeard: boolean,
): void {
  const untrue = whyUntrue(hub, terms, code, state, isHeard);
  if (untrue !== null) {
    const id = `${terms.agreement}.${terms.part}`;
    model.violate('refusal.untrue', hub.id, id, `${code}: ${untrue}`);
  }
}

function whyUntrue(
  hub: HubMirror,
  terms: AgreementPartTerms,
  code: RefusalCode,
  { offers, parts }: Around,
  isHeard: boolean,
): string | null {
  const id = `${terms.agreement}.${terms.part}`;
  const same = (offer: SellOrder | null) => offer?.termsRevision === terms.termsRevision;
  switch (code) {
    case 'AGREEMENT_TERMS_CHANGED':
      return offers.every(same) ? `terms revision still is ${terms.termsRevision}` : null;
    case 'AGREEMENT_PRICE':
      return offers.every((offer) => offer && partPrice(offer, terms) === terms.priceMicroPerHour)
        ? 'the price is right'
        : null;
    case 'AGREEMENT_LOST_RACE':
      return offers.every((offer) => offer && fits(offer, terms, parts))
        ? 'the quantity is free'
        : null;
    case 'AGREEMENT_OFFER_GONE':
      return offers.every((offer) => offer && offer.validUntilMs > hub.now.wallMs + 3_600_000)
        ? 'the offer is valid'
        : null;
    case 'AGREEMENT_LESSOR_AWAY':
      return isHeard ? 'the agent had been heard' : null;
    case 'AGREEMENT_ABORTED':
    case 'AGREEMENT_HOLD_EXPIRED':
      return hub.records.tombstone.has(id) || hub.records.part.get(id)?.state === 'ended'
        ? null
        : 'neither tombstone nor ended part';
    case 'AGREEMENT_SIGNATURE':
    case 'AGREEMENT_MALFORMED':
      return 'the document is sound';
    default:
      return null;
  }
}

/** True when the placements fit even beside everything that held quantities around the step. */
function fits(offer: SellOrder, terms: AgreementPartTerms, parts: readonly PartRecord[]): boolean {
  const usage = usageOf(parts);
  return terms.placements.every(({ lotId, replicas, devices }) => {
    const lot = offer.lots.find(({ id }) => id === lotId);
    if (!lot) return false;
    const free = freeOf(lot, usage.get(lotId));
    const hasAmounts = FIELDS.every(
      (field) => free.amounts[field] >= terms.replica[field] * replicas,
    );
    return hasAmounts && hasDevices(free, devices.flat());
  });
}

function hasDevices(free: Lot, shares: readonly { deviceId: string; milli: number }[]): boolean {
  const left = new Map(free.devices.map(({ id, milli }) => [id, milli]));
  return shares.every(({ deviceId, milli }) => {
    const rest = (left.get(deviceId) ?? 0) - milli;
    left.set(deviceId, rest);
    return rest >= 0;
  });
}
