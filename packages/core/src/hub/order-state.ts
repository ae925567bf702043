/** What follows from an order and its agreements: state, what is still wanted, and the verdict. */
import type { AgreementPart, AgreementRecord } from '../agreement/records.ts';
import type { Want } from '../matching/match.ts';
import { FINAL_ORDER_STATES, type OrderRecord, type OrderState } from '../order/order-record.ts';
import { replicasOf } from '../order/placement.ts';
import type { RefusalCode } from '../refusals.ts';
import type { ParticipantId } from '../units/ids.ts';
import { costOf, type Micro } from '../units/money.ts';

type Agreements = readonly AgreementRecord[];

export function isLiveAgreement(agreement: AgreementRecord): boolean {
  return agreement.state !== 'aborted' && agreement.state !== 'ended';
}

/** Ended, but nothing of it is billed: no part ran, or an atomic one never ran whole. */
export function isVoid(agreement: AgreementRecord): boolean {
  const ended = agreement.parts.filter((part) => part.status === 'ended');
  const idle = ended.filter((part) => part.billedMs === 0);
  return idle.length === ended.length || (agreement.atomic && idle.length > 0);
}

/** Ends that are the task's own: elsewhere it would end no better, whether its lease had begun or not. */
const OWN_FAULTS: ReadonlySet<AgreementPart['outcome']> = new Set([
  'LEASE_TASK_FAILED',
  'LEASE_OUT_OF_MEMORY',
  'LEASE_OUT_OF_STORAGE',
]);

/** Parts that fill the order: live ones, completed ones, and ones whose own task failed. */
export function fillingParts(agreements: Agreements): AgreementPart[] {
  return agreedParts(agreements).filter(
    ({ status, outcome }) =>
      status !== 'ended' || outcome === 'completed' || OWN_FAULTS.has(outcome),
  );
}

/** Parts that the order pays for or may have to: lost ones were billed, too. */
function agreedParts(agreements: Agreements): AgreementPart[] {
  return agreements
    .filter(({ state }) => state !== 'aborted')
    .flatMap(({ parts }) => parts)
    .filter(({ status }) => status !== 'refused' && status !== 'closed');
}

function replicasFilled(agreements: Agreements): number {
  const parts = fillingParts(agreements);
  return parts.reduce((sum, part) => sum + replicasOf(part.terms.placements), 0);
}

/** What a part can cost at most from now on. */
function highestBill(part: AgreementPart): Micro {
  if (part.settleMicro !== null) return part.settleMicro;
  if (part.status === 'ended') return part.costMicro;
  return costOf(part.terms.priceMicroPerHour, part.terms.durationMs);
}

/** So often containers may fail to start before that is the order's fault: an image that nobody has. */
export const FAILED_STARTS_MAX = 5;

function cannotStart(agreements: Agreements): boolean {
  const failed = agreements.filter(({ parts }) =>
    parts.some(({ outcome }) => outcome === 'LEASE_START_FAILED'),
  );
  return failed.length >= FAILED_STARTS_MAX;
}

/** Where a container did not start, at once or in time: it may be the machine's fault. */
function lessorsOfFailedStarts(agreements: Agreements): Set<ParticipantId> {
  const parts = agreements.flatMap(({ parts }) => parts);
  const failed = parts.filter(
    ({ outcome }) => outcome === 'LEASE_START_FAILED' || outcome === 'LEASE_START_GRACE',
  );
  return new Set(failed.map(({ terms }) => terms.lessor));
}

/** Nobody was there to release the task's key, or not with the right one: another try is no better. */
function keyFaultOf(agreements: Agreements): RefusalCode | undefined {
  const outcomes = agreements.flatMap(({ parts }) => parts.map(({ outcome }) => outcome));
  return outcomes.find((code) => code === 'LEASE_KEY_MISSING' || code === 'LEASE_KEY_INVALID') as
    | RefusalCode
    | undefined;
}

/** What is still wanted for the order, undefined when it must not be matched now. */
export function wantOf(
  { order, state, cancelled, expiresAtElapsedMs }: OrderRecord,
  agreements: Agreements,
  elapsedMs: number,
): Want | undefined {
  if (cancelled || FINAL_ORDER_STATES.has(state) || elapsedMs >= expiresAtElapsedMs) {
    return undefined;
  }
  if (agreements.some((agreement) => agreement.state === 'preparing')) return undefined;
  if (order.fill === 'atomic' && agreements.some(isLiveAgreement)) return undefined;
  if (cannotStart(agreements)) return undefined;
  if (keyFaultOf(agreements)) return undefined;
  const filled = replicasFilled(agreements);
  const max = order.count.max - filled;
  if (max < 1) return undefined;
  const spent = agreedParts(agreements).reduce((sum, part) => sum + highestBill(part), 0n);
  const min = filled === 0 ? order.count.min : 1;
  const avoid = lessorsOfFailedStarts(agreements);
  const budgetMicro = order.budgetMicro - spent;
  return { min, max, budgetMicro, ...(avoid.size > 0 && { avoid }) };
}

/** The state while something lives or may still be matched. */
export function openStateOf(
  { cancelled }: OrderRecord,
  agreements: Agreements,
  awaitsKey: (agreement: AgreementRecord, part: AgreementPart) => boolean,
): OrderState {
  if (cancelled) return 'cancelling';
  const live = agreements.filter(isLiveAgreement);
  if (live.some((agreement) => agreement.runningAtMs !== null)) return 'running';
  const isKeyless = live.some((agreement) =>
    agreement.parts.some((part) => awaitsKey(agreement, part)),
  );
  if (isKeyless) return 'awaiting-key';
  if (live.some((agreement) => agreement.state !== 'preparing')) return 'starting';
  return live.length > 0 ? 'signing' : 'open';
}

/** How an order ended; `code` null when it completed. */
export interface Verdict {
  state: OrderState;
  code: RefusalCode | null;
}

/** The final state, undefined while something lives or more may be matched. */
export function verdictOf(
  record: OrderRecord,
  agreements: Agreements,
  elapsedMs: number,
  attemptsMax: number,
): Verdict | undefined {
  if (agreements.some(isLiveAgreement)) return undefined;
  const { order } = record;
  const ended = agreements.filter(({ state }) => state === 'ended');
  const billed = ended.filter((agreement) => !isVoid(agreement));
  const parts = ended.flatMap((agreement) => agreement.parts);
  const ownFault = parts.find(({ outcome }) => OWN_FAULTS.has(outcome))?.outcome;
  const expired = elapsedMs >= record.expiresAtElapsedMs;
  const filled = replicasFilled(agreements);
  const keyFault = keyFaultOf(agreements);
  const over =
    record.cancelled ||
    expired ||
    keyFault !== undefined ||
    record.attempts >= attemptsMax ||
    cannotStart(agreements) ||
    filled >= order.count.max ||
    (order.fill === 'atomic' && (billed.length > 0 || ownFault !== undefined));
  if (!over) return undefined;
  if (record.cancelled) return { state: 'cancelled', code: 'ORDER_CANCELLED' };
  if (ownFault) return { state: 'failed', code: ownFault as RefusalCode };
  // A partial order that got its smallest count in the end has not failed; with less, it has.
  const enough = filled >= order.count.min;
  const blamed = order.fill === 'partial' && enough ? [] : enough ? billed : ended;
  const failure = blamed
    .flatMap((agreement) => agreement.parts)
    .find(({ status, outcome }) => status === 'ended' && outcome !== 'completed');
  if (failure && billed.length > 0)
    return { state: 'failed', code: failure.outcome as RefusalCode };
  if (billed.length > 0) {
    // Too few that did not fail: the others are among what this hub lost of its past.
    return enough
      ? { state: 'completed', code: null }
      : { state: 'failed', code: 'LEASE_HUB_LOST' };
  }
  // A bill that stood before its other parts were lost.
  const isBilled = parts.some(({ settleMicro }) => settleMicro !== null && settleMicro > 0n);
  if (isBilled) return { state: 'failed', code: 'LEASE_HUB_LOST' };
  if (keyFault) return { state: 'failed', code: keyFault };
  if (expired) return { state: 'expired', code: 'ORDER_EXPIRED' };
  const code = cannotStart(agreements) ? 'LEASE_START_FAILED' : record.lastCode;
  return { state: 'failed', code: code ?? 'AGREEMENT_ABORTED' };
}
