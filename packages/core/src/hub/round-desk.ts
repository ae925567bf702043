/** Orders that arrive together: collected, solved jointly elsewhere, checked, and signed piece by piece. */

import type { MarketView } from '../matching/market.ts';
import type { Match, MatchPart, Want } from '../matching/match.ts';
import { placementFits, placeReplicas, replicasThatFit } from '../order/fit.ts';
import type { OrderRecord } from '../order/order-record.ts';
import type { Placement } from '../order/placement.ts';
import { type Refusal, refuse } from '../refusals.ts';
import type { SolverAnswer } from '../rounds/answer.ts';
import { leastCost, objectiveOf, reportOf } from '../rounds/figures.ts';
import { unitsOf } from '../rounds/instance.ts';
import type { RoundOrder } from '../rounds/market.ts';
import { reasonOf } from '../rounds/reason.ts';
import type { RoundReport, RoundStatus } from '../rounds/report.ts';
import { JointRound } from '../rounds/round.ts';
import type { RoundSettings } from '../rounds/settings.ts';
import { ShadowPrices } from '../rounds/shadow-prices.ts';
import type { OrderId, ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';

/** What the order book does for the desk. */
export interface RoundOrders {
  find(id: OrderId): OrderRecord | undefined;
  /** What is still wanted and from how many lessors; undefined when it must not be matched now. */
  wanted(record: OrderRecord): { want: Want; maxLessors: number } | undefined;
  sign(record: OrderRecord, match: Match): void;
  /** Matches all of them, or none when they compete: then false. */
  matchApart(records: readonly OrderRecord[]): boolean;
  /** What takes its time is lost to other hubs meanwhile. */
  losesRaces(): boolean;
  /** Matches it by itself, as the market is now; `instead` is said when nothing suits. */
  matchAlone(record: OrderRecord, instead?: Refusal): void;
  /** The lots that it was to get are not what they were. */
  lostRace(record: OrderRecord, lessors: readonly ParticipantId[]): void;
  enqueue(record: OrderRecord): void;
  /** How many more agreements may begin now. */
  places(): number;
}

/** An order this old that loses its lots in a round is matched at once, by itself. */
const AGE_MATCHED_ALONE = 2;
/** Being outbid ages an order, but never so far that it would have to wait after a lost race. */
const AGE_OF_OUTBID_MOST = 3;
/** When no agreement may begin: decisions of others come within some steps. */
const NO_PLACE_WAIT_MS = 10;
/** More orders than this are not looked at in one step: some ten microseconds each. */
const APART_MOST = 256;

/**
 * A round has no durable state: its orders are open orders, and a restart collects them anew. No lot
 * is held for it; what its answer gives is compared with the market as it then is, order by order.
 */
export class RoundDesk {
  readonly #context: HubContext;
  readonly #orders: RoundOrders;
  readonly #settings: RoundSettings | null;
  readonly #waiting = new Set<OrderId>();
  /** Orders of the round under way that something has become better for meanwhile. */
  readonly #again = new Set<OrderId>();
  readonly #inRound = new Set<OrderId>();
  readonly #prices = new ShadowPrices();
  #round: JointRound | null = null;
  /** Position of the next order to be placed, counted through two passes. */
  #next = 0;
  #report: RoundReport | null = null;
  readonly #counts = { rounds: 0, joint: 0, placed: 0, lost: 0, refused: 0 };

  constructor(context: HubContext, orders: RoundOrders) {
    this.#context = context;
    this.#orders = orders;
    this.#settings = context.config.rounds ?? null;
  }

  /**
   * Takes orders that are to be matched; returns those that are matched at once, one by one: while
   * no round is under way and only few wait, and those that avoid somebody, which a round cannot
   * weigh. Many that do not compete are matched at once, too.
   */
  take(records: readonly OrderRecord[]): readonly OrderRecord[] {
    if (!this.#settings) return records;
    const [together, avoiding] = this.#apart(records);
    return [...avoiding, ...this.#takeTogether(together, this.#settings)];
  }

  #apart(records: readonly OrderRecord[]): [OrderRecord[], OrderRecord[]] {
    const together: OrderRecord[] = [];
    const avoiding: OrderRecord[] = [];
    for (const record of records) {
      const { id, attempts } = record;
      const wanted =
        attempts > 0 && !this.#inRound.has(id) ? this.#orders.wanted(record) : undefined;
      (wanted?.want.avoid ? avoiding : together).push(record);
    }
    return [together, avoiding];
  }

  #takeTogether(records: readonly OrderRecord[], settings: RoundSettings): readonly OrderRecord[] {
    for (const { id } of records) {
      if (this.#inRound.has(id)) this.#again.add(id);
      else this.#waiting.add(id);
    }
    if (this.#round) return [];
    const waiting = this.#takeWaiting();
    if (waiting.length < settings.ordersFrom || this.#orders.losesRaces()) return waiting;
    const most = Math.min(APART_MOST, this.#orders.places());
    if (waiting.length <= most && this.#orders.matchApart(waiting)) return [];
    const { ordersMost } = settings;
    for (const { id } of waiting.slice(ordersMost)) this.#waiting.add(id);
    this.#begin(waiting.slice(0, ordersMost), settings);
    return [];
  }

  /** All that wait and may be matched: lost races first, then as accepted. @patent [0049] ORD-2 MAT-7 */
  #takeWaiting(): OrderRecord[] {
    const records: OrderRecord[] = [];
    for (const id of this.#waiting) {
      const record = this.#orders.find(id);
      if (record && this.#orders.wanted(record)) records.push(record);
    }
    this.#waiting.clear();
    return records.sort((a, b) => b.age - a.age || a.acceptedSeq - b.acceptedSeq);
  }

  #begin(records: readonly OrderRecord[], settings: RoundSettings): void {
    const { elapsedMs } = this.#context.now();
    const orders = records.map((record): RoundOrder => {
      const wanted = this.#orders.wanted(record) as NonNullable<ReturnType<RoundOrders['wanted']>>;
      const order = { ...record.order, maxLessors: wanted.maxLessors };
      return { id: record.id, order, want: wanted.want, age: record.age };
    });
    for (const { id } of orders) this.#inRound.add(id);
    this.#counts.rounds += 1;
    const view = () => this.#view();
    this.#round = new JointRound(this.#counts.rounds, orders, view, settings, elapsedMs);
    this.#next = 0;
    this.#context.wakeAt('round', elapsedMs);
  }

  #view(): MarketView {
    return { market: this.#context.market, wallMs: this.#context.now().wallMs };
  }

  /** Does one step's work; the next one is due at once, so that everything else gets its turn. */
  wake(): void {
    const round = this.#round;
    const settings = this.#settings;
    if (!round || !settings) return;
    const { elapsedMs } = this.#context.now();
    // No answer within the patience: what was computed before is used.
    if (round.stage === 'solving') round.solved(null, elapsedMs);
    else if (round.stage === 'placed') {
      if (this.#orders.places() === 0) {
        return this.#context.wakeAt('round', elapsedMs + NO_PLACE_WAIT_MS);
      }
      if (this.#place(round, settings)) return this.#finish(round);
    } else if (round.work()) {
      if (round.compiled && !round.answered) return this.#solve(round, settings);
      this.#report = this.#reportOf(round);
    }
    this.#context.wakeAt('round', elapsedMs + 1);
  }

  #solve(round: JointRound, settings: RoundSettings): void {
    const { elapsedMs } = this.#context.now();
    round.solveStartedAtMs = elapsedMs;
    if (!round.compiled || round.isTrivial) {
      round.solved(null, elapsedMs);
      return this.#context.wakeAt('round', elapsedMs + 1);
    }
    const { iterations, patienceMs } = settings;
    const solveMs = round.solveTimeMs;
    const { alone, programme } = round.compiled;
    const { instance } = programme;
    const start = unitsOf(instance, alone);
    const request = { instance, start, seed: round.number, iterations, solveMs };
    this.#context.out.effect({ kind: 'solve', round: this.#nameOf(round), request });
    this.#context.wakeAt('round', elapsedMs + solveMs + patienceMs);
  }

  /** Rounds of an earlier life have other names: their answers are ignored. */
  #nameOf(round: JointRound): string {
    return `${this.#context.epoch}.${round.number}`;
  }

  /** @param answer  null: the solver failed. */
  solved(name: string, answer: SolverAnswer | null): void {
    const round = this.#round;
    if (round?.stage !== 'solving' || name !== this.#nameOf(round)) return;
    const { elapsedMs } = this.#context.now();
    round.solved(answer, elapsedMs);
    this.#context.wakeAt('round', elapsedMs);
  }

  // ---- placing ----

  #reportOf(round: JointRound): RoundReport | null {
    const { compiled, answered, answer } = round;
    if (!compiled || !answered) return null;
    if (answered.fault !== null) this.#counts.refused += 1;
    if (answered.used === 'joint') this.#counts.joint += 1;
    if (answer && answered.fault === null) this.#prices.take(compiled, answer.lessorPrices);
    return reportOf(round, objectiveOf(compiled, answered, answer));
  }

  /** Places some orders; returns true when none is left. */
  #place(round: JointRound, settings: RoundSettings): boolean {
    const { length } = round.orders;
    const most = Math.min(settings.placedPerStep, this.#orders.places());
    for (let placed = 0; placed < most; this.#next += 1) {
      if (this.#next === 2 * length) return true;
      // First all that was filled; then the others see what is left, and take nothing from those.
      const i = this.#next % length;
      const parts = round.answered?.filled.parts[i] ?? [];
      if (parts.length > 0 !== this.#next < length) continue;
      this.#placeOne(round, i, round.orders[i] as RoundOrder, parts);
      placed += 1;
    }
    return false;
  }

  #placeOne(round: JointRound, i: number, order: RoundOrder, parts: readonly MatchPart[]): void {
    const record = this.#orders.find(order.id);
    const wanted = record && this.#orders.wanted(record);
    if (!record || !wanted || !round.compiled || !this.#report) return;
    const { wishes } = round.compiled.round;
    const replicas = parts.reduce((sum, part) => sum + part.replicas, 0);
    const code = parts.length > 0 ? null : reasonOf(order, wishes[i]);
    record.round = {
      round: round.number,
      code,
      replicas,
      costMicro: round.answered?.filled.costMicro[i] ?? 0n,
      aloneMicro: leastCost(order, wishes[i]),
      gapPpm: this.#report.gapPpm,
      ms: this.#context.now().elapsedMs - round.startedAtMs,
    };
    if (code === 'MATCH_NO_OFFER') return this.#orders.matchAlone(record);
    if (code !== null) {
      record.age = Math.max(record.age, Math.min(record.age + 1, AGE_OF_OUTBID_MOST));
      const hint = `round ${round.number} of ${round.orders.length} orders`;
      // Something may have come free since, and further lots than a round looks at may suit.
      return this.#orders.matchAlone(record, refuse(code, hint));
    }
    const { want } = wanted;
    const isSame = want.max === order.want.max && want.min === order.want.min;
    const standing = parts.flatMap((part) => this.#standing(part, order) ?? []);
    const stale = parts.filter(({ lessor }) => !standing.some((part) => part.lessor === lessor));
    if (!isSame || want.budgetMicro !== order.want.budgetMicro || stale.length > 0) {
      this.#counts.lost += 1;
      this.#report.lost += 1;
      this.#orders.lostRace(
        record,
        stale.map(({ lessor }) => lessor),
      );
      // Whoever has lost so often waits for no further round.
      if (record.age >= AGE_MATCHED_ALONE) this.#orders.matchAlone(record);
      else this.#waiting.add(record.id);
      return;
    }
    this.#counts.placed += 1;
    const priceMicroPerHour = parts.reduce((sum, part) => sum + part.priceMicroPerHour, 0n);
    this.#orders.sign(record, { ok: true, parts: standing, replicas, priceMicroPerHour });
  }

  /**
   * The part as it can be signed now: the same replicas in the same lots at the same terms, in devices
   * that are free now. Undefined when the market is no longer what the round saw: compare and set.
   */
  #standing(part: MatchPart, { order }: RoundOrder): MatchPart | undefined {
    const { hub, lessor, termsRevision } = part;
    const { market, wallMs } = this.#view();
    const { panorama } = market;
    const offer = market.freeOffer(lessor);
    if (!offer || offer.validUntilMs <= wallMs || offer.termsRevision !== termsRevision) return;
    if (panorama.parts.get(hub)?.stale !== false || !market.couldServe(lessor, order)) return;
    const placements: Placement[] = [];
    for (const { lotId, replicas } of part.placements) {
      const lot = offer.lots.find(({ id }) => id === lotId);
      if (!lot || replicasThatFit(lot, order.replica, replicas) < replicas) return;
      const placement = placeReplicas(lot, order.replica, replicas);
      if (!placementFits(lot, order.replica, placement)) return;
      placements.push(placement);
    }
    return { ...part, placements };
  }

  /** What waited meanwhile goes into the next round, or is matched at once when it is little. */
  #finish(round: JointRound): void {
    const { elapsedMs } = this.#context.now();
    if (this.#report) this.#report.ms = elapsedMs - round.startedAtMs;
    this.#round = null;
    this.#inRound.clear();
    for (const id of this.#again) this.#waiting.add(id);
    this.#again.clear();
    for (const id of this.#waiting) {
      const record = this.#orders.find(id);
      if (record) this.#orders.enqueue(record);
    }
  }

  /** Orders that wait for the next round. */
  get waiting(): number {
    return this.#waiting.size;
  }

  status(): RoundStatus {
    const stage = this.#round?.stage ?? 'idle';
    return {
      stage: stage === 'placed' ? 'placing' : stage,
      inRound: this.#inRound.size,
      waiting: this.#waiting.size,
      ...this.#counts,
      last: this.#report,
      shadowPrices: this.#prices.byRegion(),
    };
  }
}
