/** Buy orders at their first hub: accepted, matched in fair order, and followed to their end. */
import type { FirstAgreements } from '../agreement/first-hub.ts';
import type { AgreementPart, AgreementPartTerms, AgreementRecord } from '../agreement/records.ts';
import type { Match, Want } from '../matching/match.ts';
import { matchApart, type Wish } from '../matching/match-apart.ts';
import { matchShare } from '../matching/match-share.ts';
import { mayServe } from '../matching/may-serve.ts';
import type { AwaitedKey, KeyRelease } from '../messages.ts';
import { KEPT_ORDER } from '../order/kept.ts';
import {
  FINAL_ORDER_STATES,
  ORDER_EVENTS_MAX,
  type OrderEvent,
  type OrderRecord,
  type OrderState,
} from '../order/order-record.ts';
import { type Refusal, type RefusalCode, refuse } from '../refusals.ts';
import { documentDigest, isSignedByAny, type SignedDocument } from '../units/document.ts';
import { compareIds, type OrderId, orderIdOf, type ParticipantId, partIdOf } from '../units/ids.ts';
import { formatCredits } from '../units/money.ts';
import type { HubContext } from './context.ts';
import { refuseOrder } from './order-checks.ts';
import {
  fillingParts,
  isLiveAgreement,
  isVoid,
  openStateOf,
  type Verdict,
  verdictOf,
  wantOf,
} from './order-state.ts';
import { partTermsOf } from './order-terms.ts';
import { agreementIdOf } from './recovered.ts';
import { RoundDesk } from './round-desk.ts';
import { inTurn } from './turns.ts';
import { orderView } from './views.ts';

/** First wait after an abort that was not a plain lost race; doubles with every attempt. */
const BACK_OFF_MS = 50;
const BACK_OFF_DOUBLINGS_MAX = 7;

/** What is remembered of an archived order so that its text is not taken for a new one. */
export interface DoneRecord {
  expiresAtElapsedMs: number;
}

export class OrderBook {
  readonly orders = new Map<OrderId, OrderRecord>();
  readonly rounds: RoundDesk;
  /** Orders to be matched in this step. */
  readonly #queue = new Set<OrderId>();
  readonly #notBefore = new Map<OrderId, number>();
  /** Orders that a better offer may serve: open ones, and partial ones that are not full. */
  readonly #waiting = new Set<OrderId>();
  readonly #openCount = new Map<ParticipantId, number>();
  /** Archived orders that could still be sent again: id -> elapsed time of their expiry. */
  readonly #done = new Map<OrderId, number>();
  /** Agreements of orders that were lost with an old store: their lessees have the text, and attach them. */
  readonly #orphans = new Map<OrderId, AgreementRecord[]>();
  #acceptedSeq = 0;
  readonly #context: HubContext;
  readonly #agreements: FirstAgreements;

  constructor(context: HubContext, agreements: FirstAgreements) {
    this.#context = context;
    this.#agreements = agreements;
    this.rounds = new RoundDesk(context, {
      find: (id) => this.orders.get(id),
      wanted: (record) => this.#wanted(record),
      sign: (record, match) => this.#sign(record, match),
      matchApart: (records) => this.#matchApart(records),
      losesRaces: () => this.#context.contention.lostLately,
      matchAlone: (record, instead) => this.#match(record, instead),
      lostRace: (record, lessors) => this.#lostRace(record, lessors.join(', ')),
      enqueue: (record) => this.#enqueue(record),
      places: () => this.places,
    });
  }

  restore(order: OrderRecord): void {
    this.#context.restored(order);
    this.orders.set(order.id, order);
    this.#acceptedSeq = Math.max(this.#acceptedSeq, order.acceptedSeq);
    if (FINAL_ORDER_STATES.has(order.state)) return this.#scheduleArchive(order);
    this.#trackOpen(order, 1);
    // Its expiry, or the end of its last agreement, may lie in the time that the hub was down.
    this.#context.wakeAt(`order ${order.id}`, this.#context.now().elapsedMs);
  }

  restoreDone(id: OrderId, { expiresAtElapsedMs }: DoneRecord): void {
    this.#done.set(id, expiresAtElapsedMs);
    this.#context.wakeAt(`order ${id}`, expiresAtElapsedMs);
  }

  /** Takes back what unanswered agreements were about to take. Call after all records are back. */
  restoreReservations(): void {
    for (const agreement of this.#agreements.agreements.values()) {
      const { order } = agreement;
      if (!this.orders.has(order)) {
        this.#orphans.set(order, [...(this.#orphans.get(order) ?? []), agreement]);
      }
      if (agreement.state !== 'preparing') continue;
      for (const part of agreement.parts) if (part.status === 'asked') this.#reserve(part.terms);
    }
  }

  /**
   * Accepts a buy order of a participant of this subnet. The same signed text is the same order.
   *
   * @refuses ORDER_MALFORMED, ORDER_NOT_YOURS, ORDER_SIGNATURE, STORE_LOW_DISK, ORDER_COUNT,
   *          ORDER_DURATION, ORDER_EXPIRED, ORDER_EXPIRY, ORDER_DEVICES, ORDER_BUDGET,
   *          ORDER_TASK_DIGEST, ORDER_LIMIT, ORDER_QUEUE_FULL.
   * @patent [0048] [0049] C1.4 ORD-1 ORD-2
   */
  submit(
    from: ParticipantId,
    document: SignedDocument,
    taskPrivate: string | null,
  ): { ok: true; order: OrderId } | Refusal {
    const { env, subnet, config } = this.#context;
    const now = this.#context.now();
    const read = env.documents.buyOrder(document.payload);
    if (!read.ok) return read;
    const order = read.value;
    const member = subnet.get(from);
    if (!member || order.lessee !== from)
      return refuse('ORDER_NOT_YOURS', `lessee ${order.lessee}`);
    if (!isSignedByAny(env.crypto, document, 'buy-order', from, this.#context.keysOf(from))) {
      return refuse('ORDER_SIGNATURE', 'sign the payload with the lessee’s key');
    }
    const digest = documentDigest(env.crypto, document);
    const id = orderIdOf(digest);
    if (this.orders.has(id) || this.#done.has(id)) return { ok: true, order: id };
    if (this.#context.diskLow) return refuse('STORE_LOW_DISK', 'send the order again later');
    const refusal = refuseOrder(order, now.wallMs, config.limits);
    // An agreement says that it was taken in time, before this hub lost some of its past.
    const wasTaken = refusal?.code === 'ORDER_EXPIRED' && this.#orphans.has(id);
    if (refusal && !wasTaken) return refusal;
    const privateDigest = env.crypto.digest(taskPrivate ?? '');
    if (order.task.privateDigest !== privateDigest) {
      return refuse('ORDER_TASK_DIGEST', 'task.privateDigest');
    }
    if ((this.#openCount.get(from) ?? 0) >= config.limits.openOrdersPerParticipant) {
      return refuse('ORDER_LIMIT', `at most ${config.limits.openOrdersPerParticipant} open orders`);
    }
    const queued = this.#queue.size + this.rounds.waiting;
    if (queued >= config.limits.ordersQueued) {
      return refuse('ORDER_QUEUE_FULL', `${queued} orders wait; send it again later`);
    }
    this.#acceptedSeq += 1;
    const record: OrderRecord = {
      id,
      digest,
      document,
      order,
      taskPrivate,
      state: 'open',
      acceptedSeq: this.#acceptedSeq,
      expiresAtElapsedMs: now.elapsedMs + (order.expiresAtMs - now.wallMs),
      attempts: 0,
      age: 0,
      agreements: [],
      events: [],
      lastCode: null,
      lastHint: '',
      cancelled: false,
    };
    for (const agreement of this.#orphans.get(id) ?? []) {
      record.agreements.push(agreement.id);
      record.attempts = Math.max(record.attempts, agreement.attempt);
    }
    this.#orphans.delete(id);
    this.orders.set(id, record);
    this.#trackOpen(record, 1);
    this.#note(record, 'accepted', `durable at ${this.#context.self}`);
    this.#enqueue(record);
    // Of what was lost and told again all may be over already.
    if (record.agreements.length > 0) this.#conclude(record);
    if (!FINAL_ORDER_STATES.has(record.state)) this.#schedule(record);
    return { ok: true, order: id };
  }

  /** @refuses ORDER_UNKNOWN, ORDER_ENDED */
  cancel(from: ParticipantId, id: OrderId): { ok: true; order: OrderId } | Refusal {
    const order = this.find(from, id);
    if (!order) return refuse('ORDER_UNKNOWN', id);
    if (order.cancelled && order.state !== 'completed') return { ok: true, order: id };
    if (FINAL_ORDER_STATES.has(order.state)) return refuse('ORDER_ENDED', order.state);
    order.cancelled = true;
    this.#save(order);
    for (const agreement of this.#agreementsOf(order)) {
      if (agreement.state === 'preparing') this.#agreements.abort(agreement, 'ORDER_CANCELLED');
      else if (isLiveAgreement(agreement)) this.#agreements.end(agreement, 'ORDER_CANCELLED');
    }
    this.#conclude(order);
    return { ok: true, order: id };
  }

  /** Everything that the lessee still has here ends as if it had cancelled it. */
  cancelAll(lessee: ParticipantId): void {
    for (const { id, order, state } of [...this.orders.values()]) {
      if (order.lessee === lessee && !FINAL_ORDER_STATES.has(state)) this.cancel(lessee, id);
    }
  }

  /** Parts of the order that wait for the task's key, with the keys to seal it to. */
  waitingOf(order: OrderRecord): AwaitedKey[] {
    return this.#agreementsOf(order).flatMap((agreement) =>
      agreement.parts
        .filter((part) => this.#agreements.awaitsKey(agreement, part))
        .map(({ terms, keys }) => {
          const part = partIdOf(terms.agreement, terms.part);
          return { part, lessor: terms.lessor, keys };
        }),
    );
  }

  /**
   * Takes the task's key, sealed to each lessor that waits for it. What does not wait (any more) is
   * passed over: the same request may come twice, and late.
   *
   * @refuses ORDER_UNKNOWN
   * @patent [0077] SEC-2
   */
  release(
    from: ParticipantId,
    id: OrderId,
    releases: readonly KeyRelease[],
  ): { ok: true; order: OrderId } | Refusal {
    const order = this.find(from, id);
    if (!order) return refuse('ORDER_UNKNOWN', id);
    const released = new Map(releases.map(({ part, release }) => [part, release]));
    for (const agreement of this.#agreementsOf(order)) {
      for (const part of agreement.parts) {
        const release = released.get(partIdOf(agreement.id, part.terms.part));
        if (release !== undefined) this.#agreements.release(agreement, part, release);
      }
    }
    return { ok: true, order: id };
  }

  /** The order if it is the participant's own. */
  find(from: ParticipantId, id: OrderId): OrderRecord | undefined {
    const order = this.orders.get(id);
    return order?.order.lessee === from ? order : undefined;
  }

  /** Queues the open orders that a better offer of these lessors might serve. @patent TOP-6 */
  offersImproved(lessors: readonly ParticipantId[]): void {
    const open: OrderRecord[] = [];
    for (const id of this.#waiting) {
      const order = this.orders.get(id);
      if (order && !this.#queue.has(id) && this.#wants(order)) open.push(order);
    }
    const { market } = this.#context;
    const view = { market, wallMs: this.#context.now().wallMs };
    for (const { id } of mayServe(view, lessors, open)) this.#queue.add(id);
  }

  /** So many agreements may begin before others are decided: what is in negotiation stays quick. */
  get places(): number {
    const { agreementsPreparing } = this.#context.config.limits;
    return Math.max(0, agreementsPreparing - this.#agreements.preparing.size);
  }

  /** Orders that wait for their turn. */
  get queued(): number {
    return this.#queue.size;
  }

  /** False also while no place is free: a decision makes one, in the step that matches again. */
  get hasMatchable(): boolean {
    return this.#queue.size > 0 && this.places > 0;
  }

  /** Matches what is queued, lost races first, then as accepted. @patent [0049] ORD-2 MAT-7 */
  matchQueued(): void {
    const queued = [...this.#queue].map((id) => this.orders.get(id));
    this.#queue.clear();
    const orders = queued.filter((order) => order !== undefined && this.#isDue(order));
    const waiting = orders as OrderRecord[];
    waiting.sort((a, b) => b.age - a.age || a.acceptedSeq - b.acceptedSeq);
    for (const order of this.#served(this.rounds.take(waiting))) this.#match(order);
  }

  /** All of them, or as many as there are places; the others stay queued. */
  #served(waiting: readonly OrderRecord[]): readonly OrderRecord[] {
    const { places } = this;
    if (waiting.length <= places) return waiting;
    const underWay = [...this.#agreements.preparing].flatMap(({ order }) => {
      return this.orders.get(order)?.order.lessee ?? [];
    });
    const turns = inTurn(waiting, underWay);
    for (const record of turns.slice(places)) {
      this.#queue.add(record.id);
      this.#unmatched(record, 'MATCH_QUEUED', 'as many agreements as allowed are in negotiation');
    }
    return turns.slice(0, places);
  }

  /** True when it may be matched now. */
  #isDue(record: OrderRecord): boolean {
    const { elapsedMs } = this.#context.now();
    return (this.#notBefore.get(record.id) ?? 0) <= elapsedMs && this.#wants(record) !== undefined;
  }

  /** @param instead  what is said when nothing suits; else the term that the nearest lessor fails. */
  #match(record: OrderRecord, instead?: Refusal): void {
    const wish = this.#wishOf(record);
    if (!wish) return;
    const match = matchShare(wish.view, wish.order, wish.want, wish.nearer);
    if (match.ok) return this.#sign(record, match);
    const { code, hint } = instead ?? match;
    this.#unmatched(record, code, hint);
  }

  #matchApart(records: readonly OrderRecord[]): boolean {
    const wishes = records.map((record) => this.#wishOf(record) as Wish);
    const matches = matchApart(this.#context.market, wishes);
    for (const [number, match] of matches?.entries() ?? []) {
      const record = records[number] as OrderRecord;
      if (match.ok) this.#sign(record, match);
      else this.#unmatched(record, match.code, match.hint);
    }
    return matches !== undefined;
  }

  /** Undefined: not to be matched now. */
  #wishOf(record: OrderRecord): Wish | undefined {
    const wanted = this.#wanted(record);
    if (!wanted) return undefined;
    const { maxLessors, want } = wanted;
    const isWhole = maxLessors === record.order.maxLessors;
    const order = isWhole ? record.order : { ...record.order, maxLessors };
    const hidesStock = this.#context.hidesStockFrom(order.lessee);
    const { wallMs } = this.#context.now();
    const view = { market: this.#context.market, wallMs, hidesStock };
    return { view, order, want, nearer: this.#context.contention.nearer };
  }

  /** What is still wanted, from how many further lessors; undefined: not to be matched now. */
  #wanted(record: OrderRecord): { want: Want; maxLessors: number } | undefined {
    const want = this.#wants(record);
    if (!want) return undefined;
    const filling = fillingParts(this.#agreementsOf(record));
    const lessors = new Set(filling.map((part) => part.terms.lessor));
    return { want, maxLessors: record.order.maxLessors - lessors.size };
  }

  #unmatched(record: OrderRecord, code: RefusalCode, hint: string): void {
    if (record.lastCode === code && record.lastHint === hint) return;
    record.lastCode = code;
    record.lastHint = hint;
    this.#note(record, 'unmatched', `${code}: ${hint}`);
  }

  /** What a round gave it is gone meanwhile: older now, it goes into the next one. */
  #lostRace(record: OrderRecord, lessors: string): void {
    record.age += 1;
    record.lastCode = 'MATCH_LOST_RACE';
    record.lastHint = lessors;
    this.#note(record, 'lost-race', lessors);
  }

  #wants(record: OrderRecord): Want | undefined {
    return wantOf(record, this.#agreementsOf(record), this.#context.now().elapsedMs);
  }

  #sign(record: OrderRecord, match: Match): void {
    const { self, timing, crypto } = this.#context;
    const { order } = record;
    const lesseeName = this.#context.lesseeName(order.lessee);
    record.attempts += 1;
    const id = agreementIdOf(record.id, record.attempts, this.#context.recovered);
    const parts = partTermsOf(record, match, id, { self, timing, crypto, lesseeName });
    for (const terms of parts) this.#reserve(terms);
    const minReplicas = this.#wants(record)?.min ?? 1;
    record.agreements.push(id);
    record.lastCode = null;
    record.lastHint = '';
    const who = match.parts.map((part) => `${part.lessor} x${part.replicas}`).join(', ');
    this.#note(record, 'matched', `${who} at ${formatCredits(match.priceMicroPerHour)}/h`);
    const base = { id, order: record.id, attempt: record.attempts, minReplicas };
    this.#agreements.start({ ...base, atomic: order.fill === 'atomic' }, parts);
    this.#update(record);
  }

  #reserve(terms: AgreementPartTerms): void {
    const id = partIdOf(terms.agreement, terms.part);
    this.#context.reservations.add(terms.lessor, id, terms.replica, terms.placements);
  }

  /** An agreement was aborted: older now, and matched again at once unless nothing changed. */
  agreementAborted(agreement: AgreementRecord, lostRaces: readonly AgreementPart[]): void {
    const order = this.orders.get(agreement.order);
    if (!order) return;
    order.age += 1;
    const lost = lostRaces.map((part) => part.terms.lessor);
    const refused = agreement.parts.find((part) => part.outcome && part.outcome !== 'completed');
    const code = (refused?.outcome ?? agreement.code ?? 'AGREEMENT_ABORTED') as RefusalCode;
    order.lastCode = lost.length > 0 ? 'MATCH_LOST_RACE' : code;
    order.lastHint = lost.join(', ');
    if (lost.length > 0) this.#context.contention.raceLost();
    if (lost.length > 0) this.#note(order, 'lost-race', lost.join(', '));
    else this.#note(order, 'aborted', code);
    this.#backOff(order, lost.length > 0);
    this.#conclude(order);
  }

  /** Plain lost races are matched again in the same step; others wait a spread, growing time. */
  #backOff(order: OrderRecord, atOnce: boolean): void {
    if (atOnce && order.age < 4) return this.#enqueue(order);
    const doublings = Math.min(order.age, BACK_OFF_DOUBLINGS_MAX);
    const spread = Number.parseInt(
      this.#context.crypto.digest(`${order.id} ${order.age}`).slice(-6),
      16,
    );
    const waitMs = BACK_OFF_MS + (spread % (BACK_OFF_MS * 2 ** doublings));
    this.#notBefore.set(order.id, this.#context.now().elapsedMs + waitMs);
    this.#schedule(order);
  }

  agreementCommitted(agreement: AgreementRecord): void {
    const order = this.orders.get(agreement.order);
    if (!order) return;
    const hubs = new Set(agreement.parts.map((part) => part.terms.targetHub));
    this.#note(order, 'frozen', `${agreement.id} signed with ${[...hubs].join(', ')}`);
    this.#update(order);
    this.#enqueue(order);
  }

  keyReleased(agreement: AgreementRecord, part: AgreementPart): void {
    const order = this.orders.get(agreement.order);
    if (!order) return;
    this.#note(order, 'key-released', `${agreement.id}.${part.terms.part} to ${part.terms.lessor}`);
    this.#update(order);
  }

  agreementRunning(agreement: AgreementRecord): void {
    const order = this.orders.get(agreement.order);
    if (!order) return;
    this.#note(order, 'started', `${agreement.id}: every part runs, billing begins`);
    this.#update(order);
  }

  partEnded(agreement: AgreementRecord, part: AgreementPart, lingers: boolean): void {
    const order = this.orders.get(agreement.order);
    if (!order) return;
    const { lessor } = part.terms;
    this.#note(order, 'part-ended', `${lessor}: ${part.outcome}, ${part.billedMs} ms`);
    if (!lingers) return;
    const what =
      'over and billed as agreed, but its machine has not confirmed that containers ended';
    this.#note(order, 'unconfirmed', `${lessor}: ${what}`);
  }

  agreementEnded(agreement: AgreementRecord): void {
    const order = this.orders.get(agreement.order);
    if (!order) return;
    if (isVoid(agreement)) {
      this.#note(order, 'void', `${agreement.id}: not billed`);
      order.age += 1;
      this.#backOff(order, false);
    }
    this.#conclude(order);
  }

  /** A deadline of the order: back-off over, expiry, or time to archive. */
  wake(id: OrderId): void {
    const order = this.orders.get(id);
    if (!order) {
      if (this.#done.delete(id)) this.#context.out.remove('done', id);
      return;
    }
    if (FINAL_ORDER_STATES.has(order.state)) return this.#archive(order);
    this.#enqueue(order);
    this.#conclude(order);
    this.#schedule(order);
  }

  /** Sets the final state when nothing is live and nothing more will be matched. */
  #conclude(order: OrderRecord): void {
    if (FINAL_ORDER_STATES.has(order.state)) return;
    const { elapsedMs } = this.#context.now();
    const { attemptsPerOrder } = this.#context.config.limits;
    const verdict = verdictOf(order, this.#agreementsOf(order), elapsedMs, attemptsPerOrder);
    if (verdict) this.#end(order, verdict);
    else this.#update(order);
  }

  #end(order: OrderRecord, { state, code }: Verdict): void {
    const why = code === 'ORDER_EXPIRED' && order.lastCode ? ` (last: ${order.lastCode})` : '';
    if (code && code !== 'ORDER_EXPIRED') order.lastCode = code;
    order.state = state;
    this.#trackOpen(order, -1);
    this.#note(order, 'ended', `${state}${code ? `: ${code}${why}` : ''}`);
    this.#notBefore.delete(order.id);
    this.#queue.delete(order.id);
    this.#scheduleArchive(order);
  }

  /** Derives the state from the agreements that live. */
  #update(order: OrderRecord): void {
    if (FINAL_ORDER_STATES.has(order.state)) return;
    const state = openStateOf(order, this.#agreementsOf(order), (agreement, part) =>
      this.#agreements.awaitsKey(agreement, part),
    );
    this.#noteWaiting(order, state);
    if (state === order.state) return;
    order.state = state;
    this.#save(order);
  }

  #agreementsOf(order: OrderRecord): AgreementRecord[] {
    const agreements: AgreementRecord[] = [];
    for (const id of order.agreements) {
      const agreement = this.#agreements.agreements.get(id);
      if (agreement) agreements.push(agreement);
    }
    return agreements;
  }

  #enqueue(order: OrderRecord): void {
    if (!FINAL_ORDER_STATES.has(order.state)) this.#queue.add(order.id);
  }

  #schedule(order: OrderRecord): void {
    const { elapsedMs } = this.#context.now();
    const times = [order.expiresAtElapsedMs, this.#notBefore.get(order.id) ?? Infinity];
    const future = times.filter((time) => time > elapsedMs);
    if (future.length === 0) return this.#context.cancelWake(`order ${order.id}`);
    this.#context.wakeAt(`order ${order.id}`, Math.min(...future));
  }

  #scheduleArchive(order: OrderRecord): void {
    const { timing } = this.#context;
    const { elapsedMs } = this.#context.now();
    this.#context.wakeAt(`order ${order.id}`, elapsedMs + timing.retainMs);
  }

  /** Moves an ended order out of memory: its view stays readable in the store. */
  #archive(order: OrderRecord): void {
    const agreements = this.#agreementsOf(order);
    if (!agreements.every((agreement) => this.#agreements.isClosed(agreement))) {
      return this.#scheduleArchive(order);
    }
    const view = orderView(order, agreements, this.#context.now());
    this.#context.put('archive', order.id, { lessee: order.order.lessee, view }, false);
    this.#context.archive(KEPT_ORDER, order.id, order);
    this.#context.ended('order', order.id);
    for (const agreement of agreements) this.#agreements.forget(agreement);
    this.orders.delete(order.id);
    // Longer than the expiry by the tolerance: a clock set back must not make the text new again.
    const expiresAtElapsedMs = order.expiresAtElapsedMs + this.#context.timing.toleranceMs;
    if (expiresAtElapsedMs <= this.#context.now().elapsedMs) return;
    this.#context.put('done', order.id, { expiresAtElapsedMs } satisfies DoneRecord);
    this.restoreDone(order.id, { expiresAtElapsedMs });
  }

  /** Records an event, saves the order, and tells the lessee's connections. */
  #note(order: OrderRecord, name: OrderEvent['name'], detail: string): void {
    const event: OrderEvent = { atMs: this.#context.now().wallMs, name, detail };
    const last = order.events.at(-1);
    if (last?.name === name && last.detail === detail) order.events.pop();
    order.events.push(event);
    if (order.events.length > ORDER_EVENTS_MAX) order.events.splice(1, 1);
    this.#save(order);
    const sessions = this.#context.sessions.get(order.order.lessee) ?? [];
    const message = { type: 'order-event', order: order.id, state: order.state, event } as const;
    for (const session of [...sessions].sort(compareIds)) {
      this.#context.out.send(order.order.lessee, message, session);
    }
  }

  #save(order: OrderRecord): void {
    this.#context.keep(KEPT_ORDER, order.id, order);
  }

  #trackOpen(order: OrderRecord, step: 1 | -1): void {
    const { lessee } = order.order;
    this.#noteWaiting(order, order.state);
    this.#openCount.set(lessee, (this.#openCount.get(lessee) ?? 0) + step);
  }

  #noteWaiting(order: OrderRecord, state: OrderState): void {
    const partial = order.order.fill === 'partial' && !FINAL_ORDER_STATES.has(state);
    if (state === 'open' || partial) this.#waiting.add(order.id);
    else this.#waiting.delete(order.id);
  }

  viewOf(order: OrderRecord) {
    return orderView(order, this.#agreementsOf(order), this.#context.now());
  }

  /** Lessors that this order lost a race at. */
  lostRacesOf(order: OrderRecord): ReadonlySet<ParticipantId> {
    const parts = this.#agreementsOf(order).flatMap((agreement) => agreement.parts);
    const lost = parts.filter((part) => part.outcome === 'AGREEMENT_LOST_RACE');
    return new Set(lost.map((part) => part.terms.lessor));
  }
}
