/** How rows travel between hubs: from each to each, or over an elected master hub. */
import { Election, type ElectionRecord } from '../election/election.ts';
import type { ElectionMessage } from '../election/messages.ts';
import type { HubMessage, PanoramaStatus } from '../messages.ts';
import type { Applied } from '../panorama/panorama.ts';
import type {
  DeltaMessage,
  HeartbeatMessage,
  PartUpdate,
  SignedUpdate,
  SnapshotMessage,
} from '../panorama/row.ts';
import { suits } from '../panorama/row-form.ts';
import type { RefusalCode } from '../refusals.ts';
import { isSignedByAny, type SignedDocument, signDocument } from '../units/document.ts';
import type { HubId } from '../units/ids.ts';
import type { JsonValue } from '../units/json.ts';
import type { HubContext } from './context.ts';
import type { Marks } from './marks.ts';
import { fitting } from './paging.ts';

/** What is elected among all hubs; other elections have names of their own. */
export const MASTER_ELECTION = 'master';
/** Heartbeats after which a silent master may be replaced. */
const PATIENCE_BEATS = 3;

/** Beyond so many empty rows of a hub its part is asked for anew: that one has none. */
const LEFT_ROWS_MAX = 65_536;

/** Where the owner said that its part stands, and how many heartbeats ago we were behind that. */
interface Behind {
  epoch: number;
  revision: number;
  beats: number;
}

/**
 * Whatever the way, each row has one writer: its own hub, whose frame or signature it comes with. A
 * master hub passes on what the owner signed, unchanged: it cannot make up rows of others, and old
 * ones change nothing. Heartbeats always come from the owner itself: so a master that holds rows
 * back, or is lost, is noticed within two of them, and the owner is asked directly.
 *
 * @patent [0037] [0041] [0042] PAN-6 PAN-7 PAN-8 LSE-3 LSE-4 LSE-5
 */
export class PanoramaDesk {
  readonly #context: HubContext;
  readonly #knownEpochOf: (hub: HubId) => number;
  readonly #marks: Marks;
  readonly #election: Election | null;
  /** Hubs that were asked for a snapshot that has not come yet, with the time to ask again. */
  readonly #asked = new Map<HubId, number>();
  readonly #behind = new Map<HubId, Behind>();
  /** At the master: who wants the snapshot of that owner. */
  readonly #wanted = new Map<HubId, Set<HubId>>();

  constructor(
    context: HubContext,
    stored: ElectionRecord | null,
    knownEpochOf: (hub: HubId) => number,
    marks: Marks,
    isRecovering: boolean,
  ) {
    this.#marks = marks;
    this.#context = context;
    this.#knownEpochOf = knownEpochOf;
    const { config, self, timing } = context;
    const settings = {
      name: MASTER_ELECTION,
      self,
      voters: () => [...context.hubKeys.keys()],
      witnesses: [],
      leadMs: timing.heartbeatMs,
      patienceMs: PATIENCE_BEATS * timing.heartbeatMs,
    };
    const ports = {
      crypto: context.crypto,
      now: () => context.now(),
      put: (table: string, key: string, record: object) => context.put(table, key, record),
      send: (to: HubId, message: ElectionMessage) => context.out.send(to, message),
      wakeAt: (name: string, atMs: number) => context.wakeAt(name, atMs),
      keysOf: (hub: HubId) => context.keysOfHub(hub),
    };
    // A hub that recovers may have given votes that it does not know of.
    const votes = config.panorama === 'master' && !isRecovering;
    this.#election = votes ? new Election(settings, ports, stored) : null;
  }

  status(): PanoramaStatus {
    const mode = this.#context.config.panorama ?? 'mesh';
    const election = this.#election;
    return { mode, master: election?.leader ?? null, term: election?.term ?? 0 };
  }

  /** True while this hub passes on what others send. */
  get isMaster(): boolean {
    return this.#election?.isLeader ?? false;
  }

  /** What changes here goes to every hub in the step that changed it. */
  get tellsRowsItself(): boolean {
    return this.#master === null;
  }

  /** The hub that passes on what we send; null: we send to everybody ourselves. */
  get #master(): HubId | null {
    const leader = this.#election?.leader ?? null;
    return leader === this.#context.self ? null : leader;
  }

  wakeElection(): void {
    this.#election?.wake();
  }

  // ---- what goes out ----

  readonly #fitting = (rows: readonly unknown[]): number =>
    fitting(rows, this.#context.config.limits.pageLength);

  /** Every change leaves in the step that made it. @patent [0041] C4.2 LSE-3 LSE-4 */
  tell(): void {
    const { panorama, out } = this.#context;
    const master = this.#master;
    for (const delta of panorama.takeDeltas(this.#fitting)) {
      if (master !== null) this.#sendSigned(master, delta);
      else for (const hub of this.#context.peers()) out.send(hub, delta);
    }
  }

  #sendSigned(to: HubId, update: SignedUpdate['update']): void {
    const { crypto, self, out } = this.#context;
    const signed: SignedUpdate = { owner: self, update };
    const document = signDocument(crypto, self, 'part-update', signed as unknown as JsonValue);
    out.send(to, { type: 'part-update', term: this.#election?.term ?? 0, document });
  }

  /** Rows first: a revision ahead of its rows would look like a gap and cost a whole snapshot. */
  heartbeat(hub: HubId): void {
    this.tell();
    const version = this.#context.panorama.own.version();
    const [mark, known] = [this.#marks.own(), this.#marks.of(hub)];
    this.#context.out.send(hub, { type: 'heartbeat', version, mark, known });
  }

  /** The link to that hub is up: it hears at once where we stand, and who is master if we are. */
  greet(hub: HubId): void {
    this.#election?.greet(hub);
    this.heartbeat(hub);
  }

  // ---- what comes in ----

  /** Messages about panoramas and their master; false: something else. */
  takes(from: HubId, message: HubMessage): boolean {
    switch (message.type) {
      case 'heartbeat':
        this.#heard(from, message);
        return true;
      case 'delta':
      case 'snapshot':
        this.#take(from, message, from);
        return true;
      case 'part-update':
        this.#passedOn(from, message);
        return true;
      case 'snapshot-request':
        this.#requested(from, message.of);
        return true;
      case 'election-ask':
      case 'election-vote':
      case 'election-lead':
      case 'election-follow':
        this.#election?.handle(from, message);
        return true;
      default:
        return false;
    }
  }

  #heard(from: HubId, heartbeat: HeartbeatMessage): void {
    const applied = this.#context.panorama.checkHeartbeat(from, heartbeat);
    if (applied !== 'gap') {
      this.#behind.delete(from);
      return;
    }
    const master = this.#master;
    if (!this.#election || this.isMaster || master === from) return this.#ask(from, from);
    // What the master passes on takes longer than the heartbeat: it gets the time of one more. A
    // hub that just started has nothing under way, but may not know its master yet.
    const { epoch, revision } = heartbeat.version;
    const known = this.#behind.get(from);
    const part = this.#context.panorama.parts.get(from);
    const isNew = part?.epoch !== epoch && master !== null;
    const isStill = known && (part?.epoch !== known.epoch || part.revision <= known.revision);
    const beats = isStill ? known.beats + 1 : isNew ? 1 : 0;
    this.#behind.set(from, isStill ? { ...known, beats } : { epoch, revision, beats });
    if (beats === 1) this.#ask(master ?? from, from);
    else if (beats > 1) this.#ask(from, from);
  }

  /**
   * @param from  who sent it: the owner, or the master.
   * @refuses PANORAMA_NOT_OWNER, PANORAMA_REVISION; then a snapshot PANORAMA_MALFORMED, a delta
   *          PANORAMA_WRONG_BASE.
   */
  #take(owner: HubId, update: DeltaMessage | SnapshotMessage, from: HubId): Applied | undefined {
    const { panorama } = this.#context;
    const parts = update.type === 'delta' ? update.changes : update.shared;
    if (!panorama.ownsRows(owner, update.rows) || !panorama.ownsRows(owner, parts)) {
      this.#refuse(from, 'PANORAMA_NOT_OWNER', `rows that are not of ${owner}`);
      return undefined;
    }
    // A row from the future would outlive every truth that its owner tells later.
    const latest = update.type === 'snapshot' ? update.revision : update.to;
    if ([...update.rows, ...parts].some(({ revision }) => revision > latest)) {
      this.#refuse(from, 'PANORAMA_REVISION', `rows beyond revision ${latest}`);
      return undefined;
    }
    if (update.type === 'snapshot') {
      const { forms, shared } = update;
      if (!shared.every(({ form, figures }) => suits(forms[form], figures))) {
        this.#refuse(from, 'PANORAMA_MALFORMED', 'figures that do not suit their form');
        return undefined;
      }
      const applied = panorama.applySnapshot(owner, update);
      this.#asked.delete(owner);
      return applied;
    }
    const applied = panorama.applyDelta(owner, update);
    const isFull = (panorama.parts.get(owner)?.leftCount ?? 0) > LEFT_ROWS_MAX;
    if (applied === 'unfit') this.#refuse(from, 'PANORAMA_WRONG_BASE', `a change by ${owner}`);
    const isBehind = applied === 'gap' || applied === 'unfit';
    if (isBehind || isFull) this.#ask(this.#master ?? owner, owner);
    return applied;
  }

  /**
   * Rows that their owner signed for everybody, from the owner or from the master hub. They are
   * right whoever brings them, in whatever term: only who leads passes them on.
   *
   * @refuses PANORAMA_MALFORMED, PANORAMA_SIGNATURE, PANORAMA_NOT_OWNER, PANORAMA_REVISION,
   *          PANORAMA_WRONG_BASE; in this order.
   */
  #passedOn(from: HubId, { document }: PartUpdate): void {
    const { env, self } = this.#context;
    const read = env.documents.signedUpdate(document.payload);
    if (!read.ok) return this.#refuse(from, read.code, read.hint);
    const { owner, update } = read.value;
    if (owner === self) return;
    const keys = this.#context.keysOfHub(owner);
    if (!isSignedByAny(env.crypto, document, 'part-update', owner, keys)) {
      return this.#refuse(from, 'PANORAMA_SIGNATURE', `not signed by ${owner}`);
    }
    // A master that plays an owner's earlier life to a hub that just started finds no belief.
    if (update.epoch < this.#knownEpochOf(owner)) return;
    const applied = this.#take(owner, update, from);
    if (applied === undefined || from !== owner || !this.isMaster) return;
    if (update.type === 'snapshot') this.#passOnSnapshot(owner, update, document);
    else if (applied !== 'old') this.#passOn(this.#context.peers(), owner, document);
  }

  #passOn(hubs: Iterable<HubId>, owner: HubId, document: SignedDocument): void {
    const term = this.#election?.term ?? 0;
    const message = { type: 'part-update', term, document } as const;
    for (const hub of hubs) if (hub !== owner) this.#context.out.send(hub, message);
  }

  #passOnSnapshot(owner: HubId, snapshot: SnapshotMessage, document: SignedDocument): void {
    this.#passOn(this.#wanted.get(owner) ?? [], owner, document);
    if (snapshot.chunk === snapshot.chunks - 1) this.#wanted.delete(owner);
  }

  #requested(from: HubId, of: HubId): void {
    const { panorama, self, out } = this.#context;
    if (of === self) {
      const chunks = panorama.snapshot(this.#fitting);
      for (const chunk of chunks) {
        if (from === this.#master) this.#sendSigned(from, chunk);
        else out.send(from, chunk);
      }
      return;
    }
    if (!this.isMaster || !this.#context.hubKeys.has(of)) return;
    this.#wanted.set(of, (this.#wanted.get(of) ?? new Set()).add(from));
    this.#ask(of, of);
  }

  /** Asks that hub for the owner's whole part, unless it was just asked for. */
  #ask(hub: HubId, owner: HubId): void {
    const { elapsedMs } = this.#context.now();
    if ((this.#asked.get(owner) ?? -Infinity) > elapsedMs) return;
    this.#asked.set(owner, elapsedMs + this.#context.timing.heartbeatMs);
    this.#context.out.send(hub, { type: 'snapshot-request', of: owner });
  }

  #refuse(from: HubId, code: RefusalCode, hint: string): void {
    this.#context.out.effect({ kind: 'frame-refused', from, code, hint, nonce: null });
  }
}
