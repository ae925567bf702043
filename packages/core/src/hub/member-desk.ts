/** The participants' side of a hub: registration, offers, reports of agents, logs, relaying. */

import type { Inventory } from '../agreement/inventory.ts';
import type { Lessors } from '../agreement/ports.ts';
import type { AgreementPartTerms, PartRecord } from '../agreement/records.ts';
import type { TargetParts } from '../agreement/target-hub.ts';
import type { ContainerStatus, DesiredContainer, ParticipantMessage } from '../messages.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { LeaseRow } from '../panorama/row.ts';
import type { RefusalCode } from '../refusals.ts';
import { containerIdOf, type HubId, type ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';
import { type Restarts, restartOf } from './restarts.ts';
import type { DesiredRecord, Member } from './subnet.ts';

type Status = Extract<ParticipantMessage, { type: 'status' }>;

export class MemberDesk implements Lessors {
  readonly #context: HubContext;
  /** Set right after construction: parts and members know each other. */
  #parts: TargetParts | undefined;
  #restarts: Restarts | undefined;

  constructor(context: HubContext) {
    this.#context = context;
  }

  connect(parts: TargetParts, restarts: Restarts): void {
    this.#parts = parts;
    this.#restarts = restarts;
  }

  restoreDesired(participant: ParticipantId, record: DesiredRecord): void {
    const member = this.#context.subnet.get(participant);
    if (member) member.desiredRevision = record.revision;
  }

  // ---- sessions ----

  /** @returns false for a delayed word of an earlier life of the agent: it changes nothing. */
  hello(participant: ParticipantId, session: string, role: 'agent' | 'lessee'): boolean {
    const { subnet, self, epoch, out } = this.#context;
    const member = subnet.get(participant);
    if (!member) return false;
    if (role === 'agent' && isEarlier(session, member.agentSession)) return false;
    const { collect } = member.admitted;
    out.send(participant, { type: 'welcome', hub: self, epoch, collect }, session);
    if (role !== 'agent') return true;
    if (member.agentSession !== session) member.statusSeq = 0;
    member.agentSession = session;
    member.appliedRevision = -1;
    this.#heard(participant, member);
    this.#sendDesired(participant, member);
    if (collect === 'pull') this.collect(participant, 'resource');
    if (collect === 'pull') this.collect(participant, 'offer');
    return true;
  }

  /** Pull: asks the agent for what is in its local table. @patent [0037] [0041] PAN-4 LSE-2 */
  collect(participant: ParticipantId, what: 'resource' | 'offer'): void {
    this.#context.sendToAgent(participant, { type: 'collect', what });
  }

  // ---- reports of the agent ----

  /** The agent's full report: what it runs, and which version of the desired set it has applied. */
  status(participant: ParticipantId, message: Status): void {
    const member = this.#context.subnet.get(participant) as Member;
    // Overtaken by a newer report: what it says is no longer so.
    if (message.seq <= member.statusSeq) return;
    member.statusSeq = message.seq;
    this.#heard(participant, member);
    this.#context.sendToAgent(participant, { type: 'status-ack', seq: message.seq });
    const current = message.epoch === this.#context.epoch;
    if (!current || message.revision !== member.desiredRevision) {
      this.#sendDesired(participant, member);
    }
    member.appliedRevision = current ? message.revision : -1;
    member.statuses = new Map(message.containers.map((status) => [status.id, status]));
    member.reportedAtMs = this.#context.now().elapsedMs;
    this.#followParts(participant, member);
  }

  #heard(participant: ParticipantId, member: Member): void {
    member.agentHeardMs = this.#context.now().elapsedMs;
    if (!member.connected) {
      member.connected = true;
      this.stockChanged(participant);
    }
    this.schedule(participant);
  }

  #followParts(participant: ParticipantId, member: Member): void {
    const parts = this.#parts;
    if (!parts) return;
    for (const part of parts.ofLessor(participant)) this.#followPart(parts, part, member);
    parts.confirmStopped(participant, member.appliedRevision, (part) => {
      const statuses = statusesOf(part, member);
      const known = statuses.every((status) => status !== undefined);
      const state = statuses.some(isUp) ? 'up' : known ? 'all-exited' : 'gone';
      // Once the part is gone, an attempt that was ordered but never begun counts for nothing.
      const last = state === 'gone' ? lastStatusesOf(part, member) : statuses;
      return {
        state,
        endedAgoMs: Math.min(...last.map((status) => this.#exitedAgoMs(member, status))),
      };
    });
  }

  /** As of now: the report is older when conclusions are drawn from it once more. */
  #exitedAgoMs(member: Member, status: ContainerStatus | undefined): number {
    if (!status || status.exitedAgoMs === null) return 0;
    return status.exitedAgoMs + (this.#context.now().elapsedMs - member.reportedAtMs);
  }

  /** Draws the conclusions from the containers of one part. */
  #followPart(parts: TargetParts, part: PartRecord, member: Member): void {
    if (part.state !== 'active' && part.state !== 'running') return;
    const statuses = statusesOf(part, member);
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
        Math.max(...failed.map((status) => this.#exitedAgoMs(member, status))),
      );
    }
    if (statuses.every((status) => status?.started)) parts.reportStarted(part);
    const allDone = statuses.every((status) => status?.state === 'exited');
    if (!allDone || mended.length > 0 || part.state !== 'running') return;
    parts.stop(
      part,
      'completed',
      Math.min(...statuses.map((status) => this.#exitedAgoMs(member, status))),
    );
  }

  // ---- Lessors: what target-hub parts need to know ----

  inventory(lessor: ParticipantId): Inventory | undefined {
    return this.#context.subnet.get(lessor)?.inventory;
  }

  offer(lessor: ParticipantId): SellOrder | undefined {
    const member = this.#context.subnet.get(lessor);
    if (!member || member.expelled) return undefined;
    if (this.#context.now().elapsedMs >= member.offerUntilMs) return undefined;
    return member.inventory.offer ?? undefined;
  }

  isConnected(lessor: ParticipantId): boolean {
    return this.#context.subnet.get(lessor)?.connected ?? false;
  }

  lastHeardMs(lessor: ParticipantId): number {
    return this.#context.subnet.get(lessor)?.agentHeardMs ?? 0;
  }

  row(lessor: ParticipantId): LeaseRow | null {
    return this.#context.panorama.own.leases.get(lessor) ?? null;
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
    const member = this.#context.subnet.get(lessor);
    if (!member) return;
    const offered = member.connected && this.offer(lessor) !== undefined;
    this.#context.panorama.publishLease(lessor, offered ? member.inventory.free() : null);
  }

  followReports(lessor: ParticipantId): void {
    const member = this.#context.subnet.get(lessor);
    if (member) this.#followParts(lessor, member);
  }

  desiredChanged(lessor: ParticipantId): number {
    const member = this.#context.subnet.get(lessor);
    if (!member) return 0;
    member.desiredRevision += 1;
    const record: DesiredRecord = { revision: member.desiredRevision };
    this.#context.put('desired', lessor, record);
    this.#context.changedDesired.add(lessor);
    return member.desiredRevision;
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

  // ---- desired set ----

  /** At the end of a step: each agent whose desired set changed gets it once. */
  flushDesired(): void {
    for (const participant of this.#context.changedDesired) {
      const member = this.#context.subnet.get(participant);
      if (member) this.#sendDesired(participant, member);
    }
    this.#context.changedDesired.clear();
  }

  #sendDesired(participant: ParticipantId, member: Member): void {
    const { epoch } = this.#context;
    const revision = member.desiredRevision;
    const containers = (this.#parts?.ofLessor(participant) ?? [])
      .filter(({ state }) => state === 'active' || state === 'running')
      .flatMap(containersOf);
    this.#context.sendToAgent(participant, { type: 'desired', epoch, revision, containers });
  }

  // ---- deadlines ----

  /** The agent was silent for too long, or the offer's validity ended. */
  wakeMember(participant: ParticipantId): void {
    const member = this.#context.subnet.get(participant);
    if (!member) return;
    const { elapsedMs } = this.#context.now();
    if (member.connected && elapsedMs >= this.#silentAtMs(member)) {
      member.connected = false;
      this.stockChanged(participant);
    } else if (elapsedMs >= member.offerUntilMs) {
      this.stockChanged(participant);
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

/** A report about an earlier attempt says nothing of the present one. */
function statusesOf(part: PartRecord, member: Member): (ContainerStatus | undefined)[] {
  return containersOf(part).map(({ id, attempt }) => {
    const status = member.statuses.get(id);
    return status?.attempt === attempt ? status : undefined;
  });
}

/** Of whichever attempt was reported last. */
function lastStatusesOf(part: PartRecord, member: Member): (ContainerStatus | undefined)[] {
  return containersOf(part).map(({ id }) => member.statuses.get(id));
}

interface Reported {
  status: ContainerStatus;
  replica: number;
}

function isBroken(part: PartRecord) {
  return (one: { status: ContainerStatus | undefined; replica: number }): one is Reported =>
    one.status !== undefined && failureOf(one.status, part) !== undefined;
}

function isUp(status: ContainerStatus | undefined): boolean {
  return status !== undefined && status.state !== 'exited';
}

/** Why this container ends its part, undefined while it does not. */
function failureOf(
  status: ContainerStatus,
  part: PartRecord,
): RefusalCode | 'completed' | undefined {
  if (status.state !== 'exited') return undefined;
  switch (status.reason) {
    case 'start-failed':
      return 'LEASE_START_FAILED';
    case 'grace':
      return 'LEASE_START_GRACE';
    case 'disconnect':
      return 'LEASE_LESSOR_LOST';
    case 'out-of-memory':
      return 'LEASE_OUT_OF_MEMORY';
    case 'out-of-storage':
      return 'LEASE_OUT_OF_STORAGE';
    case 'duration':
      return part.terms.kind === 'service' ? 'completed' : 'LEASE_DURATION_OVER';
    default:
      return status.exitCode === 0 ? undefined : 'LEASE_TASK_FAILED';
  }
}

/** The containers of a part, replica by replica in the order of its placements. */
export function containersOf(part: PartRecord): DesiredContainer[] {
  const { terms } = part;
  const containers: DesiredContainer[] = [];
  const { cpuMillicores, memoryBytes, storageBytes, bandwidthBitsPerSecond } = terms.replica;
  for (const placement of terms.placements) {
    for (const devices of placement.devices) {
      const number = containers.length;
      containers.push({
        id: containerIdOf(part.id, number),
        attempt: restartOf(part, number)?.attempt ?? 0,
        part: part.id,
        rank: terms.replicaOffset + number,
        size: terms.replicaTotal,
        lotId: placement.lotId,
        amounts: { cpuMillicores, memoryBytes, storageBytes, bandwidthBitsPerSecond },
        devices,
        task: terms.task,
        taskPrivate: part.taskPrivate,
        durationMs: terms.durationMs,
        startGraceMs: terms.startGraceMs,
        stopAfterMs: terms.disconnect.stopAfterMs,
        running: part.state === 'running',
      });
    }
  }
  return containers;
}
