/** Containers of an agent: converges to the desired set, and ends them on time by itself. */
import type {
  ContainerStatus,
  DesiredContainer,
  HubToParticipantMessage,
  ParticipantMessage,
  RuntimeReason,
} from '../messages.ts';
import { type ContainerId, compareIds } from '../units/ids.ts';
import { ReportChanges } from './report-changes.ts';

type Desired = Extract<HubToParticipantMessage, { type: 'desired' }>;
/** What a report says of containers. */
export type ContainerReport = Pick<
  Extract<ParticipantMessage, { type: 'status' }>,
  'since' | 'containers' | 'gone'
>;

/** Durable; table `container`. Times are the agent's elapsed milliseconds. */
export interface ContainerRecord {
  /** As last ordered; `desired.attempt` is the start that this record is about. */
  desired: DesiredContainer;
  state: ContainerStatus['state'];
  started: boolean;
  exitCode: number | null;
  reason: ContainerStatus['reason'];
  startedAtMs: number;
  exitedAtMs: number | null;
  /** When the agent first saw that billing began; from here the duration counts. */
  runningAtMs: number | null;
  /** The agent decided to stop it, and why. */
  stopping: Exclude<ContainerStatus['reason'], null> | null;
  /** No longer in the desired set: forgotten once it exited. */
  dropped: boolean;
  /** Everything it leaves, its result included, was handed over. */
  closed: boolean;
}

export interface ContainerPorts {
  nowMs(): number;
  put(table: string, key: string, record: object): void;
  remove(table: string, key: string): void;
  start(container: DesiredContainer): void;
  stop(id: ContainerId, graceMs: number): void;
  collect(id: ContainerId): void;
  forget(id: ContainerId): void;
  /** Output of the container is still on its way. */
  hasOutput(id: ContainerId): boolean;
  changed(): void;
}

/** A dropped container whose exit or output nobody takes is forgotten this long after its exit. */
const OUTPUT_MS = 600_000;
/** The warning takes at most this fraction of the lease: one part in so many. */
const WARNING_SHARE = 10;
/** Ids of forgotten containers are remembered this long: no late message starts one again. */
const PAST_MS = 3_600_000;

export class Containers {
  readonly records = new Map<ContainerId, ContainerRecord>();
  /** Forgotten ids with the elapsed time of forgetting; table `past`. */
  readonly #past = new Map<ContainerId, number>();
  readonly #changes = new ReportChanges();
  epoch = 0;
  revision = -1;
  readonly #ports: ContainerPorts;
  readonly #stopTimeMs: number;

  /** @param stopTimeMs  what a program may take to end. */
  constructor(ports: ContainerPorts, stopTimeMs: number) {
    this.#ports = ports;
    this.#stopTimeMs = stopTimeMs;
  }

  restore(record: ContainerRecord): void {
    this.records.set(record.desired.id, record);
    this.#changes.changed(record.desired.id);
  }

  restorePast(id: ContainerId, atMs: number): void {
    this.#past.set(id, atMs);
  }

  restoreVersion(epoch: number, revision: number): void {
    this.epoch = epoch;
    this.revision = revision;
  }

  /**
   * Applies a desired set, or a change of it, unless a newer one, by (hub epoch, revision), was applied
   * before. A change since a version that was never applied here is left to the hub to tell again.
   */
  apply(message: Desired): void {
    const older =
      message.epoch < this.epoch ||
      (message.epoch === this.epoch && message.revision < this.revision);
    if (older) return;
    const { since } = message;
    const isBeyond = message.epoch !== this.epoch || (since ?? 0) > this.revision;
    if (since !== null && isBeyond) return this.#ports.changed();
    const same = message.epoch === this.epoch && message.revision === this.revision;
    this.epoch = message.epoch;
    this.revision = message.revision;
    if (!same) {
      const { epoch, revision } = this;
      this.#ports.put('version', 'desired', { epoch, revision });
    }
    for (const container of message.containers) this.#want(container);
    // What only starts something is answered by its start; the version alone can wait for the heartbeat.
    const isAnswered = since !== null && !same && message.gone.length === 0;
    for (const id of since === null ? this.#without(message.containers) : message.gone) {
      const record = this.records.get(id);
      if (record) this.#drop(record);
    }
    if (!isAnswered) this.#ports.changed();
  }

  #without(containers: readonly DesiredContainer[]): ContainerId[] {
    const wanted = new Set(containers.map(({ id }) => id));
    return [...this.records.keys()].filter((id) => !wanted.has(id)).sort(compareIds);
  }

  #want(desired: DesiredContainer): void {
    const known = this.records.get(desired.id);
    const nowMs = this.#ports.nowMs();
    if (known) {
      if (desired.running && known.runningAtMs === null) {
        known.runningAtMs = nowMs;
        this.#save(known);
      }
      return this.#startAgain(known, desired);
    }
    if (this.#past.has(desired.id)) return;
    const record: ContainerRecord = {
      desired,
      state: 'starting',
      started: false,
      exitCode: null,
      reason: null,
      startedAtMs: nowMs,
      exitedAtMs: null,
      runningAtMs: desired.running ? nowMs : null,
      stopping: null,
      dropped: false,
      closed: false,
    };
    this.records.set(desired.id, record);
    this.#save(record);
    this.#changes.changed(desired.id);
    this.#ports.start(desired);
  }

  /** Only what has ended is started again, and only by a number that was never used. @patent [0060] CLU-5 */
  #startAgain(known: ContainerRecord, desired: DesiredContainer): void {
    const isDue = known.state === 'exited' && desired.attempt > known.desired.attempt;
    if (!isDue || known.stopping || known.dropped || known.closed) return;
    known.desired = desired;
    this.#statusChanged(desired.id);
    // A word that was long on its way: nothing begins after the end of the lease.
    if (known.runningAtMs !== null && this.#ports.nowMs() >= this.#warningAtMs(known)) {
      known.stopping = 'duration';
      known.reason = 'duration';
      this.#save(known);
      return this.#collectIfFinal(known);
    }
    known.state = 'starting';
    known.exitCode = null;
    known.reason = null;
    known.exitedAtMs = null;
    this.#save(known);
    this.#ports.start(desired);
  }

  #drop(record: ContainerRecord): void {
    record.dropped = true;
    if (record.state !== 'exited') this.#stop(record, 'stopped');
    this.#save(record);
    this.#collectIfFinal(record);
    this.#forgetIfDone(record);
  }

  /** What may be started again keeps its result directory; of anything else it is collected. */
  #collectIfFinal(record: ContainerRecord): void {
    if (record.state !== 'exited' || record.closed) return;
    const isFinal = record.exitCode === 0 || record.stopping !== null || record.dropped;
    if (isFinal) this.#ports.collect(record.desired.id);
  }

  /** The runtime has handed over everything that the container leaves. */
  closed(id: ContainerId): void {
    const record = this.records.get(id);
    if (record?.state !== 'exited' || record.closed) return;
    record.closed = true;
    this.#save(record);
    this.#forgetIfDone(record);
  }

  #stop(record: ContainerRecord, reason: Exclude<ContainerStatus['reason'], null>): void {
    if (record.stopping || record.state === 'exited') return;
    record.stopping = reason;
    this.#save(record);
    this.#ports.stop(record.desired.id, this.#graceToStop(record));
  }

  /** The warning comes before the lease ends, so that nothing of it runs afterwards. */
  #graceToStop({ stopping, desired }: ContainerRecord): number {
    return stopping === 'duration' ? this.#warningMs(desired) : this.#stopTimeMs;
  }

  #warningMs({ durationMs }: DesiredContainer): number {
    return Math.min(this.#stopTimeMs, Math.floor(durationMs / WARNING_SHARE));
  }

  #forget(record: ContainerRecord): void {
    const { id } = record.desired;
    this.records.delete(id);
    this.#ports.remove('container', id);
    this.#past.set(id, this.#ports.nowMs());
    this.#ports.put('past', id, { atMs: this.#ports.nowMs() });
    this.#ports.forget(id);
    this.#statusChanged(id);
  }

  started(id: ContainerId): void {
    const record = this.records.get(id);
    if (!record || record.state === 'exited') return;
    if (record.state === 'starting') {
      record.state = 'running';
      record.started = true;
      this.#save(record);
      this.#statusChanged(id);
    }
    // Also for one that was adopted: the order to stop it may have died with the agent.
    if (record.stopping) this.#ports.stop(id, this.#graceToStop(record));
  }

  exited(id: ContainerId, exitCode: number | null, reason: RuntimeReason): void {
    const record = this.records.get(id);
    if (!record) return;
    // Known from before a restart of the agent: what was to be collected then still is.
    if (record.state === 'exited') return this.#collectIfFinal(record);
    record.state = 'exited';
    record.exitedAtMs = this.#ports.nowMs();
    record.exitCode = exitCode;
    const neverRan = reason === 'start-failed' || reason === 'key-invalid';
    if (!neverRan && reason !== 'stopped') record.started = true;
    record.reason = neverRan ? reason : (record.stopping ?? reason);
    this.#save(record);
    this.#statusChanged(id);
    this.#collectIfFinal(record);
    this.#forgetIfDone(record);
  }

  /** The output of a container was stored: nothing may keep it any more. */
  outputStored(id: ContainerId): void {
    const record = this.records.get(id);
    if (record) this.#forgetIfDone(record);
  }

  /** What the report of this number says. */
  report(seq: number): ContainerReport {
    const { since, ids } = this.#changes.next(seq);
    const named = since === null ? [...this.records.keys()] : ids;
    const containers: ContainerStatus[] = [];
    const gone: ContainerId[] = [];
    for (const id of named) {
      const record = this.records.get(id);
      if (record) containers.push(this.#statusOf(record));
      else gone.push(id);
    }
    return { since, containers, gone };
  }

  /** The hub has the report of this number. */
  acknowledged(seq: number): void {
    for (const id of this.#changes.acknowledged(seq)) {
      const record = this.records.get(id);
      if (record) this.#forgetIfDone(record);
    }
  }

  /** The hub may be in another life: it is told everything. */
  reportAll(): void {
    this.#changes.startOver();
    this.#ports.changed();
  }

  #forgetIfDone(record: ContainerRecord): void {
    if (!record.dropped || record.exitedAtMs === null) return;
    const { id } = record.desired;
    const given = this.#ports.nowMs() >= record.exitedAtMs + OUTPUT_MS;
    // Until the hub knows of its exit it would be billed on.
    const isTold = this.#changes.isKnown(id) && record.closed && !this.#ports.hasOutput(id);
    if (given || isTold) this.#forget(record);
  }

  /** Ends what is over: lease, start grace, or the time allowed without the hub. */
  enforce(disconnectedSinceMs: number): void {
    const nowMs = this.#ports.nowMs();
    for (const record of [...this.records.values()]) {
      const { desired } = record;
      if (record.dropped) this.#forgetIfDone(record);
      if (record.state === 'exited' || record.stopping) continue;
      if (nowMs >= disconnectedSinceMs + desired.stopAfterMs) this.#stop(record, 'disconnect');
      else if (record.runningAtMs !== null && nowMs >= this.#warningAtMs(record)) {
        this.#stop(record, 'duration');
      } else if (record.runningAtMs === null && nowMs >= graceOf(record)) {
        this.#stop(record, 'grace');
      }
    }
    for (const [id, atMs] of this.#past) {
      if (nowMs < atMs + PAST_MS) continue;
      this.#past.delete(id);
      this.#ports.remove('past', id);
    }
  }

  /** Earliest elapsed time at which {@link enforce} has something to do. */
  nextEndMs(disconnectedSinceMs: number): number {
    let next = Infinity;
    for (const record of this.records.values()) {
      if (record.state === 'exited' || record.stopping) continue;
      const { runningAtMs, desired } = record;
      const end = runningAtMs === null ? graceOf(record) : this.#warningAtMs(record);
      next = Math.min(next, end, disconnectedSinceMs + desired.stopAfterMs);
    }
    return next;
  }

  #warningAtMs({ runningAtMs, desired }: ContainerRecord): number {
    return (runningAtMs ?? 0) + desired.durationMs - this.#warningMs(desired);
  }

  #statusOf({ desired, exitedAtMs, ...record }: ContainerRecord): ContainerStatus {
    const { state, exitCode, reason, started } = record;
    const exitedAgoMs = exitedAtMs === null ? null : this.#ports.nowMs() - exitedAtMs;
    return {
      id: desired.id,
      attempt: desired.attempt,
      state,
      exitCode,
      reason,
      started,
      exitedAgoMs,
    };
  }

  #statusChanged(id: ContainerId): void {
    this.#changes.changed(id);
    this.#ports.changed();
  }

  #save(record: ContainerRecord): void {
    this.#ports.put('container', record.desired.id, record);
  }
}

/** Without word that the lease runs, a container ends this long after it was ordered. */
function graceOf(record: ContainerRecord): number {
  return record.startedAtMs + 2 * record.desired.startGraceMs;
}
