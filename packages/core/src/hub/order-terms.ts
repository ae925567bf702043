/** From a match to what both hubs of each part sign. */
import type { AgreementPartTerms } from '../agreement/records.ts';
import type { Timing } from '../agreement/timing.ts';
import type { Match } from '../matching/match.ts';
import type { OrderRecord } from '../order/order-record.ts';
import type { AgreementId, HubId } from '../units/ids.ts';

/** One part per target lessor, in the order of the match; ranks count through all parts. */
export function partTermsOf(
  record: OrderRecord,
  match: Match,
  agreement: AgreementId,
  firstHub: HubId,
  timing: Timing,
): AgreementPartTerms[] {
  const { order } = record;
  let replicaOffset = 0;
  return match.parts.map((part, number) => {
    const terms: AgreementPartTerms = {
      agreement,
      part: number,
      partCount: match.parts.length,
      orderDigest: record.digest,
      firstHub,
      targetHub: part.hub,
      lessee: order.lessee,
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
