/** A whole hub as a reducer: state, and a step from inputs to writes, sends and effects. */
import { FirstAgreements } from '../agreement/first-hub.ts';
import { KEPT_AGREEMENT, KEPT_PART } from '../agreement/kept.ts';
import type { AgreementMessage } from '../agreement/messages.ts';
import type { AgreementRecord, PartRecord, PartTombstone } from '../agreement/records.ts';
import { TargetParts } from '../agreement/target-hub.ts';
import { type Testimony, testimoniesFor } from '../agreement/testimony.ts';
import type { ElectionRecord } from '../election/election.ts';
import type { CoreEnv } from '../env.ts';
import type { ListedHub } from '../identity/statements.ts';
import type {
  Frame,
  HubMessage,
  Message,
  PanoramaStatus,
  ParticipantMessage,
  RecoveryStatus,
  Request,
  SignedFrame,
} from '../messages.ts';
import { KEPT_ORDER } from '../order/kept.ts';
import type { OrderRecord } from '../order/order-record.ts';
import type { HeartbeatMessage } from '../panorama/row.ts';
import { invariant, refuse } from '../refusals.ts';
import type { SolverAnswer } from '../rounds/answer.ts';
import type { RoundStatus } from '../rounds/report.ts';
import type { Send } from '../step.ts';
import type { HubId, NodeId, ParticipantId } from '../units/ids.ts';
import { decodeStored } from '../units/json.ts';
import { readKept } from '../units/kept.ts';
import type { Now } from '../units/now.ts';
import type { StoredRecord, Write } from '../units/write.ts';
import type { AdmissionRecord, AdmissionRequest, HubListRecord, TokenRecord } from './admission.ts';
import { AdmissionDesk } from './admission-desk.ts';
import type { HubConfig } from './config.ts';
import { HubContext, type HubEffect } from './context.ts';
import type { EndedKind, EndedSearch } from './ended.ts';
import { FrameGate, type WindowRecord } from './frame-gate.ts';
import { LogDesk, type LogPosition } from './log-desk.ts';
import { type CommitsRecord, type MarkRecord, Marks } from './marks.ts';
import { MemberDesk } from './member-desk.ts';
import { NamingDesk } from './naming-desk.ts';
import { type DoneRecord, OrderBook } from './order-book.ts';
import { fitting } from './paging.ts';
import { MASTER_ELECTION, PanoramaDesk } from './panorama-desk.ts';
import { type RecoveredRecord, RecoveryDesk, type RecoveryRecord } from './recovery-desk.ts';
import { RegistrationDesk } from './registration-desk.ts';
import { RelayDesk } from './relay-desk.ts';
import { RequestDesk } from './request-desk.ts';
import { Restarts } from './restarts.ts';
import { ResultDesk, type ResultRecord } from './result-desk.ts';
import { RetentionDesk } from './retention-desk.ts';
import type { DesiredRecord, RegistryRecord, UncheckedRecord } from './subnet.ts';

export type { StoredRecord } from '../units/write.ts';

export type HubInput =
  | { kind: 'frame'; signed: SignedFrame }
  /** Our outgoing link to that hub is up (again). */
  | { kind: 'peer-connected'; hub: HubId }
  /** Of a connection that the shell has proved to be the participant's by itself. */
  | {
      kind: 'request';
      from: ParticipantId;
      session: string;
      requestId: string;
      request: Request;
    }
  /** Such a connection wants to hear what happens to the participant's orders. */
  | { kind: 'session-opened'; participant: ParticipantId; session: string }
  | { kind: 'session-closed'; participant: ParticipantId; session: string }
  /** From the operator of this hub, or from somebody at its admission door; see effect `answer`. */
  | { kind: 'admission'; ticket: string; request: AdmissionRequest }
  /** What came of the effect `solve` of that round; null: the solver failed. */
  | { kind: 'solved'; round: string; answer: SolverAnswer | null }
  /** What the effect `find-ended` found. */
  | { kind: 'ended-found'; search: EndedSearch };

export interface HubStep {
  writes: Write[];
  sends: Send[];
  effects: HubEffect[];
}

/** Matching and messages to itself settle within this many rounds of one step. */
const ROUNDS_MAX = 10_000;
/** Lots of snapshots that one step takes over into the market: some milliseconds. */
const ARRIVED_PER_STEP = 1024;
/** Lots whose places in the index one step puts in order: about two milliseconds. */
const TIDIED_PER_STEP = 1024;
/** Deadlines at which something is decided, by the first word of their names. */
const DECIDING: ReadonlySet<string> = new Set([
  'part',
  'agreement',
  'order',
  'restart',
  'member',
  'retention',
]);
const DECIDING_REQUESTS: ReadonlySet<Request['op']> = new Set([
  'order.cancel',
  'order.release',
  'lease.stop',
]);
/** What brings rows of other hubs, and nothing else. */
const ROWS: ReadonlySet<Message['type']> = new Set(['delta', 'part-update']);
const HELD_REQUESTS_MAX = 1_024;
const FORGET_SESSIONS_EVERY_MS = 600_000;

/**
 * The caller commits `writes` in one transaction and only then releases `sends` and `effects`; so
 * whatever was acknowledged is durable, and a crash anywhere looks like lost messages.
 */
export class HubCore {
  readonly #context: HubContext;
  readonly #gate: FrameGate;
  readonly #members: MemberDesk;
  readonly #registrations: RegistrationDesk;
  readonly #parts: TargetParts;
  readonly #agreements: FirstAgreements;
  readonly #book: OrderBook;
  readonly #requests: RequestDesk;
  readonly #logs: LogDesk;
  readonly #restarts: Restarts;
  readonly #results: ResultDesk;
  readonly #admissions: AdmissionDesk;
  readonly #naming: NamingDesk;
  readonly #panoramas: PanoramaDesk;
  readonly #marks: Marks;
  readonly #relays: RelayDesk;
  readonly #retention: RetentionDesk;
  /** Null in a hub that serves. */
  readonly #recovery: RecoveryDesk | null;
  /** Peers that were heard in this life, and so have told what they know of our past. */
  readonly #heardPeers = new Set<HubId>();
  /** Deadlines that came while this hub was not sure of its past. */
  readonly #heldBack = new Set<string>();
  /** Requests that came then. */
  readonly #heldRequests: (() => void)[] = [];
  /** Another life begins: this one does nothing more. */
  #isOver = false;
  #lastMs: number;

  constructor(config: HubConfig, env: CoreEnv, now: Now, stored: Iterable<StoredRecord>) {
    const records = [...stored];
    const epoch = (storedOne<{ epoch: number }>(records, 'meta', 'epoch')?.epoch ?? 0) + 1;
    const context = new HubContext(config, env, now, epoch);
    this.#context = context;
    context.recovered = storedOne<RecoveredRecord>(records, 'meta', 'recovered')?.epoch ?? 0;
    this.#lastMs = now.elapsedMs;
    const { frameTtlMs, toleranceMs } = config.timing;
    this.#gate = new FrameGate({ self: config.id, frameTtlMs, toleranceMs }, env.crypto);
    const recovery = storedOne<RecoveryRecord>(records, 'meta', 'recovery');
    const commits = storedOne<CommitsRecord>(records, 'meta', 'commits')?.commits ?? 0;
    this.#recovery =
      recovery && new RecoveryDesk(context, records, (hub) => this.#heardPeers.has(hub));
    this.#marks = new Marks(context, {
      epoch,
      // What was proved once need not be proved again.
      commits: Math.max(commits, recovery?.commits ?? 0),
      bornAtMs: now.wallMs,
    });
    this.#panoramas = new PanoramaDesk(
      context,
      storedOne<ElectionRecord>(records, 'election', MASTER_ELECTION),
      (hub) => this.#gate.epochOf(hub),
      this.#marks,
      recovery !== null,
    );
    this.#members = new MemberDesk(context, this.#panoramas);
    this.#registrations = new RegistrationDesk(context, {
      stockChanged: (participant) => this.#members.publishStock(participant),
      schedule: (participant) => this.#members.schedule(participant),
    });
    this.#parts = new TargetParts(context, this.#members);
    this.#restarts = new Restarts(context, this.#parts);
    this.#members.connect(this.#parts, this.#restarts);
    this.#results = new ResultDesk(context);
    this.#agreements = new FirstAgreements(context, {
      keysOf: (hub) => context.keysOfHub(hub),
      taskPrivate: (agreement) => this.#book.orders.get(agreement.order)?.taskPrivate ?? null,
      answered: (part, rowEpoch, row) => {
        const { lessor, agreement, part: number, targetHub } = part.terms;
        context.reservations.remove(lessor, `${agreement}.${number}`);
        if (row) context.panorama.applyRow(targetHub, rowEpoch, row);
      },
      unanswered: (part) => {
        const { lessor, agreement, part: number } = part.terms;
        context.reservations.remove(lessor, `${agreement}.${number}`);
        context.panorama.improved.add(lessor);
      },
      aborted: (agreement, lost) => this.#book.agreementAborted(agreement, lost),
      committed: (agreement) => this.#book.agreementCommitted(agreement),
      keyReleased: (agreement, part) => this.#book.keyReleased(agreement, part),
      running: (agreement) => this.#book.agreementRunning(agreement),
      partEnded: (agreement, part, lingers) => this.#book.partEnded(agreement, part, lingers),
      ended: (agreement) => this.#book.agreementEnded(agreement),
    });
    this.#book = new OrderBook(context, this.#agreements);
    this.#requests = new RequestDesk(
      context,
      this.#book,
      this.#agreements,
      this.#parts,
      this.#results,
      this.#panoramas,
      this.#recovery,
    );
    this.#logs = new LogDesk(
      context,
      this.#parts,
      this.#agreements,
      this.#results,
      (order) => this.#book.orders.get(order)?.order.lessee,
    );
    this.#naming = new NamingDesk(context, this.#parts, this.#registrations);
    this.#admissions = new AdmissionDesk(context, {
      stockChanged: (lessor) => this.#members.publishStock(lessor),
      schedule: (lessor) => this.#members.schedule(lessor),
      cancelAll: (lessee) => this.#book.cancelAll(lessee),
    });
    this.#relays = new RelayDesk(context);
    this.#retention = new RetentionDesk(context, (kind, id) => this.#isInUse(kind, id));
    this.#restore(records);
    context.put('meta', 'epoch', { epoch });
    context.wakeAt('heartbeat', now.elapsedMs);
    context.wakeAt('sure', now.elapsedMs + config.timing.hubStaleMs);
    if (context.peers().length === 0) this.#becomeSure();
    context.wakeAt('sessions', now.elapsedMs + FORGET_SESSIONS_EVERY_MS);
  }

  get epoch(): number {
    return this.#context.epoch;
  }

  /** For reading only: simulator, tests, and the shell's metrics. */
  get panorama() {
    return this.#context.panorama;
  }

  get agreements(): ReadonlyMap<string, AgreementRecord> {
    return this.#agreements.agreements;
  }

  get parts(): ReadonlyMap<string, PartRecord> {
    return this.#parts.parts;
  }

  get orders(): ReadonlyMap<string, OrderRecord> {
    return this.#book.orders;
  }

  /** Hubs of the network with their addresses, when the operator's list names them. */
  get listedHubs(): readonly ListedHub[] {
    return this.#admissions.listedHubs;
  }

  get hubListRevision(): number {
    return this.#admissions.hubListRevision;
  }

  /** The other hubs of the network as it is now. */
  peers(): HubId[] {
    return this.#context.peers();
  }

  /** Who is in the subnet and may enter. */
  participants(): ParticipantId[] {
    const members = [...this.#context.subnet.members.values()];
    return members.filter(({ expelled }) => !expelled).map(({ admitted }) => admitted.id);
  }

  /** Keys that sign for that node now, this hub itself apart; none for strangers and the expelled. */
  keysOf(node: NodeId): readonly string[] {
    return this.#context.keysOf(node);
  }

  /** Keys of whoever sends this frame, those included of which the operator's list in it tells first. */
  keysFor({ from, messages }: Pick<Frame, 'from' | 'messages'>): readonly string[] {
    const keys = this.#context.keysOf(from);
    const shown = this.#admissions.shownKeys(from, messages);
    return shown.length > 0 ? [...keys, ...shown] : keys;
  }

  /** How panoramas travel, and who is master. */
  get panoramaStatus(): PanoramaStatus {
    return this.#panoramas.status();
  }

  get rounds(): RoundStatus {
    return this.#book.rounds.status();
  }

  /** Elapsed time at which a step is due even without inputs. */
  nextWakeMs(): number {
    return this.#context.deadlines.next() ?? Infinity;
  }

  /** @param diskLow refuse new obligations; what was promised goes on. */
  step(now: Now, inputs: readonly HubInput[], diskLow = false): HubStep {
    invariant(now.elapsedMs >= this.#lastMs, 'elapsed time went back');
    this.#lastMs = now.elapsedMs;
    const context = this.#context;
    context.setNow(now);
    context.diskLow = diskLow;
    for (const input of inputs) {
      if (this.#isOver) break;
      this.#take(input);
      this.#drainLocal();
    }
    if (!this.#isOver) this.#wakeDue(now.elapsedMs);
    if (!this.#isOver) this.#match();
    this.#members.desired.flush();
    this.#logs.tellOutput();
    if (!this.#isOver) this.#panoramas.tell();
    if (context.out.hasWrites) {
      context.put('meta', 'clock', { elapsedMs: now.elapsedMs });
      this.#marks.counted();
    }
    context.signatures.make();
    return context.out.take();
  }

  /** False until it heard a peer: what the store says may not be all of its past. */
  get isSure(): boolean {
    return this.#context.isSure;
  }

  /** Null: this hub serves. Otherwise its store lost some of its past, and it decides nothing. */
  get recovery(): RecoveryStatus | null {
    return this.#recovery?.status() ?? null;
  }

  /** A peer was heard, there is none, or none answers: what the store says counts from here on. */
  #becomeSure(): void {
    const context = this.#context;
    if (context.isSure || this.#recovery) return;
    context.isSure = true;
    context.cancelWake('sure');
    for (const name of this.#heldBack) context.wakeAt(name, context.now().elapsedMs);
    this.#heldBack.clear();
    this.#members.becameSure();
    for (const handle of this.#heldRequests.splice(0)) handle();
  }

  // ---- inputs ----

  #take(input: HubInput): void {
    switch (input.kind) {
      case 'frame':
        return this.#takeFrame(input.signed);
      case 'peer-connected':
        this.#admissions.showHubs(input.hub);
        if (this.#context.hubKeys.has(input.hub)) this.#panoramas.greet(input.hub);
        return;
      case 'request': {
        const { from, session, requestId, request } = input;
        if (this.#isStranger(from)) {
          const reply = refuse('LINK_UNKNOWN_SENDER', from);
          return this.#context.out.send(from, { type: 'reply', requestId, reply }, session);
        }
        return this.#request(from, session, requestId, request);
      }
      case 'session-opened':
        if (!this.#isStranger(input.participant))
          this.#openSession(input.participant, input.session);
        return;
      case 'session-closed':
        this.#context.sessions.get(input.participant)?.delete(input.session);
        return;
      case 'admission': {
        // Who the hubs are is the operator's word: whom a hub that recovers must ask, above all.
        const isOfHubs = input.request.op === 'hubs.set' || input.request.op === 'hubs.get';
        const refusal = isOfHubs ? undefined : this.#recovery?.refusal();
        const answer = refusal ?? this.#admissions.handle(input.request);
        return this.#context.out.effect({ kind: 'answer', ticket: input.ticket, answer });
      }
      case 'solved':
        return this.#book.rounds.solved(input.round, input.answer);
      case 'ended-found':
        return this.#retention.found(input.search);
    }
  }

  /**
   * What decides about agreements waits until this hub is sure of its past, which takes seconds.
   *
   * @refuses HUB_RECOVERING; then as the request says.
   */
  #request(from: ParticipantId, session: string, requestId: string, request: Request): void {
    const handle = () => this.#requests.handle(from, session, requestId, request);
    const mustWait = DECIDING_REQUESTS.has(request.op) && !this.#context.isSure;
    const isRefused = this.#recovery ? request.op !== 'hub.status' : false;
    if (!isRefused && !mustWait) return handle();
    if (!isRefused && this.#heldRequests.length < HELD_REQUESTS_MAX) {
      this.#heldRequests.push(handle);
      return;
    }
    const waits = 'it has just started, and waits for the word of another hub: try again';
    const reply = this.#recovery?.refusal() ?? refuse('HUB_RECOVERING', waits);
    this.#context.out.send(from, { type: 'reply', requestId, reply }, session);
  }

  /** The shell proved who it is a moment ago; it may have been expelled since. */
  #isStranger(participant: ParticipantId): boolean {
    return this.#context.subnet.get(participant)?.expelled ?? true;
  }

  #takeFrame(signed: SignedFrame): void {
    const { frame } = signed;
    const context = this.#context;
    const isHub = context.hubKeys.has(frame.from) && frame.from !== context.self;
    const keysOf = () => this.keysFor(frame);
    const put = (key: string, record: WindowRecord) => context.put('window', key, record);
    const putLater = (key: string, record: WindowRecord) =>
      context.out.putLater('window', key, record);
    const leavesNothing = isHub && this.#leavesNothing(frame);
    const checked = this.#gate.check(signed, context.now(), keysOf, leavesNothing ? putLater : put);
    if (!checked.ok) {
      const { code, hint } = checked;
      const nonce = { session: frame.session, seq: frame.seq };
      context.out.effect({ kind: 'frame-refused', from: frame.from, code, hint, nonce });
      // Strangers and forgers get no answer that could be aimed at somebody else. A refusal is never
      // answered: two hubs that refuse each other's frames would go on for ever.
      const answerable = frame.messages.some((message) => message.type !== 'refused');
      const isKnown = code === 'LINK_EXPIRED' || code === 'LINK_REPLAYED' || code === 'LINK_FENCED';
      if (answerable && isKnown) {
        const knownEpoch = this.#gate.epochOf(frame.from);
        const session = isHub ? null : frame.session;
        context.out.send(frame.from, { type: 'refused', code, hint, knownEpoch }, session);
      }
      return;
    }
    if (isHub) context.panorama.heard(frame.from, context.now().elapsedMs);
    for (const message of frame.messages) {
      if (isHub) this.#takeHubMessage(frame.from, message);
      else this.#takeParticipantMessage(frame, message);
      this.#drainLocal();
    }
    if (isHub) this.#wakeStale(frame.from);
  }

  /**
   * True of rows alone: they live in memory, where a crash undoes what such a frame did together with
   * the number of the frame. Coming again, to the next life, it is a frame that comes late; nothing was
   * told or promised because of it, as nothing is sold by a row of another hub: its owner decides. So
   * rows wait for no disk, and make no work for it. The number is on record with the next commit,
   * whatever that is of. A fence that rises is on record at once.
   */
  #leavesNothing({ from, epoch, messages }: Frame): boolean {
    return epoch === this.#gate.epochOf(from) && messages.every(({ type }) => ROWS.has(type));
  }

  #takeHubMessage(from: HubId, message: Message): void {
    if (message.type === 'refused') return this.#refusedBy(from, message.code);
    if (message.type === 'heartbeat' && this.#isRolledBack(from, message)) return;
    if (this.#panoramas.takes(from, message as HubMessage)) return;
    switch (message.type) {
      case 'relay':
        if (this.#relays.fromHub(from, message)) return;
        return this.#notAllowed(from, 'LINK_NOT_ALLOWED');
      case 'recovery-request':
        return this.#testify(from);
      case 'hub-list': {
        const refusal = this.#admissions.heardHubs(from, message);
        if (!refusal) return;
        const { code, hint } = refusal;
        return this.#context.out.effect({ kind: 'frame-refused', from, code, hint, nonce: null });
      }
      case 'recovery-answer':
        return this.#recovery?.answered(from, message);
      default:
        // Of a peer that may know better what is ours, only its heartbeat counts; it asks again.
        if (!this.#heardPeers.has(from) || !this.#context.isSure) return;
        return this.#takeOwnOrHub(from, message as HubMessage);
    }
  }

  /** Shown our own later word, this life ends: the next one asks for what is missing. */
  #isRolledBack(from: HubId, { mark, known }: HeartbeatMessage): boolean {
    this.#marks.heard(from, mark);
    const lost = this.#marks.lost(known);
    if (!lost) {
      this.#heardPeers.add(from);
      this.#becomeSure();
      return false;
    }
    const context = this.#context;
    this.#isOver = true;
    context.put('meta', 'epoch', { epoch: Math.max(context.epoch, lost.epoch) });
    context.put('meta', 'recovery', { commits: lost.commits } satisfies RecoveryRecord);
    const hint = `${from} has our word on ${lost.commits} commits in epoch ${lost.epoch}`;
    context.out.effect({ kind: 'restart', code: 'HUB_STORE_ROLLED_BACK', hint });
    return true;
  }

  /** A hub that recovers itself still knows what its store does. */
  #testify(from: HubId): void {
    const context = this.#context;
    const source = this.#recovery?.source() ?? {
      agreements: this.#agreements.agreements.values(),
      parts: this.#parts.parts.values(),
      taskPrivate: ({ order }) => this.#book.orders.get(order)?.taskPrivate ?? null,
    };
    const { elapsedMs } = context.now();
    const all = testimoniesFor(from, source, elapsedMs);
    const { term } = this.#panoramas.status();
    const chunks: Testimony[][] = [];
    for (let rest = all; rest.length > 0; ) {
      const count = fitting(rest, context.config.limits.pageLength);
      chunks.push(rest.slice(0, count));
      rest = rest.slice(count);
    }
    if (chunks.length === 0) chunks.push([]);
    for (const [chunk, testimonies] of chunks.entries()) {
      const numbers = { asOf: elapsedMs, term, chunk, chunks: chunks.length };
      context.out.send(from, { type: 'recovery-answer', ...numbers, testimonies });
    }
  }

  /** Messages that this hub may also send to itself: agreements and logs. */
  #takeOwnOrHub(from: HubId, message: HubMessage): void {
    switch (message.type) {
      case 'prepare':
      case 'abort':
      case 'activate':
      case 'all-started':
      case 'end':
      case 'part-ended-ack':
      case 'settle':
        return this.#parts.handle(from, message);
      case 'vote-yes':
      case 'vote-no':
      case 'aborted':
      case 'started':
      case 'running':
      case 'part-ended':
      case 'settled':
        return this.#agreements.handle(from, message satisfies AgreementMessage);
      case 'part-log':
        return this.#logs.fromTarget(from, message);
      case 'part-log-ack':
        return this.#logs.acknowledged(from, message.container, message.seq);
      default:
        return this.#notAllowed(from, 'LINK_NOT_ALLOWED');
    }
  }

  #takeParticipantMessage(frame: Frame, message: Message): void {
    const { from, session } = frame;
    const context = this.#context;
    const allowed = message as ParticipantMessage;
    if (this.#recovery && allowed.type !== 'request') {
      return this.#recovery.fromAgent(from, session, allowed);
    }
    switch (allowed.type) {
      case 'hello':
        if (allowed.role === 'lessee') this.#openSession(from, session);
        this.#members.hello(from, session, allowed.role, allowed.keys);
        return;
      case 'request':
        this.#openSession(from, session);
        return this.#request(from, session, allowed.requestId, allowed.request);
      case 'relay-send':
        return this.#relays.fromParticipant(from, session, allowed.to, allowed.payload);
      case 'resource':
      case 'offer':
      case 'changed':
      case 'status':
      case 'log':
        // Only the agent's latest session speaks for the lessor; a word of it counts as a hello.
        if (context.subnet.get(from)?.agentSession !== session) {
          if (!this.#members.hello(from, session, 'agent')) return;
        }
        return this.#takeAgentMessage(from, session, allowed);
      default:
        return this.#notAllowed(from, 'LINK_NOT_ALLOWED');
    }
  }

  #takeAgentMessage(
    from: ParticipantId,
    session: string,
    message: Extract<
      ParticipantMessage,
      { type: 'resource' | 'offer' | 'changed' | 'status' | 'log' }
    >,
  ): void {
    switch (message.type) {
      case 'resource':
        return this.#registrations.resource(from, message.document);
      case 'offer':
        return this.#registrations.offer(from, message.document);
      case 'changed':
        return this.#members.collect(from, message.what);
      case 'status':
        return this.#members.status(from, session, message);
      case 'log': {
        const { container, seq, stream, text } = message;
        return this.#logs.fromAgent(from, { container, seq, stream, text });
      }
    }
  }

  #openSession(participant: ParticipantId, session: string): void {
    const { sessions } = this.#context;
    const open = sessions.get(participant) ?? new Set();
    sessions.set(participant, open.add(session));
  }

  #notAllowed(from: NodeId, code: 'LINK_NOT_ALLOWED'): void {
    this.#context.out.effect({
      kind: 'frame-refused',
      from,
      code,
      hint: 'message ignored',
      nonce: null,
    });
  }

  // ---- panoramas ----

  #refusedBy(from: HubId, code: string): void {
    if (code === 'LINK_FENCED') return;
    const hint = `refused by ${from}`;
    const refused = { from, code: 'LINK_EXPIRED', hint, nonce: null } as const;
    this.#context.out.effect({ kind: 'frame-refused', ...refused });
  }

  #wakeStale(hub: HubId): void {
    const atMs = this.#context.now().elapsedMs + this.#context.timing.hubStaleMs;
    this.#context.wakeAt(`stale ${hub}`, atMs);
  }

  // ---- deadlines and matching ----

  #wakeDue(nowMs: number): void {
    const { deadlines } = this.#context;
    for (let name = deadlines.takeDue(nowMs); name; name = deadlines.takeDue(nowMs)) {
      this.#wake(name);
      this.#drainLocal();
    }
  }

  #wake(name: string): void {
    const space = name.indexOf(' ');
    const kind = space < 0 ? name : name.slice(0, space);
    const id = name.slice(space + 1);
    if (!this.#context.isSure && DECIDING.has(kind)) {
      this.#heldBack.add(name);
      return;
    }
    switch (kind) {
      case 'sure':
        return this.#becomeSure();
      case 'heartbeat': {
        this.#recovery?.ask();
        if (this.#isOver) return;
        for (const hub of this.#context.peers()) {
          this.#panoramas.heartbeat(hub);
          this.#admissions.announceHubs(hub);
        }
        return this.#context.wakeAt('heartbeat', this.#lastMs + this.#context.timing.heartbeatMs);
      }
      case 'market':
        // Every step does some of what is left to do.
        return;
      case 'election':
        return this.#panoramas.wakeElection();
      case 'stale':
        return this.#context.panorama.markStale(id);
      case 'token':
        return this.#admissions.forgetToken(id);
      case 'member':
        return this.#members.wakeMember(id);
      case 'names':
        return this.#naming.wake();
      case 'part':
        return this.#parts.wake(id);
      case 'agreement':
        return this.#agreements.wake(id);
      case 'restart':
        return this.#restarts.wake(id);
      case 'result':
        return this.#results.wake(id);
      case 'order':
        return this.#wakeOrder(id);
      case 'round':
        return this.#book.rounds.wake();
      case 'retention':
        return this.#retention.wake();
      case 'sessions':
        this.#gate.forgetSilent(this.#context.now(), (key) =>
          this.#context.out.remove('window', key),
        );
        return this.#context.wakeAt('sessions', this.#lastMs + FORGET_SESSIONS_EVERY_MS);
      default:
        throw new Error(`unknown deadline ${name}`);
    }
  }

  /** Nothing that memory knows of is ever deleted from the store. */
  #isInUse(kind: EndedKind, id: string): boolean {
    if (kind === 'order') return this.#book.orders.has(id) || this.#results.has(id);
    if (kind === 'part') return this.#parts.parts.has(id);
    return this.#agreements.tombstones.has(id) || this.#parts.tombstones.has(id);
  }

  #wakeOrder(id: string): void {
    this.#book.wake(id);
    if (!this.#book.orders.has(id)) this.#logs.forget(id);
  }

  #match(): void {
    const { market, panorama } = this.#context;
    const { improved } = panorama;
    for (const lessor of market.followArrived(ARRIVED_PER_STEP)) improved.add(lessor);
    const isSure = this.#context.isSure;
    const isDue = (round: number) => {
      if (improved.size > 0) return true;
      // Those that find no place are told so once.
      return round === 0 ? this.#book.queued > 0 : this.#book.hasMatchable;
    };
    for (let round = 0; isSure && isDue(round); round += 1) {
      invariant(round < ROUNDS_MAX, 'matching does not settle');
      const lessors = [...improved].sort();
      improved.clear();
      this.#book.offersImproved(lessors);
      this.#book.matchQueued();
      this.#drainLocal();
    }
    market.follow();
    market.tidy(TIDIED_PER_STEP);
    if (market.isBehind) this.#context.wakeAt('market', this.#lastMs);
  }

  #drainLocal(): void {
    const { local, self } = this.#context;
    for (let message = local.shift(); message; message = local.shift()) {
      this.#takeOwnOrHub(self, message);
    }
  }

  // ---- restart ----

  #restore(records: readonly StoredRecord[]): void {
    const each = <T>(table: string, take: (record: T, key: string) => void): void => {
      for (const record of records) {
        if (record.table === table) take(decodeStored<T>(record.text), record.key);
      }
    };
    each<HubListRecord>('hub-list', (record) => this.#admissions.restoreHubs(record));
    each<TokenRecord>('join-token', (record, key) => this.#admissions.restoreToken(key, record));
    each<AdmissionRecord>('admission', (record) => this.#admissions.restore(record));
    each<WindowRecord>('window', (record, key) => this.#gate.restore(key, record));
    each<MarkRecord>('mark', (record, key) => this.#marks.restore(key, record));
    if (this.#recovery) return;
    each<UncheckedRecord>('unchecked', (one, key) => this.#members.restoreUnchecked(key, one));
    each<DesiredRecord>('desired', (record, key) => this.#members.desired.restore(key, record));
    each<RegistryRecord>('registry', (record, key) => this.#registrations.restore(key, record));
    for (const part of readKept(KEPT_PART, records).values()) {
      this.#parts.restore(part);
      this.#restarts.restore(part);
    }
    each<ResultRecord>('result-index', (record, key) => this.#results.restore(key, record));
    each<PartTombstone>('tombstone', (tombstone) => {
      if (tombstone.id.startsWith('first ')) this.#agreements.restoreTombstone(tombstone);
      else this.#parts.restoreTombstone(tombstone);
    });
    const agreements = readKept(KEPT_AGREEMENT, records);
    for (const agreement of agreements.values()) this.#agreements.restore(agreement);
    for (const order of readKept(KEPT_ORDER, records).values()) this.#book.restore(order);
    each<DoneRecord>('done', (record, key) => this.#book.restoreDone(key, record));
    each<LogPosition>('log-position', (position, key) => this.#logs.restore(key, position));
    this.#book.restoreReservations();
    this.#registrations.publishRestored();
    this.#naming.start();
  }
}

function storedOne<T>(records: readonly StoredRecord[], table: string, key: string): T | null {
  const record = records.find((one) => one.table === table && one.key === key);
  return record ? decodeStored<T>(record.text) : null;
}
