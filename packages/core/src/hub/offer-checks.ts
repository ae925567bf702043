/** What a hub refuses in its participants' registrations and sell orders. */
import type { ResourceSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import { termsDiffer } from '../order/terms.ts';
import { lotBeyondMachine } from '../order/within-spec.ts';
import { type Refusal, refuse } from '../refusals.ts';
import type { RegistryRecord } from './subnet.ts';

/** Checks a new spec against the one on record. */
export function refuseSpec(spec: ResourceSpec, known: ResourceSpec | null): Refusal | undefined {
  if (known && spec.revision <= known.revision) {
    return refuse('RESOURCE_REVISION', `revision ${known.revision} is known`);
  }
  const ids = new Set(spec.machines.map((machine) => machine.id));
  if (ids.size !== spec.machines.length) return refuse('RESOURCE_MALFORMED', 'machines: id twice');
  return undefined;
}

/** Checks a new sell order: revisions, validity, and that no lot exceeds the machine it names. */
export function refuseOffer(
  offer: SellOrder,
  known: RegistryRecord,
  wallMs: number,
  lotsMax: number,
): Refusal | undefined {
  if (!known.spec) return refuse('OFFER_UNREGISTERED', 'register the resources first');
  if (known.offer) {
    if (offer.revision <= known.offer.revision) {
      return refuse('OFFER_REVISION', `revision ${known.offer.revision} is known`);
    }
    const changed = termsDiffer(known.offer, offer);
    const rose = offer.termsRevision - known.offer.termsRevision;
    if (rose < 0 || (changed && rose === 0)) {
      return refuse('OFFER_TERMS_REVISION', `termsRevision ${known.offer.termsRevision} is known`);
    }
  }
  if (offer.validUntilMs <= wallMs) return refuse('OFFER_EXPIRED', 'validUntilMs');
  if (offer.lots.length > lotsMax) return refuse('OFFER_MALFORMED', `more than ${lotsMax} lots`);
  if (offer.provision !== known.spec.provision) return refuse('OFFER_ABOVE_SPEC', 'provision');
  const beyond = lotBeyondMachine(offer, known.spec);
  return beyond === undefined ? undefined : refuse('OFFER_ABOVE_SPEC', beyond);
}
