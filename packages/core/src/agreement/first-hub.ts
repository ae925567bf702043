/** The first hub's side of agreements: ask every target hub, decide once, activate, end, settle. */

import { replicasOf } from '../order/placement.ts';
import type { LeaseRow } from '../panorama/row.ts';
import { invariant, type RefusalCode } from '../refusals.ts';
import { isSignedByAny, type SignedDocument } from '../units/document.ts';
import { type AgreementId, type HubId, partIdOf } from '../units/ids.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';
import { costOf, type Micro, smaller } from '../units/money.ts';
import { KEPT_AGREEMENT } from './kept.ts';
import type { AgreementMessage } from './messages.ts';
import type { AgreementPorts } from './ports.ts';
import {
  type AgreementPart,
  type AgreementPartTerms,
  type AgreementRecord,
  type PartTombstone,
  UNANSWERED,
} from './records.ts';
import { Retry } from './retry.ts';

/** What the hub around does at the turns of an agreement. Called within the step. */
export interface AgreementHooks {
  /** Keys that are valid now: none for a stranger. */
  keysOf(hub: HubId): readonly string[];
  /** Text of the task's private part, for ACTIVATE. */
  taskPrivate(agreement: AgreementRecord): string | null;
  /** The target hub answered: the reservation is over, its row is the truth. */
  answered(part: AgreementPart, epoch: number, row: LeaseRow | null): void;
  /** The vote did not come in time or no longer matters: the reservation is over. */
  unanswered(part: AgreementPart): void;
  aborted(agreement: AgreementRecord, lostRaces: AgreementPart[]): void;
  committed(agreement: AgreementRecord): void;
  keyReleased(agreement: AgreementRecord, part: AgreementPart): void;
  running(agreement: AgreementRecord): void;
  /** @param lingers  its lessor still tells of its containers. */
  partEnded(agreement: AgreementRecord, part: AgreementPart, lingers: boolean): void;
  ended(agreement: AgreementRecord): void;
}

type VoteYes = Extract<AgreementMessage, { type: 'vote-yes' }>;
type PartEnded = Extract<AgreementMessage, { type: 'part-ended' }>;

/** Parts that still count: asked and not refused. */
function isLive(part: AgreementPart): boolean {
  return part.status !== 'refused' && part.status !== 'closed' && part.status !== 'ended';
}

/** @patent [0057] [0059] C1.7 */
export class FirstAgreements {
  readonly agreements = new Map<AgreementId, AgreementRecord>();
  readonly tombstones = new Map<string, PartTombstone>();
  /** Those in negotiation: some vote is awaited. */
  readonly preparing = new Set<AgreementRecord>();
  readonly #retry = new Retry();
  readonly #ports: AgreementPorts;
  readonly #hooks: AgreementHooks;

  constructor(ports: AgreementPorts, hooks: AgreementHooks) {
    this.#ports = ports;
    this.#hooks = hooks;
  }

  restore(agreement: AgreementRecord): void {
    for (const part of agreement.parts) {
      // Records of earlier versions know of no keys, or have them in clear: nothing for this hub.
      if (typeof part.keys !== 'string') part.keys = null;
      part.release ??= null;
    }
    this.#ports.restored(agreement);
    this.agreements.set(agreement.id, agreement);
    if (agreement.state === 'preparing') this.preparing.add(agreement);
    this.#ports.wakeAt(`agreement ${agreement.id}`, this.#ports.now().elapsedMs);
  }

  restoreTombstone(tombstone: PartTombstone): void {
    this.tombstones.set(tombstone.id, tombstone);
    this.#ports.wakeAt(`agreement ${tombstone.id}`, tombstone.atMs + this.#ports.timing.retainMs);
  }

  /** Signs one part document per target lessor and asks all target hubs. */
  start(
    base: Pick<AgreementRecord, 'id' | 'order' | 'attempt' | 'atomic' | 'minReplicas'>,
    parts: readonly AgreementPartTerms[],
  ): AgreementRecord {
    const { signatures, self } = this.#ports;
    const agreement: AgreementRecord = {
      ...base,
      state: 'preparing',
      createdAtMs: this.#ports.now().elapsedMs,
      decidedAtMs: null,
      runningAtMs: null,
      endedAtMs: null,
      code: null,
      parts: parts.map((terms) => ({
        terms,
        document: signatures.sign(self, 'agreement-part', terms as unknown as JsonValue),
        ...UNANSWERED,
      })),
    };
    this.agreements.set(agreement.id, agreement);
    this.#save(agreement);
    this.#pump(agreement);
    return agreement;
  }

  handle(from: HubId, message: AgreementMessage): void {
    if (!('agreement' in message)) return;
    const agreement = this.agreements.get(message.agreement);
    if (!agreement) return this.#answerUnknown(from, message);
    const part = agreement.parts[message.part];
    if (!part || part.terms.targetHub !== from) return;
    switch (message.type) {
      case 'vote-yes':
      case 'vote-no':
        return this.#vote(agreement, part, message);
      case 'aborted':
        if (part.status === 'refused' || agreement.state === 'aborted') part.status = 'closed';
        return this.#save(agreement);
      case 'started':
        return this.#started(agreement, part);
      case 'running':
        if (part.status !== 'started') return;
        part.status = 'running';
        return this.#save(agreement);
      case 'part-ended':
        return this.#partEnded(agreement, part, message);
      case 'settled':
        if (part.settleMicro !== null && !part.settled) {
          part.settled = true;
          this.#save(agreement);
        }
        return;
      default:
        return;
    }
  }

  #vote(
    agreement: AgreementRecord,
    part: AgreementPart,
    message: Extract<AgreementMessage, { type: 'vote-yes' | 'vote-no' }>,
  ): void {
    if (agreement.state === 'aborted' || part.status === 'refused' || part.status === 'closed') {
      // A vote after the decision is answered by it: a yes is taken back, a no needs nothing.
      part.status = message.type === 'vote-no' ? 'closed' : 'refused';
      this.#save(agreement);
      this.#tell(agreement, part);
      // Until it is confirmed: the answer may be lost like the one before.
      return part.status === 'refused' ? this.#schedule(agreement, true) : undefined;
    }
    if (part.status !== 'asked') return;
    this.#hooks.answered(part, message.epoch, message.row);
    const document = message.type === 'vote-yes' && this.#countersigned(part, message);
    if (message.type === 'vote-yes' && document) {
      part.status = 'yes';
      part.document = document;
      part.keys = message.keys;
    } else {
      part.status = message.type === 'vote-no' ? 'closed' : 'refused';
      part.outcome = message.type === 'vote-no' ? message.code : 'AGREEMENT_SIGNATURE';
      // What was reserved for it may suit an order that found no room meanwhile.
      this.#hooks.unanswered(part);
    }
    this.#save(agreement);
    this.#decide(agreement, false);
  }

  /** With the target hub's signature over what this hub signed and asked for; null when it is not one. */
  #countersigned({ terms, document }: AgreementPart, vote: VoteYes): SignedDocument | null {
    const { targetHub: keyId } = terms;
    const entry = { keyId, signature: vote.signature };
    const signed = { ...document, signatures: [...document.signatures, entry] };
    // A vote of this very hub is signed in this step, and goes through nobody's hands.
    if (keyId === this.#ports.self) this.#ports.signatures.share(vote, entry);
    else {
      const keys = this.#hooks.keysOf(keyId);
      if (!isSignedByAny(this.#ports.crypto, signed, 'agreement-part', keyId, keys)) return null;
    }
    return signed;
  }

  /** Decides as soon as the votes allow it; `timeUp` decides with what there is. */
  #decide(agreement: AgreementRecord, timeUp: boolean): void {
    if (agreement.state !== 'preparing') return;
    const yes = agreement.parts.filter((part) => part.status === 'yes');
    const waiting = agreement.parts.filter((part) => part.status === 'asked');
    const refused = agreement.parts.length - yes.length - waiting.length;
    const possible = agreement.atomic
      ? refused === 0
      : replicasIn([...yes, ...waiting]) >= agreement.minReplicas;
    if (!possible) return this.abort(agreement, 'AGREEMENT_ABORTED');
    if (waiting.length > 0 && !timeUp) return;
    const enough = agreement.atomic
      ? waiting.length === 0
      : replicasIn(yes) >= agreement.minReplicas;
    if (!enough) return this.abort(agreement, 'AGREEMENT_NO_ANSWER');
    for (const part of waiting) {
      part.status = 'refused';
      part.outcome = 'AGREEMENT_NO_ANSWER';
      this.#hooks.unanswered(part);
    }
    agreement.state = 'committed';
    agreement.decidedAtMs = this.#ports.now().elapsedMs;
    this.#save(agreement);
    this.#hooks.committed(agreement);
    this.#pump(agreement);
  }

  /** Writes the abort tombstone (the record itself) and tells every target hub. */
  abort(agreement: AgreementRecord, code: RefusalCode): void {
    invariant(agreement.state === 'preparing', `abort of a decided agreement ${agreement.id}`);
    agreement.state = 'aborted';
    agreement.code = code;
    agreement.decidedAtMs = this.#ports.now().elapsedMs;
    agreement.endedAtMs = agreement.decidedAtMs;
    const lost = agreement.parts.filter((part) => part.outcome === 'AGREEMENT_LOST_RACE');
    for (const part of agreement.parts) {
      if (part.status === 'asked') this.#hooks.unanswered(part);
    }
    this.#save(agreement);
    this.#pump(agreement);
    this.#hooks.aborted(agreement, lost);
  }

  /**
   * The lessee released the task's key for this part. The first release is the one that counts: a
   * second one, or one that comes too late, changes nothing.
   */
  release(agreement: AgreementRecord, part: AgreementPart, release: string): void {
    if (!this.awaitsKey(agreement, part)) return;
    part.release = release;
    this.#save(agreement);
    this.#retry.reset(agreement.id);
    this.#tell(agreement, part);
    this.#schedule(agreement, true);
    this.#hooks.keyReleased(agreement, part);
  }

  /** True while the part is frozen and waits for its lessee alone. */
  awaitsKey(agreement: AgreementRecord, part: AgreementPart): boolean {
    return (
      agreement.state === 'committed' &&
      part.status === 'yes' &&
      part.endCode === null &&
      part.release === null &&
      this.#hooks.taskPrivate(agreement) !== null
    );
  }

  #started(agreement: AgreementRecord, part: AgreementPart): void {
    if (part.status === 'yes') {
      part.status = 'started';
      this.#save(agreement);
    }
    if (agreement.state === 'committed') this.#checkStarted(agreement);
    else this.#tell(agreement, part);
  }

  /** ALL_STARTED once every part that still counts has started: billing begins there. */
  #checkStarted(agreement: AgreementRecord): void {
    if (agreement.state !== 'committed') return;
    const live = agreement.parts.filter((part) => isLive(part) && !part.endCode);
    const due = live.length > 0 && live.every((part) => part.status === 'started');
    if (!due || (agreement.atomic && live.length < agreement.parts.length)) return;
    agreement.state = 'running';
    agreement.runningAtMs = this.#ports.now().elapsedMs;
    this.#save(agreement);
    this.#pump(agreement);
    this.#hooks.running(agreement);
  }

  #partEnded(agreement: AgreementRecord, part: AgreementPart, message: PartEnded): void {
    const { agreement: id, part: number } = message;
    this.#ports.send(part.terms.targetHub, { type: 'part-ended-ack', agreement: id, part: number });
    if (agreement.state === 'preparing' || agreement.state === 'aborted') {
      if (part.status === 'asked' || part.status === 'yes') {
        this.#hooks.unanswered(part);
        part.status = 'closed';
        part.outcome = message.outcome;
        this.#save(agreement);
        this.#decide(agreement, false);
      }
      return;
    }
    if (!isLive(part)) return;
    // Billing begins with our ALL_STARTED: a hub that was never sent it has nothing to bill.
    const billable = agreement.runningAtMs !== null && part.status !== 'yes';
    part.status = 'ended';
    part.outcome = message.outcome;
    if (billable && this.#isMetered(part, message)) {
      part.billedMs = message.billedMs;
      part.costMicro = message.costMicro;
      part.meter = message.meter;
    }
    this.#save(agreement);
    this.#hooks.partEnded(agreement, part, message.lingers);
    this.#afterPartEnd(agreement, part);
  }

  /** True when the target hub signed exactly these figures; without that nothing is billed. */
  #isMetered(part: AgreementPart, message: PartEnded): boolean {
    const { billedMs, costMicro, meter } = message;
    const { agreement, part: number, targetHub } = part.terms;
    const figures = { part: partIdOf(agreement, number), billedMs, costMicro };
    if (meter?.payload !== canonicalJson(figures)) return false;
    // Of this very hub: it may have been metered in this step.
    if (targetHub === this.#ports.self) return true;
    const keys = this.#hooks.keysOf(targetHub);
    return isSignedByAny(this.#ports.crypto, meter, 'meter', targetHub, keys);
  }

  /** An atomic agreement stands or falls as a whole until every part runs; then its rule decides. */
  #afterPartEnd(agreement: AgreementRecord, part: AgreementPart): void {
    const live = agreement.parts.filter(isLive);
    const failed = part.outcome !== 'completed';
    if (live.length === 0) return this.#finish(agreement);
    if (failed) {
      const neverRan = part.billedMs === 0;
      const tooFew = agreement.state === 'committed' && replicasIn(live) < agreement.minReplicas;
      const terminate =
        agreement.state === 'running' && part.terms.disconnect.onLoss === 'terminate';
      if (agreement.atomic ? neverRan || terminate : tooFew) {
        return this.end(agreement, 'LEASE_PART_LOST');
      }
    }
    this.#checkStarted(agreement);
  }

  /** Ends all parts that still count. */
  end(agreement: AgreementRecord, code: RefusalCode): void {
    if (agreement.state === 'committed' || agreement.state === 'running') {
      agreement.state = 'ending';
      agreement.code = code;
    }
    for (const part of agreement.parts) if (isLive(part)) part.endCode ??= code;
    const isOver = agreement.state === 'ending' && !agreement.parts.some(isLive);
    if (isOver) return this.#finish(agreement);
    this.#save(agreement);
    this.#pump(agreement);
  }

  #finish(agreement: AgreementRecord): void {
    agreement.state = 'ended';
    agreement.endedAtMs = this.#ports.now().elapsedMs;
    const agreed = agreement.parts.filter((part) => part.status === 'ended');
    const isVoid = agreement.atomic && agreed.some((part) => part.billedMs === 0);
    for (const part of agreed) part.settleMicro ??= isVoid ? 0n : settlementOf(part);
    this.#save(agreement);
    this.#pump(agreement);
    this.#hooks.ended(agreement);
  }

  /** A deadline: vote time-out, start grace, unconfirmed ALL_STARTED, or a retry. */
  wake(id: AgreementId): void {
    const agreement = this.agreements.get(id);
    if (!agreement) return this.#forgetTombstone(id);
    const nowMs = this.#ports.now().elapsedMs;
    const { timing } = this.#ports;
    const isLeased = agreement.state !== 'preparing' && !FINAL.has(agreement.state);
    // Told by its target hubs after this hub had lost it: nobody will report its end again.
    if (isLeased && !agreement.parts.some(isLive)) return this.#finish(agreement);
    if (agreement.state === 'preparing' && nowMs >= agreement.createdAtMs + timing.voteTimeoutMs) {
      return this.#decide(agreement, true);
    }
    const decidedAtMs = agreement.decidedAtMs ?? 0;
    if (agreement.state === 'committed' && nowMs >= decidedAtMs + this.#graceMs(agreement)) {
      return this.#startGraceOver(agreement);
    }
    const runningAtMs = agreement.runningAtMs ?? 0;
    if (agreement.state === 'running' && nowMs >= runningAtMs + timing.startGraceMs) {
      // Whether a silent part runs or stopped itself cannot be known: an atomic order ends.
      const silent = agreement.parts.some((part) => part.status === 'started');
      if (silent && agreement.atomic) return this.end(agreement, 'LEASE_START_GRACE');
    }
    this.#pump(agreement);
  }

  #startGraceOver(agreement: AgreementRecord): void {
    const missing = agreement.parts.filter((part) => part.status === 'yes');
    const rest = agreement.parts.filter((part) => isLive(part) && !missing.includes(part));
    const codeOf = (part: AgreementPart) =>
      this.awaitsKey(agreement, part) ? 'LEASE_KEY_MISSING' : 'LEASE_START_GRACE';
    if (agreement.atomic || replicasIn(rest) < agreement.minReplicas) {
      const isKeyless = missing.some((part) => this.awaitsKey(agreement, part));
      return this.end(agreement, isKeyless ? 'LEASE_KEY_MISSING' : 'LEASE_START_GRACE');
    }
    for (const part of missing) part.endCode ??= codeOf(part);
    this.#save(agreement);
    this.#pump(agreement);
    this.#checkStarted(agreement);
  }

  /**
   * How long to wait for STARTED. The parts of a partial order stop themselves after the full grace,
   * so those that started must hear ALL_STARTED well before: the missing ones get half of it.
   */
  #graceMs({ atomic }: AgreementRecord): number {
    const { startGraceMs } = this.#ports.timing;
    return atomic ? startGraceMs : startGraceMs / 2;
  }

  /** Sends to each target hub what it has not answered yet, and sets the next deadline. */
  #pump(agreement: AgreementRecord): void {
    let unanswered = false;
    for (const part of agreement.parts) {
      const message = this.#nextMessage(agreement, part);
      if (!message) continue;
      unanswered = true;
      this.#ports.send(part.terms.targetHub, message);
    }
    this.#schedule(agreement, unanswered);
  }

  /** Repeats to one target hub what it has evidently not got. */
  #tell(agreement: AgreementRecord, part: AgreementPart): void {
    const message = this.#nextMessage(agreement, part);
    if (message) this.#ports.send(part.terms.targetHub, message);
  }

  #nextMessage(agreement: AgreementRecord, part: AgreementPart): AgreementMessage | undefined {
    const { id, state } = agreement;
    const { part: number } = part.terms;
    const named = { agreement: id, part: number };
    if (part.status === 'closed') return undefined;
    if (state === 'preparing') {
      return part.status === 'asked' ? { type: 'prepare', document: part.document } : undefined;
    }
    if (state === 'aborted' || part.status === 'refused') {
      return { type: 'abort', ...named, code: agreement.code ?? 'AGREEMENT_ABORTED' };
    }
    if (part.status === 'ended') {
      if (part.settleMicro === null || part.settled) return undefined;
      return { type: 'settle', ...named, costMicro: part.settleMicro };
    }
    if (part.endCode) return { type: 'end', ...named, code: part.endCode };
    if (part.status === 'yes') {
      const taskPrivate = this.#hooks.taskPrivate(agreement);
      return { type: 'activate', ...named, taskPrivate, release: part.release };
    }
    if (part.status === 'started' && state === 'running') return { type: 'all-started', ...named };
    return undefined;
  }

  #schedule(agreement: AgreementRecord, unanswered: boolean): void {
    const { timing } = this.#ports;
    const nowMs = this.#ports.now().elapsedMs;
    const times: number[] = [];
    if (unanswered) times.push(nowMs + this.#retry.next(agreement.id, timing));
    else this.#retry.reset(agreement.id);
    if (agreement.state === 'preparing') times.push(agreement.createdAtMs + timing.voteTimeoutMs);
    if (agreement.state === 'committed') {
      times.push((agreement.decidedAtMs ?? 0) + this.#graceMs(agreement));
    }
    if (agreement.state === 'running') {
      times.push((agreement.runningAtMs ?? 0) + timing.startGraceMs);
    }
    const future = times.filter((time) => time > nowMs);
    if (future.length > 0) this.#ports.wakeAt(`agreement ${agreement.id}`, Math.min(...future));
    else this.#ports.cancelWake(`agreement ${agreement.id}`);
  }

  /** True when no message about it is outstanding: it can leave memory. */
  isClosed(agreement: AgreementRecord): boolean {
    const { state, parts, endedAtMs } = agreement;
    if (state !== 'ended' && state !== 'aborted') return false;
    const over = this.#ports.now().elapsedMs >= (endedAtMs ?? 0) + this.#ports.timing.retainMs;
    return parts.every(
      (part) => part.status === 'closed' || part.settled || (state === 'aborted' && over),
    );
  }

  forget(agreement: AgreementRecord): void {
    this.agreements.delete(agreement.id);
    this.#retry.reset(agreement.id);
    this.#ports.cancelWake(`agreement ${agreement.id}`);
    this.#ports.archive(KEPT_AGREEMENT, agreement.id, agreement);
  }

  /** Never says "unknown" without a tombstone: what is answered here can never come true later. */
  #answerUnknown(from: HubId, message: Extract<AgreementMessage, { agreement: string }>): void {
    const { agreement, part } = message;
    const id = `first ${partIdOf(agreement, part)}`;
    if (!this.tombstones.has(id)) {
      const atMs = this.#ports.now().elapsedMs;
      const code = 'AGREEMENT_UNKNOWN' as const;
      const tombstone: PartTombstone = { id, firstHub: this.#ports.self, code, atMs };
      this.restoreTombstone(tombstone);
      this.#ports.put('tombstone', id, tombstone);
    }
    const code = 'AGREEMENT_UNKNOWN' as const;
    if (message.type === 'vote-yes') {
      this.#ports.send(from, { type: 'abort', agreement, part, code });
    } else if (message.type === 'started' || message.type === 'running') {
      this.#ports.send(from, { type: 'end', agreement, part, code });
    } else if (message.type === 'part-ended') {
      this.#ports.send(from, { type: 'part-ended-ack', agreement, part });
      this.#ports.send(from, { type: 'settle', agreement, part, costMicro: 0n });
    }
  }

  #forgetTombstone(id: string): void {
    const tombstone = this.tombstones.get(id);
    if (!tombstone) return;
    this.tombstones.delete(id);
    this.#ports.put('tombstone', id, tombstone, false);
    this.#ports.ended('tombstone', id);
  }

  #save(agreement: AgreementRecord): void {
    if (agreement.state === 'preparing') this.preparing.add(agreement);
    else this.preparing.delete(agreement);
    this.#ports.keep(KEPT_AGREEMENT, agreement.id, agreement);
  }
}

const FINAL: ReadonlySet<AgreementRecord['state']> = new Set(['ended', 'aborted']);

function replicasIn(parts: readonly AgreementPart[]): number {
  return parts.reduce((sum, part) => sum + replicasOf(part.terms.placements), 0);
}

/** What a part costs: never more than its price for the time billed, nor than was metered. */
function settlementOf(part: AgreementPart): Micro {
  const { priceMicroPerHour, durationMs } = part.terms;
  const ceiling = costOf(priceMicroPerHour, Math.min(part.billedMs, durationMs));
  return smaller(part.costMicro, ceiling);
}
