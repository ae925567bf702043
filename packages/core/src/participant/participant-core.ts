/** A whole participant (agent) as a reducer: reports, converges to the desired set, ends on time. */
import type { CoreEnv } from '../env.ts';
import { FrameGate, type FrameRefused, type WindowRecord } from '../hub/frame-gate.ts';
import type { StoredRecord } from '../hub/hub-core.ts';
import { Outbox } from '../hub/outbox.ts';
import type { KeyChain } from '../identity/statements.ts';
import type {
  DesiredContainer,
  HubListMessage,
  HubToParticipantMessage,
  LogChunk,
  Message,
  RefusedMessage,
  RuntimeReason,
  SignedFrame,
} from '../messages.ts';
import type { ResourceSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import { invariant, type RefusalCode } from '../refusals.ts';
import type { Send } from '../step.ts';
import type { ContainerId, NodeId } from '../units/ids.ts';
import { decodeStored } from '../units/json.ts';
import type { Now } from '../units/now.ts';
import type { Write } from '../units/write.ts';
import type { ParticipantConfig } from './config.ts';
import { type ContainerRecord, Containers } from './containers.ts';
import { HubKeys } from './hub-keys.ts';
import { LogSender, type LogSeqRecord } from './log-sender.ts';
import { type OfferWanted, Reporter, type ReportRecord, type SpecFound } from './reporter.ts';

export type ParticipantInput =
  | { kind: 'frame'; signed: SignedFrame }
  | { kind: 'hub-connected' }
  | { kind: 'hub-disconnected' }
  | { kind: 'resource'; spec: SpecFound }
  | { kind: 'offer'; offer: OfferWanted }
  | { kind: 'container-started'; id: ContainerId }
  | {
      kind: 'container-exited';
      id: ContainerId;
      exitCode: number | null;
      reason: RuntimeReason;
    }
  /** Nothing more comes of the container: the answer to `collect`, after its last chunk. */
  | { kind: 'container-closed'; id: ContainerId }
  | { kind: 'log'; container: ContainerId; stream: LogChunk['stream']; text: string };

export type ParticipantEffect =
  /** At most once per container id and attempt, ever. */
  | { kind: 'start'; container: DesiredContainer }
  /** SIGTERM, then kill after the grace; `container-exited` must follow. */
  | { kind: 'stop'; id: ContainerId; graceMs: number }
  /** It ended and is not started again: hand over its result; `container-closed` must follow. */
  | { kind: 'collect'; id: ContainerId }
  /** The container's directory may be removed. */
  | { kind: 'forget'; id: ContainerId }
  /** Output up to this chunk is stored at the first hub. */
  | { kind: 'log-acked'; id: ContainerId; seq: number }
  | { kind: 'rejected'; what: 'resource' | 'offer'; code: RefusalCode; hint: string }
  | { kind: 'relayed'; from: NodeId; payload: string }
  | FrameRefused;

/** An acknowledgement of an older report than this many comes too late to matter. */
const REPORTS_REMEMBERED = 256;

export interface ParticipantStep {
  writes: Write[];
  sends: Send[];
  effects: ParticipantEffect[];
}

/**
 * Follows its hub's desired set like a kubelet: lost messages, restarts and reconnects heal by
 * themselves. Without its hub it keeps running what it has until each order's own rule ends it.
 */
export class ParticipantCore {
  readonly session: string;
  readonly #config: ParticipantConfig;
  readonly #out = new Outbox<ParticipantEffect>();
  readonly #gate: FrameGate;
  readonly #hubKeys: HubKeys;
  readonly #containers: Containers;
  readonly #reporter: Reporter;
  readonly #logs = new LogSender();
  readonly #boot: number;
  #now: Now;
  /** The hub answered in this life of the agent. */
  #welcomed = false;
  #statusSeq = 0;
  #statusDue = true;
  #nextStatusMs = 0;
  #nextRetryMs = 0;
  /** When the reports on the way were sent, by number; and when the last acknowledged one was. */
  readonly #sentAtMs = new Map<number, number>();
  #lastHeardMs: number;

  constructor(config: ParticipantConfig, env: CoreEnv, now: Now, stored: Iterable<StoredRecord>) {
    this.#config = config;
    this.#now = now;
    this.#lastHeardMs = now.elapsedMs;
    this.#hubKeys = new HubKeys(config, env);
    const records = [...stored];
    const { frameTtlMs, toleranceMs } = config.timing;
    this.#gate = new FrameGate({ self: config.id, frameTtlMs, toleranceMs }, env.crypto);
    const put = (table: string, key: string, record: object) => this.#out.put(table, key, record);
    const remove = (table: string, key: string) => this.#out.remove(table, key);
    this.#containers = new Containers(
      {
        nowMs: () => this.#now.elapsedMs,
        put,
        remove,
        start: (container) => this.#out.effect({ kind: 'start', container }),
        stop: (id, graceMs) => this.#out.effect({ kind: 'stop', id, graceMs }),
        collect: (id) => this.#out.effect({ kind: 'collect', id }),
        forget: (id) => this.#forget(id),
        hasOutput: (id) => this.#logs.waits(id),
        changed: () => {
          this.#statusDue = true;
        },
      },
      config.timing.stopTimeMs,
    );
    const send = (message: Message) => this.#send(message);
    this.#reporter = new Reporter(config, env.crypto, { put, send });
    this.#boot = this.#restore(records) + 1;
    this.session = `e${this.#boot}`;
    put('meta', 'boot', { boot: this.#boot });
  }

  /** For reading only: simulator and shell. */
  get containers(): ReadonlyMap<ContainerId, ContainerRecord> {
    return this.#containers.records;
  }

  /** Elapsed time at which the last report was sent that the hub acknowledged. */
  get heardAtMs(): number {
    return this.#lastHeardMs;
  }

  nextWakeMs(): number {
    const end = this.#containers.nextEndMs(this.#lastHeardMs);
    const due = Math.max(end, this.#now.elapsedMs + 1);
    return Math.min(this.#nextStatusMs, this.#nextRetryMs, due);
  }

  step(now: Now, inputs: readonly ParticipantInput[]): ParticipantStep {
    invariant(now.elapsedMs >= this.#now.elapsedMs, 'elapsed time went back');
    this.#now = now;
    for (const input of inputs) this.#take(input);
    this.#containers.enforce(this.#lastHeardMs);
    this.#report();
    if (this.#out.hasWrites) this.#out.put('meta', 'clock', { elapsedMs: now.elapsedMs });
    return this.#out.take();
  }

  #take(input: ParticipantInput): void {
    switch (input.kind) {
      case 'frame':
        return this.#takeFrame(input.signed);
      case 'hub-connected':
        this.#welcomed = false;
        this.#nextRetryMs = 0;
        return;
      case 'hub-disconnected':
        return;
      case 'resource':
        return this.#reporter.resource(input.spec);
      case 'offer':
        return this.#reporter.offer(input.offer);
      case 'container-started':
        return this.#containers.started(input.id);
      case 'container-exited':
        return this.#containers.exited(input.id, input.exitCode, input.reason);
      case 'container-closed':
        return this.#containers.closed(input.id);
      case 'log': {
        const chunk = this.#logs.add(input.container, input.stream, input.text);
        if (chunk) this.#send({ type: 'log', ...chunk });
      }
    }
  }

  /** A participant talks only to its own hub, nobody else is heard. @patent [0032] TOP-1 */
  #takeFrame(signed: SignedFrame): void {
    const { hub } = this.#config;
    const keys = this.#hubKeys.keys(signed.frame.messages);
    const keysOf = (node: NodeId) => (node === hub.id ? keys : []);
    const put = (key: string, record: WindowRecord) => this.#out.put('window', key, record);
    const checked = this.#gate.check(signed, this.#now, keysOf, put);
    if (!checked.ok) {
      const { code, hint } = checked;
      const { from, session, seq } = signed.frame;
      const nonce = { session, seq };
      this.#out.effect({ kind: 'frame-refused', from, code, hint, nonce });
      return;
    }
    for (const message of signed.frame.messages) {
      this.#takeMessage(message as HubToParticipantMessage | RefusedMessage, signed.frame.from);
    }
  }

  #takeMessage(message: HubToParticipantMessage | RefusedMessage, from: NodeId): void {
    switch (message.type) {
      case 'welcome':
        if (!this.#welcomed) this.#reporter.reconnected();
        this.#welcomed = true;
        this.#containers.reportAll();
        return this.#reporter.resend();
      case 'hub-list':
        return this.#takeHubList(message, from);
      case 'collect':
        return this.#reporter.answer(message.what);
      case 'accepted':
        return this.#reporter.answered(message);
      case 'rejected': {
        const { what, code, hint } = message;
        this.#out.effect({ kind: 'rejected', what, code, hint });
        return this.#reporter.answered(message);
      }
      case 'status-ack':
        return this.#acknowledged(message.seq);
      case 'desired':
        return this.#containers.apply(message);
      case 'log-ack':
        return this.#logAcknowledged(message.container, message.seq);
      case 'relayed':
        return this.#out.effect({ kind: 'relayed', from: message.from, payload: message.payload });
      case 'refused': {
        const { code, hint } = message;
        return this.#out.effect({ kind: 'frame-refused', from, code, hint, nonce: null });
      }
      default:
        this.#out.effect({
          kind: 'frame-refused',
          from,
          code: 'LINK_NOT_ALLOWED',
          hint: 'ignored',
          nonce: null,
        });
    }
  }

  #takeHubList({ document }: HubListMessage, from: NodeId): void {
    const taken = document && this.#hubKeys.take(document);
    if (!taken) return;
    if (taken.ok) {
      if (taken.value) this.#out.put('hub-list', 'current', taken.value);
      return;
    }
    const { code, hint } = taken;
    this.#out.effect({ kind: 'frame-refused', from, code, hint, nonce: null });
  }

  /**
   * The disconnection is counted from the sending of the last acknowledged report: the hub cannot
   * have heard of this agent before that, so the hub never gives a container up while it may run.
   */
  #acknowledged(seq: number): void {
    const sentAtMs = this.#sentAtMs.get(seq);
    if (sentAtMs === undefined) return;
    this.#lastHeardMs = Math.max(this.#lastHeardMs, sentAtMs);
    this.#out.put('meta', 'heard', { atMs: this.#lastHeardMs });
    for (const known of this.#sentAtMs.keys()) if (known <= seq) this.#sentAtMs.delete(known);
    this.#containers.acknowledged(seq);
  }

  #logAcknowledged(container: ContainerId, seq: number): void {
    const { isNew, more } = this.#logs.acknowledge(container, seq);
    if (!isNew) return;
    if (this.#containers.records.has(container)) {
      this.#out.put('log-seq', container, { acked: seq } satisfies LogSeqRecord);
    }
    this.#out.effect({ kind: 'log-acked', id: container, seq });
    for (const chunk of more) this.#send({ type: 'log', ...chunk });
    this.#containers.outputStored(container);
  }

  #forget(id: ContainerId): void {
    this.#logs.forget(id);
    this.#out.remove('log-seq', id);
    this.#out.effect({ kind: 'forget', id });
  }

  /** Hello until welcomed; a report after every change and at every heartbeat. */
  #report(): void {
    const { elapsedMs } = this.#now;
    const { heartbeatMs, retryMs } = this.#config.timing;
    if (elapsedMs >= this.#nextRetryMs) {
      this.#nextRetryMs = elapsedMs + 2 * retryMs;
      if (!this.#welcomed) this.#send({ type: 'hello', role: 'agent', ...this.#keys() });
      else this.#reporter.resend();
      for (const message of this.#logs.unacknowledged()) this.#send(message);
    }
    if (!this.#welcomed) {
      this.#nextStatusMs = Infinity;
      return;
    }
    if (!this.#statusDue && elapsedMs < this.#nextStatusMs) return;
    this.#statusDue = false;
    this.#nextStatusMs = elapsedMs + heartbeatMs;
    this.#statusSeq += 1;
    this.#sentAtMs.set(this.#statusSeq, elapsedMs);
    this.#sentAtMs.delete(this.#statusSeq - REPORTS_REMEMBERED);
    const { epoch, revision } = this.#containers;
    const seq = this.#statusSeq;
    const report = this.#containers.report(seq);
    this.#send({ type: 'status', seq, epoch, revision: Math.max(0, revision), ...report });
  }

  #keys(): { keys?: KeyChain } {
    const { keys } = this.#config;
    return keys ? { keys } : {};
  }

  #send(message: Message): void {
    this.#out.send(this.#config.hub.id, message);
  }

  #restore(records: readonly StoredRecord[]): number {
    let boot = 0;
    for (const { table, key, text } of records) {
      if (table === 'meta' && key === 'boot') boot = decodeStored<{ boot: number }>(text).boot;
      else if (table === 'hub-list') this.#hubKeys.restore(decodeStored(text));
      else if (table === 'meta' && key === 'heard') {
        // The time without the hub goes on while the agent is down.
        this.#lastHeardMs = decodeStored<{ atMs: number }>(text).atMs;
      } else if (table === 'window') this.#gate.restore(key, decodeStored(text));
      else if (table === 'container') this.#containers.restore(decodeStored(text));
      else if (table === 'past') {
        this.#containers.restorePast(key, decodeStored<{ atMs: number }>(text).atMs);
      } else if (table === 'version') {
        const { epoch, revision } = decodeStored<{ epoch: number; revision: number }>(text);
        this.#containers.restoreVersion(epoch, revision);
      } else if (table === 'report') {
        const record = decodeStored<ReportRecord<ResourceSpec> | ReportRecord<SellOrder>>(text);
        this.#reporter.restore(key, record);
      } else if (table === 'log-seq') this.#logs.restore(key, decodeStored(text));
    }
    return boot;
  }
}
