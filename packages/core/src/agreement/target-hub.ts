/** The target hub's side of agreements: hold, freeze, countersign, activate, run, end, release. */
import { sealChain } from '../identity/sealed-chain.ts';
import { placementsPriceMicroPerHour } from '../order/price.ts';
import { invariant, type Refusal, type RefusalCode, refuse } from '../refusals.ts';
import { isSignedByAny, type SignedDocument } from '../units/document.ts';
import {
  type AgreementId,
  compareIds,
  type HubId,
  hubOf,
  type PartId,
  type ParticipantId,
  partIdOf,
} from '../units/ids.ts';
import type { JsonValue } from '../units/json.ts';
import { costOf } from '../units/money.ts';
import { KEPT_PART } from './kept.ts';
import type { AgreementMessage } from './messages.ts';
import type { AgreementPorts, Lessors } from './ports.ts';
import {
  type AgreementPartTerms,
  holdsQuantity,
  type PartOutcome,
  type PartRecord,
  type PartTombstone,
} from './records.ts';
import { Retry } from './retry.ts';
import { BILLING_MIN_MS, STOP_AFTER_MS_MAX } from './timing.ts';

/** A first hub may ask for a hold or a start grace of at most this many times our own. */
const HOLD_FACTOR_MAX = 10;

/** True while the lessor has a task that it has no key for: none of it may start. */
export function awaitsKey({ taskPrivate, release }: PartRecord): boolean {
  return taskPrivate !== null && release === null;
}

type Prepare = Extract<AgreementMessage, { type: 'prepare' }>;

/**
 * All parts for which this hub is target hub. Capacity is changed here and nowhere else: two
 * signings for the same unit meet in one table, and exactly one wins.
 *
 * @patent [0057] C1.7 C7.1 SIG-1
 */
export class TargetParts {
  readonly parts = new Map<PartId, PartRecord>();
  readonly tombstones = new Map<PartId, PartTombstone>();
  /** Of each lessor, by id. */
  readonly #byLessor = new Map<ParticipantId, PartRecord[]>();
  /** Desired-set revision that the agent must have applied before a stopping part has ended. */
  readonly #stopRevision = new Map<PartId, number>();
  readonly #retry = new Retry();
  readonly #ports: AgreementPorts;
  readonly #lessors: Lessors;

  constructor(ports: AgreementPorts, lessors: Lessors) {
    this.#ports = ports;
    this.#lessors = lessors;
  }

  /** Takes a stored part back after a restart; the lessor's inventory must be there already. */
  restore(part: PartRecord): void {
    // Records of earlier versions know of no restarts.
    part.restarts ??= [];
    part.release ??= null;
    this.#ports.restored(part);
    this.#index(part);
    if (holdsQuantity(part)) {
      const { replica, placements, lessor } = part.terms;
      const inventory = this.#lessors.inventory(lessor);
      // A name that this store never gave: nothing can be frozen or run under it.
      if (!inventory) return this.#finish(part, 'LEASE_LESSOR_LOST');
      inventory.freeze(replica, placements);
    }
    if (part.state === 'stopping' || part.lingers) {
      this.#stopRevision.set(part.id, this.#lessors.desiredChanged(part));
    }
    this.#ports.wakeAt(`part ${part.id}`, this.#ports.now().elapsedMs);
  }

  restoreTombstone(tombstone: PartTombstone): void {
    this.tombstones.set(tombstone.id, tombstone);
    this.#wakeTombstone(tombstone);
  }

  /** Parts of the lessor that hold some of its quantity, by id. */
  ofLessor(lessor: ParticipantId): PartRecord[] {
    return [...(this.#byLessor.get(lessor) ?? [])];
  }

  handle(from: HubId, message: AgreementMessage): void {
    switch (message.type) {
      case 'prepare':
        return this.#prepare(from, message);
      case 'abort':
        return this.#abort(from, message.agreement, message.part, message.code);
      case 'activate':
        return this.#activate(from, message);
      case 'all-started':
        return this.#allStarted(from, message.agreement, message.part);
      case 'end':
        return this.#end(from, message.agreement, message.part, message.code);
      case 'part-ended-ack':
        return this.#acknowledgeEnd(from, message.agreement, message.part);
      case 'settle':
        return this.#settle(from, message);
      default:
        return;
    }
  }

  /**
   * PREPARE: compare terms, compare free quantity, freeze and countersign in this very step.
   *
   * @patent [0057] C7.1 SIG-1
   */
  #prepare(from: HubId, message: Prepare): void {
    const terms = this.#lessors.readTerms(message.document.payload);
    // A hub that cannot be told which agreement is meant gets no vote; it will time out.
    if (!terms || terms.firstHub !== from || terms.targetHub !== this.#ports.self) return;
    const id = partIdOf(terms.agreement, terms.part);
    const known = this.parts.get(id);
    if (known) return this.#vote(known, false);
    const refusal = this.#refusePrepare(id, from, terms, message.document);
    if (refusal?.code === 'AGREEMENT_LOST_RACE') this.#lessors.raceLost();
    if (refusal) return this.#voteNo(terms, refusal.code, refusal.hint);
    const part: PartRecord = {
      id,
      terms,
      document: this.#countersigned(from, message.document),
      state: 'held',
      heldAtMs: this.#ports.now().elapsedMs,
      activeAtMs: null,
      runningAtMs: null,
      endedAtMs: null,
      started: false,
      taskPrivate: null,
      release: null,
      restarts: [],
      stoppedAtMs: null,
      outcome: null,
      billedMs: 0,
      costMicro: 0n,
      meter: null,
      endAcknowledged: false,
      settledMicro: null,
    };
    this.#lessors.inventory(terms.lessor)?.freeze(terms.replica, terms.placements);
    this.#lessors.stockChanged(terms.lessor);
    this.#index(part);
    this.#save(part);
    this.#schedule(part);
    this.#vote(part, true);
  }

  #countersigned(from: HubId, document: SignedDocument): SignedDocument {
    const { self, signatures } = this.#ports;
    const [own] = document.signatures;
    // What this hub asks of itself is signed once.
    if (from === self && own) return { ...document, signatures: [own, own] };
    return signatures.countersign(self, document);
  }

  /** Checks in this order: tombstone, form, signature, offer, agent, terms, price, free quantity. */
  #refusePrepare(
    id: PartId,
    from: HubId,
    terms: AgreementPartTerms,
    document: SignedDocument,
  ): Refusal | undefined {
    const tombstone = this.tombstones.get(id);
    if (tombstone?.firstHub === from) {
      return refuse('AGREEMENT_ABORTED', `aborted: ${tombstone.code}`);
    }
    const { timing, self } = this.#ports;
    // Bounds of ours, so that no hub can hold a lessor's quantity for long without a decision.
    const bounded =
      terms.holdMs <= HOLD_FACTOR_MAX * timing.holdMs &&
      terms.startGraceMs <= HOLD_FACTOR_MAX * timing.startGraceMs &&
      terms.disconnect.stopAfterMs <= STOP_AFTER_MS_MAX;
    const ours = hubOf(terms.lessor) === self && hubOf(terms.lessee) === from;
    if (!bounded || !ours || terms.part >= terms.partCount) {
      return refuse('AGREEMENT_MALFORMED', 'hold, grace, part number or parties');
    }
    const keys = this.#lessors.keysOf(from);
    // What this hub sends to itself never leaves the step in which it was signed.
    const isOwn = from === self;
    if (!isOwn && !isSignedByAny(this.#ports.crypto, document, 'agreement-part', from, keys)) {
      return refuse('AGREEMENT_SIGNATURE', 'signatures');
    }
    const inventory = this.#lessors.inventory(terms.lessor);
    const offer = this.#lessors.offer(terms.lessor);
    if (!inventory || !offer) return refuse('AGREEMENT_OFFER_GONE', terms.lessor);
    if (!this.#lessors.isConnected(terms.lessor)) {
      return refuse('AGREEMENT_LESSOR_AWAY', terms.lessor);
    }
    if (offer.termsRevision !== terms.termsRevision) {
      return refuse('AGREEMENT_TERMS_CHANGED', `termsRevision is ${offer.termsRevision}`);
    }
    const price = placementsPriceMicroPerHour(offer, terms.replica, terms.placements);
    if (price === undefined) return refuse('AGREEMENT_LOST_RACE', 'a lot is no longer offered');
    if (price !== terms.priceMicroPerHour) return refuse('AGREEMENT_PRICE', `price is ${price}`);
    if (!inventory.fits(terms.replica, terms.placements)) {
      return refuse('AGREEMENT_LOST_RACE', 'the quantity is no longer free');
    }
    return undefined;
  }

  /** @param isNew  what it froze is published in this very step. */
  #vote(part: PartRecord, isNew: boolean): void {
    const { agreement, part: number, firstHub, lessor } = part.terms;
    if (part.state === 'ended') {
      const { outcome } = part;
      const code = outcome === 'completed' || !outcome ? 'AGREEMENT_ABORTED' : outcome;
      return this.#voteNo(part.terms, code, 'the part has ended');
    }
    const { self, signatures } = this.#ports;
    const signed = part.document.signatures.findLast(({ keyId }) => keyId === self);
    invariant(signed !== undefined, `a part without our signature ${part.id}`);
    const epoch = this.#lessors.epoch();
    const goesByItself = isNew && this.#lessors.tellsRowsItself();
    const row = goesByItself ? null : this.#lessors.row(lessor);
    const keys = this.#sealedKeysOf(part);
    const named = { agreement, part: number } as const;
    const vote = { type: 'vote-yes', ...named, signature: '', epoch, row, keys } as const;
    signatures.share(signed, vote);
    this.#ports.send(firstHub, vote);
  }

  /** For the lessee's eyes: whose machine it is, its hub need not know. */
  #sealedKeysOf({ id, terms }: PartRecord): string | null {
    const { sealKey } = terms.task;
    const chain = sealKey === undefined ? null : this.#lessors.keyChainOf(terms.lessor);
    return sealKey && chain ? sealChain(this.#ports.crypto, sealKey, id, chain) : null;
  }

  /** A refusal carries the current row, so that the loser's table is right at once. */
  #voteNo(terms: AgreementPartTerms, code: RefusalCode, hint: string): void {
    const { agreement, part, firstHub, lessor } = terms;
    const row = this.#lessors.row(lessor);
    const epoch = this.#lessors.epoch();
    this.#ports.send(firstHub, { type: 'vote-no', agreement, part, code, hint, epoch, row });
  }

  #abort(from: HubId, agreement: AgreementId, number: number, code: RefusalCode): void {
    const id = partIdOf(agreement, number);
    const part = this.parts.get(id);
    if (part && part.terms.firstHub !== from) return;
    if (!part) this.#bury(id, from, code);
    else if (part.state === 'held') this.#finish(part, code);
    // Active parts cannot be aborted: the decision was to commit; END ends them.
    this.#ports.send(from, { type: 'aborted', agreement, part: number });
  }

  /** Comes a second time with the task's key once the lessee released it. */
  #activate(from: HubId, message: Extract<AgreementMessage, { type: 'activate' }>): void {
    const { agreement, part: number, taskPrivate, release } = message;
    const id = partIdOf(agreement, number);
    const part = this.parts.get(id);
    if (!part) {
      this.#bury(id, from, 'AGREEMENT_HOLD_EXPIRED');
      return this.#sendNeverActive(from, agreement, number, 'AGREEMENT_HOLD_EXPIRED');
    }
    if (part.terms.firstHub !== from) return;
    if (part.state === 'held') {
      part.state = 'active';
      part.activeAtMs = this.#ports.now().elapsedMs;
      part.taskPrivate = taskPrivate;
      part.release = release;
      this.#save(part);
      this.#schedule(part);
      this.#lessors.desiredChanged(part);
      return;
    }
    if (part.state === 'active' && awaitsKey(part) && release !== null) {
      part.release = release;
      this.#save(part);
      this.#lessors.desiredChanged(part);
    }
    this.#tell(part);
  }

  #allStarted(from: HubId, agreement: AgreementId, number: number): void {
    const part = this.#partOf(from, agreement, number);
    if (!part) return;
    if (part.state === 'active' && part.started) {
      part.state = 'running';
      part.runningAtMs = this.#ports.now().elapsedMs;
      this.#save(part);
      this.#lessors.desiredChanged(part);
    }
    this.#tell(part);
    // A short job may be over already: nobody pays for the time until the next report.
    this.#lessors.followReports(part);
  }

  #end(from: HubId, agreement: AgreementId, number: number, code: RefusalCode): void {
    const id = partIdOf(agreement, number);
    const part = this.parts.get(id);
    if (!part) {
      this.#bury(id, from, code);
      return this.#sendNeverActive(from, agreement, number, code);
    }
    if (part.terms.firstHub !== from) return;
    if (part.state === 'active' || part.state === 'running') return this.stop(part, code);
    if (part.activeAtMs !== null) return this.#tell(part);
    // Its ACTIVATE never came: it ends here and now, and the first hub must learn that it did.
    if (part.state === 'held') this.#finish(part, code);
    this.#sendNeverActive(from, agreement, number, part.outcome as RefusalCode);
  }

  /**
   * Takes the containers out of the desired set; the quantity stays frozen until they are gone, the
   * bill ends now.
   *
   * @param endedAgoMs how long ago the work had ended by itself, when it had.
   */
  stop(part: PartRecord, outcome: PartOutcome, endedAgoMs = 0): void {
    part.outcome = outcome;
    part.state = 'stopping';
    part.stoppedAtMs = this.#ports.now().elapsedMs - endedAgoMs;
    this.#stopRevision.set(part.id, this.#lessors.desiredChanged(part));
    this.#save(part);
    this.#schedule(part);
  }

  /** All containers of the part were reported started (or even ended). */
  reportStarted(part: PartRecord): void {
    if (part.state !== 'active' || part.started) return;
    part.started = true;
    this.#save(part);
    this.#tell(part);
  }

  /** Containers of the part are to be started again, now or later. */
  restartsChanged(part: PartRecord): void {
    this.#save(part);
    this.#lessors.desiredChanged(part);
  }

  /** Elapsed time past which the agent must have stopped the part by itself. */
  #lostAtMs(part: PartRecord): number {
    const { stopTimeMs, heartbeatMs } = this.#ports.timing;
    const heard = this.#lessors.lastHeardMs(part.terms.lessor);
    return heard + part.terms.disconnect.stopAfterMs + stopTimeMs + 2 * heartbeatMs;
  }

  /**
   * A stopping part has ended once all its containers are reported exited (none starts twice), or
   * its agent applied a desired set without it and runs none of its containers. Its lease ends on time
   * all the same: what is told to run long after the agent had to end it lingers.
   */
  confirmStopped(
    lessor: ParticipantId,
    revision: number,
    containersOf: (part: PartRecord) => {
      state: 'up' | 'gone' | 'all-exited';
      endedAgoMs: number;
    },
  ): void {
    for (const part of this.ofLessor(lessor)) {
      if (part.state !== 'stopping' && !part.lingers) continue;
      const { state, endedAgoMs } = containersOf(part);
      const applied = revision >= (this.#stopRevision.get(part.id) ?? 0);
      if (state === 'up' && part.state === 'stopping' && this.#isOverdue(part)) {
        this.#finish(part, part.outcome ?? 'completed', true);
      }
      if (state === 'up' || (state === 'gone' && !applied)) continue;
      if (part.lingers) {
        this.#returnQuantity(part);
        this.#save(part);
        continue;
      }
      // The work may have ended by itself before this hub told it to stop.
      const endedAtMs = this.#ports.now().elapsedMs - endedAgoMs;
      part.stoppedAtMs = Math.min(part.stoppedAtMs ?? endedAtMs, endedAtMs);
      this.#finish(part, part.outcome ?? 'completed');
    }
  }

  /** A report that is taken now was made after the agent had to have ended it: so old is no frame. */
  #isOverdue({ runningAtMs, terms }: PartRecord): boolean {
    if (runningAtMs === null) return false;
    const { stopTimeMs, frameTtlMs } = this.#ports.timing;
    const dueMs = runningAtMs + terms.durationMs + stopTimeMs + frameTtlMs;
    return this.#ports.now().elapsedMs >= dueMs;
  }

  /**
   * Ends the part: meters it, signs the meter, returns the quantity, all in this step.
   *
   * @param lingers  its containers are still told of: they keep the quantity.
   * @patent [0058] SIG-2 EXE-4 EXE-5
   */
  #finish(part: PartRecord, outcome: PartOutcome, lingers = false): void {
    const nowMs = this.#ports.now().elapsedMs;
    const { terms } = part;
    if (part.runningAtMs !== null) {
      const untilMs = part.stoppedAtMs ?? nowMs;
      const ranMs = Math.max(BILLING_MIN_MS, untilMs - part.runningAtMs);
      part.billedMs = Math.min(ranMs, terms.durationMs);
      part.costMicro = costOf(terms.priceMicroPerHour, part.billedMs);
      part.meter = this.#ports.signatures.sign(this.#ports.self, 'meter', {
        part: part.id,
        billedMs: part.billedMs,
        costMicro: part.costMicro,
      } satisfies JsonValue);
    }
    part.state = 'ended';
    part.outcome = outcome;
    part.endedAtMs = nowMs;
    part.taskPrivate = null;
    part.release = null;
    if (lingers) part.lingers = true;
    else this.#returnQuantity(part);
    // A part that never was activated needs no report: its first hub aborted it or will be told.
    if (part.activeAtMs === null) part.endAcknowledged = true;
    this.#save(part);
    this.#tell(part);
  }

  #returnQuantity(part: PartRecord): void {
    const { lessor, replica, placements } = part.terms;
    if (part.lingers) part.lingers = false;
    this.#unlist(part);
    this.#stopRevision.delete(part.id);
    this.#lessors.inventory(lessor)?.release(replica, placements);
    this.#lessors.stockChanged(lessor);
  }

  #acknowledgeEnd(from: HubId, agreement: AgreementId, number: number): void {
    const part = this.#partOf(from, agreement, number);
    if (part?.state !== 'ended' || part.endAcknowledged) return;
    part.endAcknowledged = true;
    this.#save(part);
    this.#schedule(part);
  }

  #settle(from: HubId, message: Extract<AgreementMessage, { type: 'settle' }>): void {
    const { agreement, part: number, costMicro } = message;
    const part = this.parts.get(partIdOf(agreement, number));
    if (part && part.terms.firstHub !== from) return;
    // A first hub may bill less than was metered (a void agreement), never more.
    if (part?.state === 'ended' && part.settledMicro === null && costMicro <= part.costMicro) {
      part.settledMicro = costMicro;
      part.endAcknowledged = true;
      this.#save(part);
      this.#schedule(part);
    }
    this.#ports.send(from, { type: 'settled', agreement, part: number });
  }

  /** Tells the first hub where the part stands, as often as needed until it answers. */
  #tell(part: PartRecord): void {
    const { agreement, part: number, firstHub } = part.terms;
    const send = (message: AgreementMessage) => this.#ports.send(firstHub, message);
    if (part.state === 'active' && part.started) send({ type: 'started', agreement, part: number });
    else if (part.state === 'running') send({ type: 'running', agreement, part: number });
    else if (part.state === 'ended' && part.activeAtMs === null) {
      const outcome = part.outcome ?? 'AGREEMENT_HOLD_EXPIRED';
      const none = { billedMs: 0, costMicro: 0n, meter: null, lingers: false };
      if (outcome === 'AGREEMENT_HOLD_EXPIRED') {
        send({ type: 'part-ended', agreement, part: number, outcome, ...none });
      }
    } else if (part.state === 'ended') {
      const { outcome, billedMs, costMicro, meter } = part;
      send({
        type: 'part-ended',
        agreement,
        part: number,
        outcome: outcome ?? 'completed',
        billedMs,
        costMicro,
        meter,
        lingers: part.lingers === true,
      });
    }
    this.#schedule(part);
  }

  #sendNeverActive(to: HubId, agreement: AgreementId, part: number, outcome: RefusalCode): void {
    const none = { billedMs: 0, costMicro: 0n, meter: null, lingers: false };
    this.#ports.send(to, { type: 'part-ended', agreement, part, outcome, ...none });
  }

  /** A deadline of this part came: hold, grace, lost lessor, lost hub, lease end, or a retry. */
  wake(id: PartId): void {
    const part = this.parts.get(id);
    if (!part) return this.#wakeBuried(id);
    const nowMs = this.#ports.now().elapsedMs;
    const { timing } = this.#ports;
    if (part.state === 'held' && nowMs >= part.heldAtMs + part.terms.holdMs) {
      return this.#finish(part, 'AGREEMENT_HOLD_EXPIRED');
    }
    if (part.state === 'active' && nowMs >= (part.activeAtMs ?? 0) + part.terms.startGraceMs) {
      return this.stop(part, awaitsKey(part) ? 'LEASE_KEY_MISSING' : 'LEASE_START_GRACE');
    }
    if (part.state === 'running') {
      if (nowMs >= (part.runningAtMs ?? 0) + part.terms.durationMs) {
        return this.stop(part, part.terms.kind === 'service' ? 'completed' : 'LEASE_DURATION_OVER');
      }
      if (nowMs >= this.#hubLostAtMs(part)) return this.stop(part, 'LEASE_HUB_LOST');
    }
    if (part.lingers && nowMs >= this.#lostAtMs(part)) {
      this.#returnQuantity(part);
      this.#save(part);
    }
    const isUp = part.state === 'active' || part.state === 'running' || part.state === 'stopping';
    if (isUp && nowMs >= this.#lostAtMs(part)) return this.#giveUp(part);
    const isOver = part.state === 'ended' && !part.lingers;
    if (isOver && nowMs >= (part.endedAtMs ?? 0) + timing.retainMs) {
      if (part.endAcknowledged && (part.settledMicro !== null || part.activeAtMs === null)) {
        return this.#forget(part);
      }
    }
    if (part.state === 'active' && part.started) return this.#tell(part);
    if (part.state === 'ended' && !part.endAcknowledged) return this.#tell(part);
    this.#schedule(part);
  }

  /**
   * Its lessor is lost. What happened after the last word is not known: it is not billed, and a lease
   * that would have come to its time is not taken for done.
   */
  #giveUp(part: PartRecord): void {
    const heardMs = this.#lessors.lastHeardMs(part.terms.lessor);
    const { stoppedAtMs, outcome } = part;
    if (part.state !== 'stopping') this.#lessors.desiredChanged(part);
    const isKnown = stoppedAtMs !== null && stoppedAtMs <= heardMs;
    if (!isKnown) part.stoppedAtMs = heardMs;
    const ranOut = outcome === 'completed' || outcome === 'LEASE_DURATION_OVER';
    const isSure = outcome !== null && (isKnown || !ranOut);
    this.#finish(part, isSure ? outcome : 'LEASE_LESSOR_LOST');
  }

  /** One of several parts of an atomic order stops when the hub that ties them together is gone. */
  #hubLostAtMs(part: PartRecord): number {
    const { firstHub, partCount, atomic, disconnect } = part.terms;
    if (!atomic || partCount === 1 || firstHub === this.#ports.self) return Infinity;
    const { stopTimeMs } = this.#ports.timing;
    return this.#lessors.hubHeardMs(firstHub) + disconnect.stopAfterMs + stopTimeMs;
  }

  #schedule(part: PartRecord): void {
    const { timing } = this.#ports;
    const nowMs = this.#ports.now().elapsedMs;
    const { terms } = part;
    const times: number[] = [];
    if (part.state === 'held') times.push(part.heldAtMs + terms.holdMs);
    else if (holdsQuantity(part)) times.push(Math.max(this.#lostAtMs(part), nowMs + 1));
    if (part.state === 'active') times.push((part.activeAtMs ?? 0) + terms.startGraceMs);
    if (part.state === 'running') {
      times.push((part.runningAtMs ?? 0) + terms.durationMs);
      times.push(Math.max(this.#hubLostAtMs(part), nowMs + 1));
    }
    const unanswered =
      (part.state === 'active' && part.started) ||
      (part.state === 'ended' && !part.endAcknowledged);
    if (unanswered) times.push(nowMs + this.#retry.next(part.id, timing));
    else this.#retry.reset(part.id);
    if (part.state === 'ended' && !unanswered) {
      times.push(Math.max((part.endedAtMs ?? 0) + timing.retainMs, nowMs + timing.retainMs / 8));
    }
    this.#ports.wakeAt(`part ${part.id}`, Math.min(...times));
  }

  #partOf(from: HubId, agreement: AgreementId, number: number): PartRecord | undefined {
    const part = this.parts.get(partIdOf(agreement, number));
    return part?.terms.firstHub === from ? part : undefined;
  }

  #index(part: PartRecord): void {
    this.parts.set(part.id, part);
    if (!holdsQuantity(part)) return;
    const { lessor } = part.terms;
    const listed = this.#byLessor.get(lessor) ?? [];
    this.#byLessor.set(lessor, listed);
    listed.splice(placeOf(part.id, listed), 0, part);
  }

  #unlist({ id, terms }: PartRecord): void {
    const listed = this.#byLessor.get(terms.lessor) ?? [];
    const at = placeOf(id, listed);
    if (listed[at]?.id === id) listed.splice(at, 1);
  }

  #save(part: PartRecord): void {
    this.#ports.keep(KEPT_PART, part.id, part);
  }

  #bury(id: PartId, firstHub: HubId, code: RefusalCode): void {
    // Another hub's tombstone says nothing: it must not shut out the hub that may decide.
    if (this.tombstones.get(id)?.firstHub === firstHub) return;
    const tombstone = { id, firstHub, code, atMs: this.#ports.now().elapsedMs };
    this.tombstones.set(id, tombstone);
    this.#ports.put('tombstone', id, tombstone);
    this.#wakeTombstone(tombstone);
  }

  #wakeTombstone(tombstone: PartTombstone): void {
    this.#ports.wakeAt(`part ${tombstone.id}`, tombstone.atMs + this.#ports.timing.retainMs);
  }

  #wakeBuried(id: PartId): void {
    const tombstone = this.tombstones.get(id);
    if (!tombstone) return;
    this.tombstones.delete(id);
    this.#ports.put('tombstone', id, tombstone, false);
    this.#ports.ended('tombstone', id);
  }

  #forget(part: PartRecord): void {
    this.parts.delete(part.id);
    this.#retry.reset(part.id);
    this.#ports.archive(KEPT_PART, part.id, part);
    this.#ports.ended('part', part.id);
  }
}

/** Where it is, or belongs, in a list sorted by id. */
function placeOf(id: PartId, parts: readonly PartRecord[]): number {
  let [low, high] = [0, parts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareIds((parts[middle] as PartRecord).id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
