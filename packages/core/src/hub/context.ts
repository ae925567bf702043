/** What the desks of a hub share within and between steps. */
import type { AgreementPorts } from '../agreement/ports.ts';
import type { CoreEnv } from '../env.ts';
import { Market } from '../matching/market.ts';
import type { HubListMessage, HubMessage, Message, Request } from '../messages.ts';
import { Panorama } from '../panorama/panorama.ts';
import type { SolveRequest } from '../rounds/round.ts';
import { Deadlines } from '../units/deadlines.ts';
import type { HubId, NodeId, ParticipantId } from '../units/ids.ts';
import { type Kept, progressTableOf } from '../units/kept.ts';
import type { Now } from '../units/now.ts';
import { StepSignatures } from '../units/step-signatures.ts';
import type { AdmissionAnswer } from './admission.ts';
import type { HubConfig } from './config.ts';
import { Contention } from './contention.ts';
import { ENDED_TABLE, type EndedKind, endedKey } from './ended.ts';
import type { FrameRefused } from './frame-gate.ts';
import { Outbox } from './outbox.ts';
import { Pseudonyms } from './pseudonyms.ts';
import { Subnet } from './subnet.ts';

/** What the shell does after the commit, besides sending. */
export type HubEffect =
  /** Answer the request from the store: the record has left memory, or never was in it (logs). */
  | { kind: 'cold-read'; to: ParticipantId; session: string; requestId: string; request: Request }
  /** Solve it off the loop, and answer with an input `solved` of the same round. */
  | { kind: 'solve'; round: string; request: SolveRequest }
  /** Search the store, see `searchEnded`, and answer with an input `ended-found`. */
  | { kind: 'find-ended'; from: string; before: string }
  | FrameRefused
  /** Who may enter changed: the shell lets in and puts out accordingly, before it answers. */
  | { kind: 'subnet-changed'; expelled: ParticipantId | null }
  | { kind: 'hubs-changed' }
  /** The answer to the input with this ticket. */
  | { kind: 'answer'; ticket: string; answer: AdmissionAnswer }
  /** This life of the hub is over: the process begins another one from the store, at once. */
  | { kind: 'restart'; code: 'HUB_STORE_ROLLED_BACK' | 'HUB_RECOVERED'; hint: string };

export class HubContext implements AgreementPorts {
  readonly config: HubConfig;
  readonly env: CoreEnv;
  readonly self: HubId;
  readonly epoch: number;
  readonly signatures: StepSignatures;
  readonly out = new Outbox<HubEffect>();
  readonly deadlines = new Deadlines();
  readonly panorama: Panorama;
  readonly market: Market;
  readonly pseudonyms: Pseudonyms;
  readonly subnet: Subnet;
  readonly contention: Contention;
  /** Hubs of the network with their valid keys, this one among them. */
  readonly hubKeys: Map<HubId, readonly string[]>;
  /** Messages of this hub to itself (as first and target hub of one agreement), same step. */
  readonly local: HubMessage[] = [];
  /** Connections of each participant other than its agent's. */
  readonly sessions = new Map<ParticipantId, Set<string>>();
  /** The operator's list of hubs that is in use, as it tells agents. */
  hubList: HubListMessage | null = null;
  /** Epoch in which this hub last learned again what its store had lost; 0: never. */
  recovered = 0;
  diskLow = false;
  /** Records that lie in the store as a whole: only their progress is written. */
  readonly #whole = new WeakSet<object>();
  /**
   * False until a peer was heard in this life: it may know more of our past than the store does, and
   * what is decided before that may contradict what was promised.
   */
  isSure = false;
  #now: Now;

  constructor(config: HubConfig, env: CoreEnv, now: Now, epoch: number) {
    this.config = config;
    this.env = env;
    this.self = config.id;
    this.epoch = epoch;
    this.signatures = new StepSignatures(env.crypto);
    this.#now = now;
    this.hubKeys = new Map(config.peers.map(({ id, publicKey }) => [id, [publicKey]]));
    const peers = [...this.hubKeys.keys()].filter((id) => id !== config.id);
    this.panorama = new Panorama(config.id, epoch, peers, env.crypto);
    this.market = new Market(this.panorama);
    this.contention = new Contention(this);
    // The time of the last word before a restart is not known: no hub counts as lost early.
    for (const part of this.panorama.parts.values()) part.lastHeardMs = now.elapsedMs;
    this.pseudonyms = new Pseudonyms(config.privacy, config.id, env.crypto);
    this.subnet = new Subnet(config, this.pseudonyms, now.elapsedMs);
  }

  get reservations() {
    return this.market.reservations;
  }

  /** Hardware and free quantities are for hubs and their operators. */
  hidesStockFrom(participant: ParticipantId): boolean {
    const isOperator = this.subnet.get(participant)?.admitted.operator ?? false;
    return this.config.privacy !== undefined && !isOperator;
  }

  /** The name under which a participant of this subnet rents now. */
  lesseeName(participant: ParticipantId): ParticipantId {
    const { pseudonyms } = this;
    return pseudonyms.lesseeName(participant, pseudonyms.periodAt(this.#now.elapsedMs));
  }

  get timing() {
    return this.config.timing;
  }

  get crypto() {
    return this.env.crypto;
  }

  now(): Now {
    return this.#now;
  }

  setNow(now: Now): void {
    this.#now = now;
  }

  put(table: string, key: string, record: object, live = true): void {
    this.out.put(table, key, record, live);
  }

  /** Takes a record as the store had it. */
  restored(record: object): void {
    this.#whole.add(record);
  }

  keep<T extends object>(kind: Kept<T>, key: string, record: T): void {
    if (this.#whole.has(record)) return this.out.putProgress(kind, key, record);
    this.out.putWhole(kind, key, record);
    this.#whole.add(record);
  }

  /** In one piece again: no restart reads it, nothing of it changes any more. */
  archive<T extends object>(kind: Kept<T>, key: string, record: T): void {
    this.out.putWhole(kind, key, record, false);
    this.out.remove(progressTableOf(kind), key);
  }

  ended(kind: EndedKind, id: string): void {
    this.out.put(ENDED_TABLE, endedKey(this.#now.elapsedMs, kind, id), {}, false);
  }

  send(to: HubId, message: HubMessage): void {
    if (to === this.self) this.local.push(message);
    else this.out.send(to, message);
  }

  /** To the participant's agent, when it is there. */
  sendToAgent(participant: ParticipantId, message: Message): void {
    const session = this.subnet.get(participant)?.agentSession;
    if (session) this.out.send(participant, message, session);
  }

  wakeAt(name: string, atMs: number): void {
    this.deadlines.set(name, atMs);
  }

  cancelWake(name: string): void {
    this.deadlines.clear(name);
  }

  /** The other hubs of the network as it is now. */
  peers(): HubId[] {
    const { parts, self } = this.panorama;
    return [...parts.keys()].filter((hub) => hub !== self && this.hubKeys.has(hub));
  }

  /** Keys of that hub that are valid now; none for a stranger. */
  keysOfHub(hub: HubId): readonly string[] {
    return this.hubKeys.get(hub) ?? [];
  }

  /** Keys that sign for that node now, this hub itself apart; none for strangers and the expelled. */
  keysOf(node: NodeId): readonly string[] {
    if (node === this.self) return [];
    return this.hubKeys.get(node) ?? this.subnet.keysOf(node, this.#now.elapsedMs);
  }
}
