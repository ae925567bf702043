/** The participants' side of a hub: registration, offers, reports of agents, logs, relaying. */

import type { Inventory } from '../agreement/inventory.ts';
import type { Lessors } from '../agreement/ports.ts';
import type { AgreementPartTerms, PartRecord } from '../agreement/records.ts';
import { awaitsKey, type TargetParts } from '../agreement/target-hub.ts';
import type { KeyChain } from '../identity/statements.ts';
import { roundedDown } from '../order/buckets.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { LeaseRow } from '../panorama/row.ts';
import type { HubId, PartId, ParticipantId } from '../units/ids.ts';
import { encodeStored } from '../units/json.ts';
import type { HubContext } from './context.ts';
import { containersOf, DesiredSets, isHeldBack } from './desired-sets.ts';
import type { PanoramaDesk } from './panorama-desk.ts';
import { failureOf, isBroken, isUp, lastStatusesOf, statusesOf } from './part-reports.ts';
import { type Reported, type ReportedStatus, type Status, takeReport } from './reported.ts';
import { type Restarts, restartOf } from './restarts.ts';
import type { Member, UncheckedRecord } from './subnet.ts';

export class MemberDesk implements Lessors {
  readonly #context: HubContext;
  readonly #panoramas: Pick<PanoramaDesk, 'tellsRowsItself'>;
  /** Set right after construction: parts and members know each other. */
  #parts: TargetParts | undefined;
  #restarts: Restarts | undefined;
  readonly desired: DesiredSets;

  constructor(context: HubContext, panoramas: Pick<PanoramaDesk, 'tellsRowsItself'>) {
    this.#context = context;
    this.#panoramas = panoramas;
    this.desired = new DesiredSets(context, (lessor) => this.#parts?.ofLessor(lessor) ?? []);
  }

  connect(parts: TargetParts, restarts: Restarts): void {
    this.#parts = parts;
    this.#restarts = restarts;
  }

  restoreUnchecked(participant: ParticipantId, record: UncheckedRecord): void {
    const member = this.#context.subnet.get(participant);
    if (member) member.unchecked = record;
  }

  /** What was reported and asked for while this hub was not sure of its own past. */
  becameSure(): void {
    for (const [participant, member] of this.#context.subnet.members) {
      if (member.agentSession === null) continue;
      this.desired.send(participant, member);
      this.#followParts(participant, member, null);
    }
  }

  // ---- sessions ----

  /** @returns false for a delayed word of an earlier life of the agent: it changes nothing. */
  hello(
    participant: ParticipantId,
    session: string,
    role: 'agent' | 'lessee',
    keys?: KeyChain,
  ): boolean {
    const { subnet, out } = this.#context;
    const member = subnet.get(participant);
    if (!member) return false;
    if (role === 'agent' && isEarlier(session, member.agentSession)) return false;
    // First of all: the hub may sign with a key that the participant learns by it.
    const { hubList } = this.#context;
    if (hubList) out.send(participant, hubList, session);
    this.#welcome(participant, member, session);
    if (role !== 'agent') return true;
    if (keys) this.#takeKeys(participant, member, keys);
    if (member.agentSession !== session) member.statusSeq = 0;
    member.agentSession = session;
    member.appliedRevision = -1;
    this.#heard(participant, member);
    this.desired.send(participant, member);
    if (member.admitted.collect === 'pull') {
      this.collect(participant, 'resource');
      this.collect(participant, 'offer');
    }
    return true;
  }

  #welcome(participant: ParticipantId, { admitted }: Member, session: string): void {
    const { self: hub, epoch, out } = this.#context;
    out.send(participant, { type: 'welcome', hub, epoch, collect: admitted.collect }, session);
  }

  /** Recorded as shown: whose word counts about keys is for those who seal to them to verify. */
  #takeKeys(participant: ParticipantId, member: Member, keys: KeyChain): void {
    const known = member.registry.keys?.key.payload;
    if (known === keys.key.payload) return;
    member.registry = { ...member.registry, keys };
    this.#context.put('registry', participant, member.registry);
  }

  /** Pull: asks the agent for what is in its local table. @patent [0037] [0041] PAN-4 LSE-2 */
  collect(participant: ParticipantId, what: 'resource' | 'offer'): void {
    this.#context.sendToAgent(participant, { type: 'collect', what });
  }

  // ---- reports of the agent ----

  /** What the agent runs, or what changed of it, and which version of the desired set it has applied. */
  status(participant: ParticipantId, session: string, message: Status): void {
    const member = this.#context.subnet.get(participant) as Member;
    // Overtaken by a newer report: what it says is no longer so.
    if (message.seq <= member.statusSeq) return;
    // It builds on what an earlier life of this hub knew: welcomed anew, the agent reports in full.
    if ((message.since ?? 0) > member.statusSeq) return this.#welcome(participant, member, session);
    member.statusSeq = message.seq;
    this.#heard(participant, member);
    this.#context.sendToAgent(participant, { type: 'status-ack', seq: message.seq });
    const { elapsedMs } = this.#context.now();
    const changed = takeReport(member.statuses, message, elapsedMs);
    const current = message.epoch === this.#context.epoch;
    this.desired.reported(participant, member, current ? message.revision : -1);
    this.#followParts(participant, member, changed);
  }

  #heard(participant: ParticipantId, member: Member): void {
    member.agentHeardMs = this.#context.now().elapsedMs;
    if (!member.connected) {
      member.connected = true;
      this.publishStock(participant);
    }
    this.schedule(participant);
  }

  /** @param changed  what else is running is as it was when it was looked at last; null: look at all. */
  #followParts(
    participant: ParticipantId,
    member: Member,
    changed: ReadonlySet<PartId> | null,
  ): void {
    const parts = this.#parts;
    if (!parts || !this.#context.isSure) return;
    this.#checkAgent(parts, participant, member);
    const lessor = member.veil?.name ?? participant;
    for (const part of parts.ofLessor(lessor)) {
      const isKnown = part.state === 'running' && changed !== null && !changed.has(part.id);
      if (!isKnown) this.#followPart(parts, part, member);
    }
    this.#confirmStopped(parts, lessor, member);
  }

  #confirmStopped(parts: TargetParts, lessor: ParticipantId, member: Member): void {
    parts.confirmStopped(lessor, member.appliedRevision, (part) => {
      const statuses = statusesOf(part, member.statuses);
      const known = statuses.every((status) => status !== undefined);
      const state = statuses.some(isUp) ? 'up' : known ? 'all-exited' : 'gone';
      // Once the part is gone, an attempt that was ordered but never begun counts for nothing.
      const last = state === 'gone' ? lastStatusesOf(part, member.statuses) : statuses;
      return {
        state,
        endedAgoMs: Math.min(...last.map((status) => this.#exitedAgoMs(status))),
      };
    });
  }

  /**
   * After a recovery: what others told of this agent's parts is compared with what it runs. Only a
   * report under the present desired set counts: containers that are not in it end by themselves,
   * and until they have, nothing of this lessor is free.
   */
  #checkAgent(parts: TargetParts, participant: ParticipantId, member: Member): void {
    const { unchecked, statuses, appliedRevision, desiredRevision } = member;
    if (!unchecked || appliedRevision !== desiredRevision) return;
    const listed = parts.ofLessor(member.veil?.name ?? participant);
    for (const part of listed) this.#takeAttempts(parts, part, statuses);
    const known = new Set(listed.flatMap((part) => containersOf(part).map(({ id }) => id)));
    if ([...statuses.values()].some((status) => isUp(status) && !known.has(status.id))) return;
    for (const part of listed) {
      // What never began here may have been over when its quantity was sold to others.
      if (isHeldBack(part, member)) parts.stop(part, 'LEASE_LESSOR_LOST', 0);
      if (part.state !== 'running') continue;
      const isThere = containersOf(part).every(({ id }) => statuses.has(id));
      // It ended, and was forgotten, while this hub's store was elsewhere.
      const { elapsedMs } = this.#context.now();
      const endedAtMs = Math.max(part.runningAtMs ?? 0, unchecked.knownUntilMs);
      if (!isThere) parts.stop(part, 'LEASE_LESSOR_LOST', Math.max(0, elapsedMs - endedAtMs));
    }
    member.unchecked = null;
    this.#context.out.remove('unchecked', participant);
    this.publishStock(participant);
  }

  /** Starts that were ordered in the lost past: their numbers are never used again. */
  #takeAttempts(parts: TargetParts, part: PartRecord, statuses: Reported): void {
    for (const [replica, { id, attempt }] of containersOf(part).entries()) {
      const reported = statuses.get(id)?.attempt ?? 0;
      if (reported <= attempt) continue;
      const known = restartOf(part, replica);
      if (known) known.attempt = reported;
      else part.restarts.push({ replica, attempt: reported, dueAtMs: null });
      parts.restartsChanged(part);
    }
  }

  /** As of now: the report is older when conclusions are drawn from it once more. */
  #exitedAgoMs(status: ReportedStatus | undefined): number {
    if (!status || status.exitedAgoMs === null) return 0;
    return status.exitedAgoMs + (this.#context.now().elapsedMs - status.reportedAtMs);
  }

  /** Draws the conclusions from the containers of one part. */
  #followPart(parts: TargetParts, part: PartRecord, member: Member): void {
    if (part.state !== 'active' && part.state !== 'running') return;
    // It runs by a key that this hub lost with some of its past: it is told to end.
    if (awaitsKey(part)) return;
    const statuses = statusesOf(part, member.statuses);
    // Most parts just run, and every report names them all.
    if (part.state === 'running' && statuses.every(isUp)) return;
    const broken = statuses.map((status, replica) => ({ status, replica })).filter(isBroken(part));
    const mended = broken.filter(({ status, replica }) =>
      this.#restarts?.takes(part, replica, status),
    );
    const failed = broken.filter((one) => !mended.includes(one)).map(({ status }) => status);
    const failure = failed[0] && failureOf(failed[0], part);
    if (failure) {
      return parts.stop(
        part,
        failure,
        Math.max(...failed.map((status) => this.#exitedAgoMs(status))),
      );
    }
    if (statuses.every((status) => status?.started)) parts.reportStarted(part);
    const allDone = statuses.every((status) => status?.state === 'exited');
    if (!allDone || mended.length > 0 || part.state !== 'running') return;
    parts.stop(part, 'completed', Math.min(...statuses.map((status) => this.#exitedAgoMs(status))));
  }

  // ---- Lessors: what target-hub parts need to know ----

  /** Agreements know lessors by the name that they bear now; one given up is nobody's. */
  #named(lessor: ParticipantId): Member | undefined {
    const member = this.#context.subnet.named(lessor);
    return member?.veil?.name === lessor ? member : undefined;
  }

  inventory(lessor: ParticipantId): Inventory | undefined {
    return this.#named(lessor)?.inventory;
  }

  offer(lessor: ParticipantId): SellOrder | undefined {
    return this.#offerOf(this.#named(lessor));
  }

  #offerOf(member: Member | undefined): SellOrder | undefined {
    if (!member || member.expelled) return undefined;
    if (this.#context.now().elapsedMs >= member.offerUntilMs) return undefined;
    return member.inventory.offer ?? undefined;
  }

  keyChainOf(lessor: ParticipantId): KeyChain | null {
    return this.#named(lessor)?.registry.keys ?? null;
  }

  isConnected(lessor: ParticipantId): boolean {
    const member = this.#named(lessor);
    return member !== undefined && isThere(member);
  }

  lastHeardMs(lessor: ParticipantId): number {
    return this.#named(lessor)?.agentHeardMs ?? 0;
  }

  row(lessor: ParticipantId): LeaseRow | null {
    return this.#context.panorama.own.leases.get(lessor) ?? null;
  }

  tellsRowsItself(): boolean {
    return this.#panoramas.tellsRowsItself;
  }

  epoch(): number {
    return this.#context.epoch;
  }

  /**
   * Publishes what is free now: nothing when the agent is away or the offer ran out.
   *
   * @patent [0057] [0058] SIG-2
   */
  stockChanged(lessor: ParticipantId): void {
    const member = this.#named(lessor);
    if (member) this.publishStock(member.admitted.id);
  }

  /** The same, for a participant by its own id. */
  publishStock(participant: ParticipantId): void {
    const { subnet, panorama, config } = this.#context;
    const member = subnet.get(participant);
    if (!member?.veil) return;
    const offered = isThere(member) && this.#offerOf(member) !== undefined;
    const free = offered ? member.inventory.free() : null;
    const { name } = member.veil;
    if (!config.privacy || !free) return panorama.publishLease(name, free);
    const { buckets } = config.privacy;
    const seen = { ...free, lots: free.lots.map((lot) => roundedDown(lot, buckets)) };
    // A change below the step must not even show as one.
    if (!looksTheSame(panorama.own.leases.get(name)?.offer, seen))
      panorama.publishLease(name, seen);
  }

  followReports(part: PartRecord): void {
    const member = this.#named(part.terms.lessor);
    if (!member || !this.#parts || !this.#context.isSure) return;
    this.#followPart(this.#parts, part, member);
    if (part.state === 'stopping') this.#confirmStopped(this.#parts, part.terms.lessor, member);
  }

  desiredChanged(part: PartRecord): number {
    const member = this.#named(part.terms.lessor);
    return member ? this.desired.changed(member.admitted.id, member, part) : 0;
  }

  raceLost(): void {
    this.#context.contention.raceLost();
  }

  readTerms(payload: string): AgreementPartTerms | undefined {
    const read = this.#context.env.documents.agreementPart(payload);
    return read.ok ? read.value : undefined;
  }

  keysOf(hub: HubId): readonly string[] {
    return this.#context.keysOfHub(hub);
  }

  hubHeardMs(hub: HubId): number {
    return this.#context.panorama.parts.get(hub)?.lastHeardMs ?? 0;
  }

  // ---- deadlines ----

  /** The agent was silent for too long, or the offer's validity ended. */
  wakeMember(participant: ParticipantId): void {
    const member = this.#context.subnet.get(participant);
    if (!member) return;
    const { elapsedMs } = this.#context.now();
    if (member.connected && elapsedMs >= this.#silentAtMs(member)) {
      member.connected = false;
      this.publishStock(participant);
    } else if (elapsedMs >= member.offerUntilMs) {
      this.publishStock(participant);
    }
    this.schedule(participant);
  }

  #silentAtMs(member: Member): number {
    return member.agentHeardMs + this.#context.timing.agentSilentMs;
  }

  /** Sets the deadline at which the agent is silent for too long, or its offer ends. */
  schedule(participant: ParticipantId): void {
    const member = this.#context.subnet.get(participant) as Member;
    const { elapsedMs } = this.#context.now();
    const times = [member.connected ? this.#silentAtMs(member) : Infinity, member.offerUntilMs];
    const next = Math.min(...times.filter((time) => time > elapsedMs));
    if (Number.isFinite(next)) this.#context.wakeAt(`member ${participant}`, next);
    else this.#context.cancelWake(`member ${participant}`);
  }
}

/** Agents number their lives: `e<boot>`. */
function isEarlier(session: string, known: string | null): boolean {
  const life = (name: string) => Number(/^e(\d{1,15})$/.exec(name)?.[1] ?? Number.NaN);
  return known !== null && life(session) < life(known);
}

/** True when they differ in their count at most; terms change with `termsRevision` only. */
function looksTheSame(before: SellOrder | null | undefined, now: SellOrder): boolean {
  if (before?.termsRevision !== now.termsRevision) return false;
  const stockOf = ({ validUntilMs, lots }: SellOrder) =>
    encodeStored([validUntilMs, lots.map(({ id, amounts, devices }) => [id, amounts, devices])]);
  return stockOf(before) === stockOf(now);
}

/** Its agent is connected and has, after a recovery of this hub, told what it runs. */
function isThere({ connected, unchecked }: Member): boolean {
  return connected && unchecked === null;
}
