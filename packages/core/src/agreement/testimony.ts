/** What one hub tells another that lost its past: the parts of agreements that both are parties of. */
import type { RefusalCode } from '../refusals.ts';
import type { SignedDocument } from '../units/document.ts';
import type { HubId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { AgreementPart, AgreementRecord, PartOutcome, PartRecord } from './records.ts';

/**
 * A part as the other party has it. `document` carries both signatures, so nobody can make up a part
 * for the hub that lost it. Times are ages: clocks of two hubs have nothing in common.
 */
export interface Testimony {
  /** Whose side the hub that asked is on. */
  yours: 'first' | 'target';
  document: SignedDocument;
  state: 'held' | 'active' | 'running' | 'ended';
  /** All its containers were reported started. */
  started: boolean;
  /** Since the decision to commit, since billing began; null when that never happened. */
  activeForMs: number | null;
  runningForMs: number | null;
  outcome: PartOutcome | null;
  endCode: RefusalCode | null;
  billedMs: number;
  costMicro: Micro;
  meter: SignedDocument | null;
  settledMicro: Micro | null;
  /** Goes back to the target hub that had it already; null otherwise. */
  taskPrivate: string | null;
  /** The key of the private part, sealed to the lessor's agent. */
  release: string | null;
}

export interface TestimonySource {
  agreements: Iterable<AgreementRecord>;
  parts: Iterable<PartRecord>;
  taskPrivate(agreement: AgreementRecord): string | null;
}

/** Everything on record that concerns that hub, at this elapsed time. */
export function testimoniesFor(hub: HubId, source: TestimonySource, nowMs: number): Testimony[] {
  const testimonies: Testimony[] = [];
  for (const agreement of source.agreements) {
    for (const part of agreement.parts) {
      // Of a part without placements only its number is known: it was lost, its text is another's.
      if (part.terms.targetHub !== hub || part.terms.placements.length === 0) continue;
      const told = ofFirstHub(agreement, part, source.taskPrivate(agreement), nowMs);
      if (told) testimonies.push(told);
    }
  }
  for (const part of source.parts) {
    if (part.terms.firstHub === hub) testimonies.push(ofTargetHub(part, nowMs));
  }
  return testimonies;
}

/** Parts without a vote, and of what was aborted, bind nobody. */
function ofFirstHub(
  agreement: AgreementRecord,
  part: AgreementPart,
  taskPrivate: string | null,
  nowMs: number,
): Testimony | undefined {
  const { status, document, outcome, endCode, billedMs, costMicro, meter, settleMicro } = part;
  const isBound = status === 'yes' || status === 'started' || status === 'running';
  if (agreement.state === 'aborted' || (!isBound && status !== 'ended')) return undefined;
  const isDecided = agreement.state !== 'preparing';
  const live = status === 'running' ? 'running' : isDecided ? 'active' : 'held';
  const wasRunning = status === 'running' || (status === 'ended' && billedMs > 0);
  return {
    yours: 'target',
    document,
    state: status === 'ended' ? 'ended' : live,
    started: status === 'started' || wasRunning,
    activeForMs: isDecided ? ageOf(agreement.decidedAtMs, nowMs) : null,
    runningForMs: wasRunning ? ageOf(agreement.runningAtMs, nowMs) : null,
    outcome,
    endCode,
    billedMs,
    costMicro,
    meter,
    settledMicro: settleMicro,
    taskPrivate: status === 'ended' ? null : taskPrivate,
    release: part.release,
  };
}

function ofTargetHub(part: PartRecord, nowMs: number): Testimony {
  const { state, document, started, outcome, billedMs, costMicro, meter, settledMicro } = part;
  const live = part.runningAtMs === null ? 'active' : 'running';
  return {
    yours: 'first',
    document,
    state: state === 'stopping' ? live : state,
    started,
    activeForMs: ageOf(part.activeAtMs, nowMs),
    runningForMs: ageOf(part.runningAtMs, nowMs),
    outcome: state === 'ended' ? outcome : null,
    endCode: null,
    billedMs,
    costMicro,
    meter,
    settledMicro,
    taskPrivate: null,
    release: part.release,
  };
}

function ageOf(atMs: number | null, nowMs: number): number | null {
  return atMs === null ? null : Math.max(0, nowMs - atMs);
}
