/** Makes one past of two: what the store has, and what the other parties of its agreements tell. */
import {
  type AgreementPart,
  type AgreementPartTerms,
  type AgreementRecord,
  type PartRecord,
  UNANSWERED,
} from '../agreement/records.ts';
import type { Testimony } from '../agreement/testimony.ts';
import { replicasOf } from '../order/placement.ts';
import { isSignedByAny } from '../units/document.ts';
import { type AgreementId, type HubId, type OrderId, partIdOf } from '../units/ids.ts';
import { canonicalJson } from '../units/json.ts';
import type { HubContext } from './context.ts';

/** A testimony whose signatures were verified, with the terms that both hubs signed. */
export interface Told extends Testimony {
  from: HubId;
  terms: AgreementPartTerms;
}

const RANK = { held: 0, active: 1, running: 2, stopping: 3, ended: 4 } as const;

/**
 * What a peer tells counts only as far as this hub signed it, and only about parts between the two:
 * a lease cannot be made up, nor its terms changed. A bill counts with the target hub's signature.
 */
export function believed(
  context: HubContext,
  from: HubId,
  testimonies: readonly Testimony[],
): Told[] {
  const { self, env, crypto } = context;
  const signed = ({ document }: Testimony, hub: HubId) =>
    isSignedByAny(crypto, document, 'agreement-part', hub, context.keysOfHub(hub));
  return testimonies.flatMap((testimony): Told[] => {
    const read = env.documents.agreementPart(testimony.document.payload);
    if (!read.ok || !signed(testimony, self) || !signed(testimony, from)) return [];
    const { firstHub, targetHub } = read.value;
    const parties = testimony.yours === 'first' ? [self, from] : [from, self];
    if (firstHub !== parties[0] || targetHub !== parties[1]) return [];
    const told = { ...testimony, from, terms: read.value };
    return [isMetered(context, told) ? told : { ...told, billedMs: 0, costMicro: 0n, meter: null }];
  });
}

function isMetered(context: HubContext, { terms, meter, billedMs, costMicro }: Told): boolean {
  const { targetHub } = terms;
  const figures = { part: partIdOf(terms.agreement, terms.part), billedMs, costMicro };
  const keys = context.keysOfHub(targetHub);
  return (
    meter !== null &&
    meter.payload === canonicalJson(figures) &&
    isSignedByAny(context.crypto, meter, 'meter', targetHub, keys)
  );
}

/** The part at its target hub, as far as either of the two knows. */
export function recoveredPart(own: PartRecord | undefined, told: Told, nowMs: number): PartRecord {
  if (own && RANK[own.state] >= RANK[told.state]) {
    const settledMicro = own.settledMicro ?? (own.state === 'ended' ? told.settledMicro : null);
    return { ...own, settledMicro, release: own.release ?? told.release };
  }
  const { terms, document, state, outcome, billedMs, costMicro, meter } = told;
  const activeAtMs = own?.activeAtMs ?? sinceMs(told.activeForMs, nowMs);
  const runningAtMs = own?.runningAtMs ?? sinceMs(told.runningForMs, nowMs);
  return {
    id: partIdOf(terms.agreement, terms.part),
    terms,
    document,
    state,
    heldAtMs: own?.heldAtMs ?? activeAtMs ?? nowMs,
    activeAtMs,
    runningAtMs,
    stoppedAtMs: state === 'ended' ? nowMs : null,
    endedAtMs: state === 'ended' ? nowMs : null,
    started: told.started,
    taskPrivate: told.taskPrivate,
    release: own?.release ?? told.release,
    restarts: own?.restarts ?? [],
    outcome: state === 'ended' ? (outcome ?? 'completed') : null,
    billedMs,
    costMicro,
    meter,
    endAcknowledged: state === 'ended',
    settledMicro: told.settledMicro,
  };
}

/** The agreement at its first hub: decided if any target hub was told so. */
export function recoveredAgreement(
  own: AgreementRecord | undefined,
  told: readonly Told[],
  nowMs: number,
): AgreementRecord | undefined {
  const decided = told.filter(({ activeForMs }) => activeForMs !== null);
  // What nobody was told may still be decided otherwise; what is unknown here gets a tombstone.
  if (decided.length === 0) return own;
  const agreement = own ?? rebuilt(told, nowMs);
  const decidedAtMs = nowMs - Math.max(...decided.map(({ activeForMs }) => activeForMs ?? 0));
  const ran = decided.filter(({ runningForMs }) => runningForMs !== null);
  const runningAtMs = nowMs - Math.max(...ran.map(({ runningForMs }) => runningForMs ?? 0));
  const isRunning = agreement.runningAtMs !== null || ran.length > 0;
  const wasOpen = agreement.state === 'preparing' || agreement.state === 'committed';
  const parts = agreement.parts.map((part) => {
    const one = told.find(({ terms }) => terms.part === part.terms.part);
    return one ? withTold(part, one) : untold(part);
  });
  return {
    ...agreement,
    parts,
    state: wasOpen ? (isRunning ? 'running' : 'committed') : agreement.state,
    decidedAtMs: agreement.decidedAtMs ?? decidedAtMs,
    runningAtMs: agreement.runningAtMs ?? (ran.length > 0 ? runningAtMs : null),
  };
}

/** An atomic order was tried again: whatever an older copy says of the earlier try, it was over then. */
export function hasSuccessor(
  { id, order, atomic }: AgreementRecord,
  all: ReadonlyMap<AgreementId, AgreementRecord>,
): boolean {
  const number = (agreement: AgreementId) =>
    Number(agreement.slice(agreement.lastIndexOf('-') + 1));
  return (
    atomic && [...all.values()].some((one) => one.order === order && number(one.id) > number(id))
  );
}

/** What may live of it for all that is known ends: the order must not run twice. */
export function ending(agreement: AgreementRecord): AgreementRecord {
  const { state } = agreement;
  if (state === 'ended' || state === 'aborted') return agreement;
  const code = 'LEASE_HUB_LOST';
  if (state === 'preparing') return { ...agreement, state: 'aborted', code: 'AGREEMENT_ABORTED' };
  const parts = agreement.parts.map((part): AgreementPart => {
    const isLive = STATUS_RANK[part.status] < STATUS_RANK.ended;
    return isLive ? { ...part, endCode: part.endCode ?? code } : part;
  });
  return { ...agreement, state: 'ending', code: agreement.code ?? code, parts };
}

const STATUS_RANK = { asked: 0, yes: 1, started: 2, running: 3, ended: 4, refused: 5, closed: 5 };

function withTold(part: AgreementPart, told: Told): AgreementPart {
  const status = statusOf(told);
  const release = part.release ?? told.release;
  if (STATUS_RANK[part.status] >= STATUS_RANK[status]) return { ...part, release };
  const next = { ...part, status, release, document: told.document };
  if (status === 'closed') return { ...next, outcome: told.outcome };
  if (status !== 'ended') return next;
  const { outcome, billedMs, costMicro, meter, settledMicro } = told;
  const settled = settledMicro !== null;
  return { ...next, outcome, billedMs, costMicro, meter, settleMicro: settledMicro, settled };
}

function statusOf({ state, started, activeForMs }: Told): AgreementPart['status'] {
  if (state === 'ended') return activeForMs === null ? 'closed' : 'ended';
  if (state === 'running') return 'running';
  return state === 'active' && started ? 'started' : 'yes';
}

/**
 * The decision was to commit, but this part's hub does not know of it (any more), or was waived. Of
 * a partial order it was refused; an atomic one had it, and without its bill nothing is billed.
 */
function untold(part: AgreementPart): AgreementPart {
  if (part.status !== 'asked') return part;
  return part.terms.atomic ? lostPart(part) : { ...part, status: 'closed' };
}

function lostPart(part: AgreementPart): AgreementPart {
  return { ...part, status: 'ended', outcome: 'LEASE_HUB_LOST', settleMicro: 0n, settled: true };
}

/** Known from its target hubs alone; the lessee's text of the order is not theirs to have. */
function rebuilt(told: readonly Told[], nowMs: number): AgreementRecord {
  const { terms, document } = told[0] as Told;
  const { agreement: id, atomic, partCount, replicaTotal } = terms;
  const { order, attempt } = namesIn(id);
  const parts = Array.from({ length: partCount }, (_, part): AgreementPart => {
    const one = told.find((known) => known.terms.part === part);
    if (one) return { ...UNANSWERED, terms: one.terms, document: one.document };
    return { ...UNANSWERED, document, terms: { ...terms, part, placements: [] } };
  });
  const replicas = told.reduce((sum, one) => sum + replicasOf(one.terms.placements), 0);
  return {
    id,
    order,
    attempt,
    state: 'preparing',
    atomic,
    minReplicas: atomic ? replicaTotal : Math.min(1, replicas),
    createdAtMs: nowMs,
    decidedAtMs: null,
    runningAtMs: null,
    endedAtMs: null,
    parts,
    code: null,
  };
}

/** More than an order is ever tried between two recoveries. */
const ATTEMPTS = 1_000_000;

/**
 * Names the order, the attempt, and the epoch in which this hub last lost some of its past (0: never):
 * nobody may know what it tried then, and no id, of a container least of all, is ever used twice.
 */
export function agreementIdOf(order: OrderId, attempt: number, recovered: number): AgreementId {
  return `${order}-${recovered * ATTEMPTS + attempt}`;
}

/** The reverse of {@link agreementIdOf}. */
export function namesIn(agreement: AgreementId): { order: OrderId; attempt: number } {
  const at = agreement.lastIndexOf('-');
  return { order: agreement.slice(0, at), attempt: Number(agreement.slice(at + 1)) % ATTEMPTS };
}

/** Never in the future, nor before the clock of this hub began. */
function sinceMs(ageMs: number | null, nowMs: number): number | null {
  return ageMs === null ? null : Math.max(0, nowMs - ageMs);
}
