/** What each agent shall run: versions of its set of containers, and what changed between them. */
import type { PartRecord } from '../agreement/records.ts';
import { awaitsKey } from '../agreement/target-hub.ts';
import type { DesiredContainer } from '../messages.ts';
import { type ContainerId, containerIdOf, type ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';
import { restartOf } from './restarts.ts';
import type { DesiredRecord, Member } from './subnet.ts';
import type { Veil } from './veil.ts';

/**
 * An agent that has said which version it applied is told what changed since then, so that a lease
 * costs no more where many run; any other one is told everything. What is lost comes again with the
 * next change, or when a report shows that it is missing.
 */
export class DesiredSets {
  readonly #context: HubContext;
  readonly #partsOf: (lessor: ParticipantId) => readonly PartRecord[];
  /** Whose set changed in this step. */
  readonly #changed = new Set<ParticipantId>();

  constructor(context: HubContext, partsOf: (lessor: ParticipantId) => readonly PartRecord[]) {
    this.#context = context;
    this.#partsOf = partsOf;
  }

  restore(participant: ParticipantId, record: DesiredRecord): void {
    const member = this.#context.subnet.get(participant);
    if (member) member.desiredRevision = record.revision;
  }

  /** Containers of the part were added, changed, or are to go: returns the new revision. */
  changed(participant: ParticipantId, member: Member, part: PartRecord): number {
    member.desiredRevision += 1;
    const revision = member.desiredRevision;
    member.desiredChanges.set(part.id, { revision, part });
    this.#context.put('desired', participant, { revision } satisfies DesiredRecord);
    this.#changed.add(participant);
    return revision;
  }

  /** At the end of a step: each agent whose set changed is told once. */
  flush(): void {
    for (const participant of this.#changed) {
      const member = this.#context.subnet.get(participant);
      if (member) this.send(participant, member);
    }
    this.#changed.clear();
  }

  /**
   * The agent said which version it has applied: it is told again what it lacks, unless that was sent
   * just now and may have crossed the report.
   *
   * @param revision -1: none of this life of the hub.
   */
  reported(participant: ParticipantId, member: Member, revision: number): void {
    member.appliedRevision = revision;
    for (const [part, change] of member.desiredChanges) {
      if (change.revision <= revision) member.desiredChanges.delete(part);
    }
    const { elapsedMs } = this.#context.now();
    const isOverdue = elapsedMs >= member.desiredSentMs + this.#context.timing.retryMs;
    if (revision !== member.desiredRevision && isOverdue) this.send(participant, member);
  }

  send(participant: ParticipantId, member: Member): void {
    const isUnknown = member.unchecked !== null && member.statusSeq === 0;
    if (!this.#context.isSure || isUnknown) return;
    const { appliedRevision, desiredRevision: revision, veil } = member;
    const { epoch } = this.#context;
    member.desiredSentMs = this.#context.now().elapsedMs;
    const since = appliedRevision < 0 ? null : appliedRevision;
    const parts =
      since === null
        ? this.#partsOf(veil?.name ?? participant)
        : [...member.desiredChanges.values()].map(({ part }) => part);
    const containers = parts
      .filter((part) => isDesired(part) && !isHeldBack(part, member))
      .flatMap(containersOf)
      .map((container) => inOwnIds(container, veil));
    const left = since === null ? [] : parts.filter((part) => !isDesired(part));
    const gone: ContainerId[] = left.flatMap(containersOf).map(({ id }) => id);
    const message = { type: 'desired', epoch, revision, since, containers, gone } as const;
    this.#context.sendToAgent(participant, message);
  }
}

function isDesired(part: PartRecord): boolean {
  return (part.state === 'active' && !awaitsKey(part)) || part.state === 'running';
}

/** After a recovery nothing begins that had not begun: what the hub forgot may fill the machine. */
export function isHeldBack(part: PartRecord, { unchecked, statuses }: Member): boolean {
  if (unchecked === null || part.state !== 'active') return false;
  return !containersOf(part).every(({ id }) => statuses.has(id));
}

/** The agent knows its machine and devices by its own ids. */
function inOwnIds(container: DesiredContainer, veil: Veil | null): DesiredContainer {
  if (!veil) return container;
  const { lotId, devices } = container;
  return {
    ...container,
    lotId: veil.ownId(lotId),
    devices: devices.map(({ deviceId, milli }) => ({ deviceId: veil.ownId(deviceId), milli })),
  };
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
        release: part.release,
        durationMs: terms.durationMs,
        startGraceMs: terms.startGraceMs,
        stopAfterMs: terms.disconnect.stopAfterMs,
        running: part.state === 'running',
      });
    }
  }
  return containers;
}
