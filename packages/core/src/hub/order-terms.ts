/** From a match to what both hubs of each part sign. */
import type { AgreementPartTerms } from '../agreement/records.ts';
import type { Timing } from '../agreement/timing.ts';
import type { Match } from '../matching/match.ts';
import { fieldDigestsOf } from '../order/field-digests.ts';
import type { OrderRecord } from '../order/order-record.ts';
import type { Crypto } from '../units/document.ts';
import type { AgreementId, HubId, ParticipantId } from '../units/ids.ts';

export interface SigningHub {
  self: HubId;
  timing: Timing;
  crypto: Crypto;
  /** The lessee's pseudonym. */
  lesseeName: ParticipantId;
}

/** One part per target lessor, in the order of the match; ranks count through all parts. */
export function partTermsOf(
  record: OrderRecord,
  match: Match,
  agreement: AgreementId,
  { self, timing, crypto, lesseeName }: SigningHub,
): AgreementPartTerms[] {
  const { order } = record;
  const orderFields = fieldDigestsOf(crypto, order);
  let replicaOffset = 0;
  return match.parts.map((part, number) => {
    const terms: AgreementPartTerms = {
      agreement,
      part: number,
      partCount: match.parts.length,
      orderDigest: record.digest,
      orderFields,
      firstHub: self,
      targetHub: part.hub,
      lessee: lesseeName,
      lessor: part.lessor,
      kind: order.kind,
      replica: order.replica,
      replicaOffset,
      replicaTotal: match.replicas,
      task: order.task,
      placements: part.placements,
      priceMicroPerHour: part.priceMicroPerHour,
      termsRevision: part.termsRevision,
      durationMs: order.durationMs,
      holdMs: timing.holdMs,
      startGraceMs: timing.startGraceMs,
      atomic: order.fill === 'atomic',
      disconnect: order.disconnect,
    };
    replicaOffset += part.replicas;
    return terms;
  });
}
