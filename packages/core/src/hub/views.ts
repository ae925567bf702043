/** What a lessee sees of its orders: Dataspace Protocol state names, right to use, bill. */
import type {
  AgreementPart,
  AgreementRecord,
  LeaseState,
  NegotiationState,
} from '../agreement/records.ts';
import type { AgreementView, LeaseView, OrderSummary, OrderView } from '../messages.ts';
import type { OrderRecord } from '../order/order-record.ts';
import { replicasOf } from '../order/placement.ts';
import type { Now } from '../units/now.ts';

/** Aborted agreements beyond this many are left out of a view: it must fit a frame. */
const ABORTED_SHOWN_MAX = 8;

export function orderView(
  order: OrderRecord,
  agreements: readonly AgreementRecord[],
  now: Now,
): OrderView {
  const aborted = agreements.filter(({ state }) => state === 'aborted');
  const hidden = new Set(aborted.slice(0, -ABORTED_SHOWN_MAX));
  const views = agreements
    .filter((agreement) => !hidden.has(agreement))
    .map((agreement) => agreementView(agreement, order, now));
  const parts = agreements.flatMap((agreement) => agreement.parts);
  return {
    id: order.id,
    state: order.state,
    events: order.events,
    lastCode: order.lastCode,
    lastHint: order.lastHint,
    costMicro: parts.reduce((sum, part) => sum + (part.settleMicro ?? part.costMicro), 0n),
    round: order.round ?? null,
    agreements: views,
  };
}

export function summaryOf({ id, state, order, events }: OrderRecord): OrderSummary {
  const { task, count } = order;
  return {
    id,
    state,
    acceptedAtMs: events[0]?.atMs ?? 0,
    image: task.public.image,
    replicas: count,
  };
}

/** Agreements that were concluded, also those that have ended since. */
export function leaseView(agreement: AgreementRecord, order: OrderRecord, now: Now): LeaseView {
  return { order: order.id, ...agreementView(agreement, order, now) };
}

export function isLease({ state }: AgreementRecord): boolean {
  return state !== 'preparing' && state !== 'aborted';
}

/** The right to use belongs to the lessee from the start of the lease to its end. @patent [0058] EXE-4 */
function agreementView(agreement: AgreementRecord, order: OrderRecord, now: Now): AgreementView {
  const inUse = agreement.runningAtMs !== null && agreement.endedAtMs === null;
  const { decidedAtMs } = agreement;
  const leftMs = (agreement.runningAtMs ?? 0) + order.order.durationMs - now.elapsedMs;
  return {
    id: agreement.id,
    negotiation: negotiationState(agreement),
    lease: leaseState(agreement),
    userOf: inUse ? order.order.lessee : null,
    userExpiresMs: inUse ? now.wallMs + leftMs : null,
    signedAtMs: decidedAtMs === null ? null : now.wallMs - (now.elapsedMs - decidedAtMs),
    code: agreement.code,
    parts: agreement.parts.map((part) => ({
      part: part.terms.part,
      lessor: part.terms.lessor,
      targetHub: part.terms.targetHub,
      replicas: replicasOf(part.terms.placements),
      placements: part.terms.placements,
      priceMicroPerHour: part.terms.priceMicroPerHour,
      billedMs: part.billedMs,
      costMicro: part.settleMicro ?? part.costMicro,
      outcome: part.outcome,
      ...keyOf(agreement, part, order),
    })),
  };
}

/** Whether the lessor waits for the task's key; nothing for a task that needs none. */
function keyOf(
  { state }: AgreementRecord,
  { status, endCode, release }: AgreementPart,
  { taskPrivate }: OrderRecord,
): Pick<AgreementView['parts'][number], 'key'> {
  if (release !== null) return { key: 'released' };
  const isAwaited = state === 'committed' && status === 'yes' && endCode === null;
  return isAwaited && taskPrivate !== null ? { key: 'awaited' } : {};
}

function negotiationState(agreement: AgreementRecord): NegotiationState {
  if (agreement.state === 'preparing') return 'REQUESTED';
  return agreement.state === 'aborted' ? 'TERMINATED' : 'FINALIZED';
}

function leaseState(agreement: AgreementRecord): LeaseState {
  switch (agreement.state) {
    case 'preparing':
    case 'committed':
      return 'REQUESTED';
    case 'running':
      return 'STARTED';
    case 'ending':
      return agreement.runningAtMs === null ? 'REQUESTED' : 'STARTED';
    case 'aborted':
      return 'TERMINATED';
    case 'ended': {
      const ended = agreement.parts.filter((part) => part.status === 'ended');
      return ended.every((part) => part.outcome === 'completed') ? 'COMPLETED' : 'TERMINATED';
    }
  }
}
