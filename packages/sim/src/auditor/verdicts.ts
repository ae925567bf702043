/** Promise 3: how an order ends is true: completed, expired, cancelled or failed for a reason. */
import type { AgreementPart, AgreementRecord } from '@sparegrid/core/agreement/records';
import type { OrderRecord } from '@sparegrid/core/order/order-record';
import type { Commit, HubMirror } from './mirror.ts';
import type { Model } from './model.ts';

const FINAL: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

export function checkVerdicts(model: Model, { hub, now, changes }: Commit): void {
  for (const { before, after } of changes.order) {
    const agreements = agreementsOf(hub, after);
    if (after.cancelled) checkCancelled(model, hub, after, agreements);
    checkCancelling(model, hub, after);
    if (!FINAL.has(after.state) || before?.state === after.state) continue;
    const untrue = whyUntrue(after, agreements, now.elapsedMs);
    if (untrue !== null) {
      model.violate('order.verdict-untrue', hub.id, after.id, `${after.state}: ${untrue}`);
    }
  }
}

function agreementsOf(hub: HubMirror, order: OrderRecord): AgreementRecord[] {
  return order.agreements
    .map((id) => hub.records.agreement.get(id))
    .filter((agreement) => agreement !== undefined);
}

/** A cancellation ends everything that lives, in the same transaction. */
function checkCancelled(
  model: Model,
  hub: HubMirror,
  order: OrderRecord,
  agreements: readonly AgreementRecord[],
): void {
  for (const { id, state, parts } of agreements) {
    const isLive =
      state === 'preparing' || parts.some((part) => lives(part) && part.endCode === null);
    if (state !== 'aborted' && state !== 'ended' && isLive) {
      model.violate('order.cancelled-but-live', hub.id, order.id, `agreement ${id} is ${state}`);
    }
  }
}

/** Whoever looks at an order is told of its cancellation from that very transaction on. */
function checkCancelling(
  model: Model,
  hub: HubMirror,
  { id, state, cancelled }: OrderRecord,
): void {
  if (FINAL.has(state) || (state === 'cancelling') === cancelled) return;
  model.violate('order.cancelling-untrue', hub.id, id, `${state}, cancelled: ${cancelled}`);
}

function lives({ status }: AgreementPart): boolean {
  return status !== 'refused' && status !== 'closed' && status !== 'ended';
}

function whyUntrue(
  order: OrderRecord,
  agreements: readonly AgreementRecord[],
  elapsedMs: number,
): string | null {
  const ended = agreements.filter(({ state }) => state === 'ended').flatMap(({ parts }) => parts);
  const agreed = ended.filter(({ status }) => status === 'ended');
  const isBilled = agreed.some(({ settleMicro }) => settleMicro !== null && settleMicro > 0n);
  const completed = agreed.filter(
    ({ outcome, billedMs }) => outcome === 'completed' && billedMs > 0,
  );
  switch (order.state) {
    case 'completed':
      return replicasIn(completed) >= order.order.count.min
        ? null
        : `${replicasIn(completed)} of at least ${order.order.count.min} replicas completed`;
    case 'expired':
      if (elapsedMs < order.expiresAtElapsedMs) return `expires at ${order.expiresAtElapsedMs}`;
      return isBilled ? 'but something is billed' : null;
    case 'cancelled':
      return order.cancelled ? null : 'nobody cancelled it';
    case 'failed':
      return agreements.length > 0 ? null : 'nothing was tried';
    default:
      return null;
  }
}

function replicasIn(parts: readonly AgreementPart[]): number {
  const placements = parts.flatMap(({ terms }) => terms.placements);
  return placements.reduce((sum, { replicas }) => sum + replicas, 0);
}
