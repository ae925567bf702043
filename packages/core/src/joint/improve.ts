/**
 * Improves a feasible answer: an order takes the bundle it would like, those in its way are put out
 * and served anew, and annealing decides whether the outcome stands.
 */
import { acceptedLoss, type SeededRandom } from './budget.ts';
import type { Columns, JointInstance } from './instance.ts';
import { type Priced, regretOf } from './regret.ts';
import type { Serving } from './serve.ts';
import type { JointState } from './state.ts';

/** Orders that one move may touch before it is given up. */
const TOUCHED_MOST = 24;
/** Orders looked at to find the one that lies most above its best at the prices: a share of all. */
const TOURNAMENT = { share: 0.01, least: 4, most: 50 };
/** Share of moves that put out a neighbourhood; the others give one order what it would like. */
const RUIN_SHARE = 0.6;
const RUIN_MOST = 5;
/** Chance that a pair is overlooked, so that the same state is not always answered the same way. */
const BLINK = 0.05;

export interface ImprovementParts extends Priced {
  columns: Columns;
  state: JointState;
  serving: Serving;
  random: SeededRandom;
}

export class Improvement {
  moves = 0;
  bestTotal: number;
  readonly #best: Int32Array;
  #isBestNow = false;
  readonly #instance: JointInstance;
  readonly #columns: Columns;
  readonly #state: JointState;
  readonly #serving: Serving;
  readonly #random: SeededRandom;
  readonly #priced: Priced;
  /** Per order: how far it lies above that, the prices of what it has included. */
  readonly #regret: Float64Array;
  readonly #tournament: number;
  /** Orders put out and waiting, and the orders of the present move. */
  readonly #waiting = new Int32Array(TOUCHED_MOST + 1);
  #waits = 0;
  readonly #touched = new Int32Array(TOUCHED_MOST + 1);
  #touches = 0;
  /** Orders that the search starts from; all when absent. */
  readonly #focus: Int32Array | undefined;

  constructor(parts: ImprovementParts, focus?: Int32Array) {
    this.#instance = parts.state.instance;
    this.#columns = parts.columns;
    this.#state = parts.state;
    this.#serving = parts.serving;
    this.#random = parts.random;
    this.#priced = parts;
    this.#focus = focus;
    this.#best = parts.state.units.slice();
    this.bestTotal = parts.state.total;
    const { orders } = this.#instance;
    const { share, least, most } = TOURNAMENT;
    this.#tournament = Math.max(least, Math.min(most, Math.round(share * orders)));
    this.#regret = Float64Array.from({ length: orders }, (_, i) =>
      regretOf(this.#state, this.#priced, i),
    );
  }

  /** `steps` moves at one temperature. */
  anneal(steps: number, temperature: number): void {
    const state = this.#state;
    for (let step = 0; step < steps; step++) {
      this.moves++;
      const before = state.total;
      const loss = acceptedLoss(this.#random, temperature);
      state.mark();
      if (!this.#move(before + loss)) {
        state.undo();
        continue;
      }
      for (let k = 0; k < this.#touches; k++) {
        const order = this.#touched[k]!;
        this.#regret[order] = regretOf(state, this.#priced, order);
      }
      if (state.total < this.bestTotal) {
        this.bestTotal = state.total;
        this.#isBestNow = true;
      } else if (this.#isBestNow && state.total > this.bestTotal) this.#keepBest();
    }
  }

  /** Units per pair of the best answer so far. */
  get best(): Int32Array {
    if (this.#isBestNow) this.#best.set(this.#state.units);
    this.#isBestNow = false;
    return this.#best;
  }

  /** Copies only when the search leaves the best answer: what the last move did is put back. */
  #keepBest(): void {
    this.#best.set(this.#state.units);
    this.#state.patchBefore(this.#best);
    this.#isBestNow = false;
  }

  /** False when the move failed or ends above `limit`. */
  #move(limit: number): boolean {
    this.#waits = 0;
    this.#touches = 0;
    const order = this.#pick();
    if (this.#random.share() < RUIN_SHARE) {
      this.#ruin(order);
    } else {
      this.#touch(order);
      this.#state.place(order, undefined);
      if (!this.#take(order)) return false;
    }
    while (this.#waits > 0) {
      if (this.#lowest() > limit) return false;
      if (!this.#serve(this.#next())) return false;
    }
    return this.#state.total <= limit;
  }

  /** The total once every order still waiting gets its dream. */
  #lowest(): number {
    let lowest = this.#state.total;
    for (let k = 0; k < this.#waits; k++) {
      const order = this.#waiting[k]!;
      lowest += this.#floor(order) - this.#state.cost[order]!;
    }
    return lowest;
  }

  /** What the order costs at least, whatever the prices: taken low to be safe in literal markets. */
  #floor(order: number): number {
    return Math.min(this.#state.cost[order]!, 0.5 * this.#priced.value[order]!);
  }

  #pick(): number {
    const focus = this.#focus;
    const among = focus ? focus.length : this.#instance.orders;
    const draw = (): number => {
      const k = Math.floor(this.#random.share() * among);
      return focus ? focus[k]! : k;
    };
    let pick = draw();
    if ((this.#random.next() & 3) === 0) return pick;
    for (let k = 1; k < this.#tournament; k++) {
      const other = draw();
      if (this.#regret[other]! > this.#regret[pick]!) pick = other;
    }
    return pick;
  }

  /** Puts out an order and a few that share a lessor with it. */
  #ruin(order: number): void {
    const { first, lessor } = this.#instance;
    const { start, pair, order: orderOf } = this.#columns;
    const size = 1 + Math.floor(this.#random.share() * RUIN_MOST);
    this.#touch(order);
    this.#state.place(order, undefined);
    this.#waiting[this.#waits++] = order;
    const from = first[order]!;
    const own = first[order + 1]! - from;
    if (own === 0) return;
    for (let tries = 0; tries < 3 * size && this.#touches < size; tries++) {
      const j = lessor[from + Math.floor(this.#random.share() * own)]!;
      const column = start[j]!;
      const e = pair[column + Math.floor(this.#random.share() * (start[j + 1]! - column))]!;
      if (this.#state.units[e] === 0 || !this.#touch(orderOf[e]!)) continue;
      this.#state.place(orderOf[e]!, undefined);
      this.#waiting[this.#waits++] = orderOf[e]!;
    }
  }

  #touch(order: number): boolean {
    for (let k = 0; k < this.#touches; k++) if (this.#touched[k] === order) return false;
    this.#touched[this.#touches++] = order;
    return true;
  }

  /** Takes any waiting order; mostly the one of largest penalty, since small ones fit in later. */
  #next(): number {
    const { cost } = this.#state;
    let k = Math.floor(this.#random.share() * this.#waits);
    if ((this.#random.next() & 7) !== 0) {
      for (let w = 0; w < this.#waits; w++) {
        if (cost[this.#waiting[w]!]! > cost[this.#waiting[k]!]!) k = w;
      }
    }
    const order = this.#waiting[k]!;
    this.#waiting[k] = this.#waiting[--this.#waits]!;
    return order;
  }

  /** Serves a waiting order from what is left or, sometimes, by putting out others. */
  #serve(order: number): boolean {
    const share = this.#random.share();
    this.#serving.within(this.#state, order, share, BLINK);
    const { first } = this.#instance;
    let isServed = false;
    for (let p = first[order + 1]! - first[order]! - 1; p >= 0; p--) {
      if (this.#serving.units[p]! > 0) isServed = true;
    }
    if (!isServed && this.#touches < TOUCHED_MOST / 2 && (this.#random.next() & 1) === 0) {
      return this.#take(order);
    }
    this.#state.place(order, this.#serving.units);
    return true;
  }

  /** Gives the order its dream bundle and puts out whoever is in the way. */
  #take(order: number): boolean {
    const { first, lessor } = this.#instance;
    this.#serving.dream(this.#state, order, 0.7 + 0.7 * this.#random.share(), BLINK);
    this.#state.place(order, this.#serving.units);
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      if (this.#state.units[e]! > 0 && this.#state.isOver(lessor[e]!)) {
        if (!this.#clear(lessor[e]!)) return false;
      }
    }
    return true;
  }

  /** Puts out orders at a lessor, from a random one onwards, until its load fits. */
  #clear(lessor: number): boolean {
    const { start, pair, order } = this.#columns;
    const from = start[lessor]!;
    const count = start[lessor + 1]! - from;
    let at = Math.floor(this.#random.share() * count);
    for (let k = 0; k < count && this.#state.isOver(lessor); k++) {
      const e = pair[from + at]!;
      if (++at === count) at = 0;
      if (this.#state.units[e] === 0 || this.#isTouched(order[e]!)) continue;
      if (this.#touches >= TOUCHED_MOST) return false;
      this.#touch(order[e]!);
      this.#state.place(order[e]!, undefined);
      this.#waiting[this.#waits++] = order[e]!;
    }
    return !this.#state.isOver(lessor);
  }

  #isTouched(order: number): boolean {
    for (let k = 0; k < this.#touches; k++) if (this.#touched[k] === order) return true;
    return false;
  }
}
