/**
 * Improves an answer by directed chains: an order takes the bundle that is cheapest once those who
 * would have to make room are counted at what they would lose; then each of them does the same; and
 * all of it stands only if together they cost less.
 */
import type { Columns, JointInstance } from './instance.ts';
import { type Priced, regretOf } from './regret.ts';
import type { Serving } from './serve.ts';
import type { JointState } from './state.ts';

/**
 * From quick to thorough. What somebody loses who makes room is what others cost that still have
 * room; at depth 2 others may make room for him in turn. That takes long to find: it is first
 * guessed as a share of the quick one, and found only where the guess would put somebody out.
 */
const PASSES = [
  { depth: 1, guess: 1 },
  { depth: 2, guess: 0.15 },
  { depth: 2, guess: 0 },
];
const DEPTH_MOST = 2;
/** Orders that a chain may touch before those still waiting take only what is free. */
const TOUCHED_MOST = 60;
/** Orders that lie less above their best at the prices have nothing to gain. */
const REGRET_LEAST = 1;
/** A chain must save this much: costs are whole, sums of them nearly. */
const GAIN_LEAST = 0.5;
/** Orders served for what counts as one move of annealing. */
const SERVED_PER_MOVE = 4;

/** What is known of orders that would have to leave a pair, and room to work. */
interface Depth {
  /** Per pair with units: what its order costs more without it. */
  readonly loss: Float64Array;
  /** Per pair: when that was found; 0 never, `ROUGHLY` in the midst of a chain; less when guessed. */
  readonly found: Int32Array;
  /** What is offered to an order: units per pair, surcharge per level. */
  readonly limit: Int32Array;
  readonly surcharge: Float64Array;
  readonly occupants: Int32Array;
}

const ROUGHLY = 1;

/** For whom an offer is made. */
interface Offer {
  /** Others make room so many times in a row; 0: only what is free. */
  depth: number;
  at: Depth;
  /** In the midst of a chain what is known of losses is taken as it is. */
  isFresh: boolean;
  /** A pair that is not offered, and an order that makes no room; -1 for none. */
  without: number;
  by: number;
  /** Losses above this are not worth an offer. */
  lossMost: number;
}

export interface ChainParts extends Priced {
  columns: Columns;
  state: JointState;
  serving: Serving;
}

export class Chains {
  readonly #parts: ChainParts;
  readonly #instance: JointInstance;
  readonly #columns: Columns;
  readonly #state: JointState;
  readonly #serving: Serving;
  readonly #depths: readonly Depth[];
  #pass = PASSES.at(-1)!;
  /** Per order: the least it costs at all; NaN until asked for. */
  readonly #least: Float64Array;
  /** Per lessor: when somebody's units changed there. */
  readonly #changed: Int32Array;
  #now = ROUGHLY + 1;
  /** The units after the last chain. */
  readonly #seen: Int32Array;
  /** Orders to try, those before `#head` done. */
  readonly #queue: number[] = [];
  #head = 0;
  readonly #isQueued: Uint8Array;
  /** Per order: the last chain that touched it. */
  readonly #touchedBy: Int32Array;
  #chain = 0;
  #touches = 0;
  readonly #waiting: number[] = [];
  readonly #room: Float64Array;
  #served = 0;

  constructor(parts: ChainParts) {
    const { columns, state, serving, levels } = parts;
    this.#parts = parts;
    this.#instance = state.instance;
    this.#columns = columns;
    this.#state = state;
    this.#serving = serving;
    const { orders, lessors, lessor, dimensions } = state.instance;
    const pairs = lessor.length;
    // Nobody is put out at depth 0.
    const none = { loss: new Float64Array(0), found: new Int32Array(0) };
    this.#depths = Array.from({ length: DEPTH_MOST + 1 }, (_, depth) => ({
      ...(depth === 0 ? none : { loss: new Float64Array(pairs), found: new Int32Array(pairs) }),
      limit: new Int32Array(pairs),
      surcharge: new Float64Array(levels[levels.length - 1]!),
      occupants: new Int32Array(orders),
    }));
    this.#least = new Float64Array(orders).fill(Number.NaN);
    this.#changed = new Int32Array(lessors).fill(this.#now);
    this.#seen = state.units.slice();
    this.#isQueued = new Uint8Array(orders);
    this.#touchedBy = new Int32Array(orders);
    this.#room = new Float64Array(dimensions);
  }

  /** The work done, in moves of annealing. */
  get moves(): number {
    return Math.floor(this.#served / SERVED_PER_MOVE);
  }

  /**
   * Tries these orders, those most above their best first, and whoever is near a change, until
   * nobody gains; the last, thorough pass only for all.
   */
  settle(orders: Int32Array, timeIsUp: () => boolean): void {
    const passes = orders.length < this.#instance.orders ? PASSES.slice(0, -1) : PASSES;
    const regret = new Float64Array(this.#instance.orders);
    for (const pass of passes) {
      this.#begin(pass);
      for (const i of orders) regret[i] = this.#regretOf(i);
      const open = orders.filter((i) => regret[i]! > REGRET_LEAST);
      for (const i of open.sort((a, b) => regret[b]! - regret[a]! || a - b)) this.#push(i);
      this.#work(timeIsUp);
      if (timeIsUp()) break;
    }
  }

  #begin(pass: { depth: number; guess: number }): void {
    this.#pass = pass;
    for (const { found } of this.#depths) {
      for (let e = 0; e < found.length; e++) if (found[e]! < 0) found[e] = 0;
    }
  }

  /** Tries all orders near what has changed since the last chain. */
  goOn(timeIsUp: () => boolean): void {
    const { lessor } = this.#instance;
    const { units } = this.#state;
    this.#now++;
    for (let e = 0; e < units.length; e++) {
      if (units[e] !== this.#seen[e]) this.#note(lessor[e]!);
    }
    this.#work(timeIsUp);
  }

  #work(timeIsUp: () => boolean): void {
    for (; this.#head < this.#queue.length && !timeIsUp(); this.#head++) {
      const order = this.#queue[this.#head]!;
      this.#isQueued[order] = 0;
      this.#try(order);
    }
    for (const order of this.#queue) this.#isQueued[order] = 0;
    this.#queue.length = 0;
    this.#head = 0;
    this.#seen.set(this.#state.units);
  }

  #push(order: number): void {
    if (this.#isQueued[order] === 1) return;
    this.#isQueued[order] = 1;
    this.#queue.push(order);
  }

  #note(lessor: number): void {
    if (this.#changed[lessor] === this.#now) return;
    this.#changed[lessor] = this.#now;
    const { start, pair, order } = this.#columns;
    for (let c = start[lessor]!; c < start[lessor + 1]!; c++) this.#push(order[pair[c]!]!);
  }

  #regretOf(order: number): number {
    return regretOf(this.#state, this.#parts, order);
  }

  #leastOf(order: number): number {
    if (Number.isNaN(this.#least[order])) this.#least[order] = this.#serving.alone(order, 0);
    return this.#least[order]!;
  }

  #try(order: number): void {
    const state = this.#state;
    if (this.#regretOf(order) <= REGRET_LEAST) return;
    this.#chain++;
    this.#touches = 0;
    this.#waiting.length = 0;
    this.#touch(order);
    if (this.#choose(order, true) > state.cost[order]! - GAIN_LEAST) return;
    const enough = state.total - GAIN_LEAST;
    state.mark();
    this.#take(order);
    while (this.#waiting.length > 0 && this.#lowest() < enough) {
      const next = this.#next();
      this.#choose(next, false);
      this.#take(next);
    }
    if (this.#waiting.length > 0 || state.total > enough) {
      state.undo();
      return;
    }
    this.#now++;
    state.eachChanged((pair) => this.#note(this.#instance.lessor[pair]!));
  }

  #touch(order: number): void {
    this.#touchedBy[order] = this.#chain;
    this.#touches++;
  }

  /** The total once every order still waiting gets the best there is for it. */
  #lowest(): number {
    let lowest = this.#state.total;
    for (const i of this.#waiting) lowest += this.#leastOf(i) - this.#state.cost[i]!;
    return lowest;
  }

  /** Takes the waiting order of largest penalty, since small ones fit in later. */
  #next(): number {
    const { cost } = this.#state;
    const waiting = this.#waiting;
    let at = 0;
    for (let w = 1; w < waiting.length; w++) if (cost[waiting[w]!]! > cost[waiting[at]!]!) at = w;
    const [order] = waiting.splice(at, 1);
    return order!;
  }

  /** The order's best bundle, left in `serving.units`; what others lose by it is in its cost. */
  #choose(order: number, isFresh: boolean): number {
    const { cost } = this.#state;
    const depth = this.#touches < TOUCHED_MOST ? this.#pass.depth : 0;
    const at = this.#depths[this.#pass.depth]!;
    const lossMost = cost[order]! - this.#leastOf(order);
    const offer = { depth, at, isFresh, without: -1, by: -1, lossMost };
    return this.#best(order, offer, cost[order]! - GAIN_LEAST);
  }

  /** The cost of the best that is offered; above `most` it may rest on guesses. */
  #best(order: number, offer: Offer, most: number): number {
    let value = this.#offered(order, offer);
    while (offer.depth > 1 && value <= most && this.#findGuessed(order, offer)) {
      value = this.#offered(order, offer);
    }
    return value;
  }

  /** Finds the losses that the bundle chosen rests on and that are only guessed; false if none are. */
  #findGuessed(order: number, offer: Offer): boolean {
    const { first } = this.#instance;
    const { units } = this.#serving;
    const { occupants } = offer.at;
    const { found } = this.#depths[offer.depth]!;
    const guessed: number[] = [];
    for (let e = first[order]!, p = 0; e < first[order + 1]!; e++, p++) {
      const out = units[p]! > 0 ? this.#putOut(order, e, units[p]!, offer) : 0;
      for (let k = 0; k < out; k++) if (found[occupants[k]!]! < 0) guessed.push(occupants[k]!);
    }
    for (const e of guessed) this.#find(e, offer.depth, offer.isFresh, order);
    return guessed.length > 0;
  }

  #offered(order: number, offer: Offer): number {
    const { first, most } = this.#instance;
    const { levels } = this.#parts;
    const { limit, surcharge } = offer.at;
    this.#state.limits(order, limit);
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      const level = levels[e]!;
      const isMany = levels[e + 1]! - level < most[e]!;
      if (e === offer.without) limit[e] = 0;
      const free = isMany ? level + 1 : level + limit[e]!;
      for (let k = level; k < free; k++) surcharge[k] = 0;
      // Many units have but one price: nobody makes room for them.
      if (isMany || e === offer.without || limit[e] === most[e] || offer.depth === 0) continue;
      this.#offerMore(order, e, offer);
    }
    this.#served++;
    return this.#serving.offered(order, surcharge, limit);
  }

  /** Offers the units of a pair that others have to make room for, at what they lose. */
  #offerMore(order: number, pair: number, offer: Offer): void {
    const { most, lessor } = this.#instance;
    const { depth, at, lossMost } = offer;
    const { loss } = this.#depths[depth]!;
    const count = this.#gather(lessor[pair]!, order, offer);
    this.#startRoom(lessor[pair]!);
    const level = this.#parts.levels[pair]!;
    let reach = at.limit[pair]!;
    let sum = 0;
    for (let k = 0; k < count && reach < most[pair]!; k++) {
      const out = at.occupants[k]!;
      sum += loss[out]!;
      if (sum > lossMost) break;
      const units = this.#reachWithout(out, order, pair);
      if (units <= reach) continue;
      at.surcharge[level + reach] = sum;
      for (let u = reach + 1; u < units; u++) at.surcharge[level + u] = 0;
      reach = units;
      sum = 0;
    }
    at.limit[pair] = reach;
  }

  /** How many occupants, from the first on, have to go for so many units of a pair. */
  #putOut(order: number, pair: number, units: number, offer: Offer): number {
    const { lessor } = this.#instance;
    this.#startRoom(lessor[pair]!);
    if (this.#reach(order, pair) >= units) return 0;
    const count = this.#gather(lessor[pair]!, order, offer);
    this.#startRoom(lessor[pair]!);
    for (let k = 0; k < count; k++) {
      if (this.#reachWithout(offer.at.occupants[k]!, order, pair) >= units) return k + 1;
    }
    return count;
  }

  #startRoom(lessor: number): void {
    const { dimensions } = this.#instance;
    const { room } = this.#state;
    for (let d = 0; d < dimensions; d++) this.#room[d] = room[lessor * dimensions + d]!;
  }

  /** The units of a pair that the order could have once another pair's are gone, too. */
  #reachWithout(out: number, order: number, pair: number): number {
    const { dimensions, request, weight, form } = this.#instance;
    const room = this.#room;
    if (form === 'literal') room[0]! += weight[out]!;
    else {
      const units = this.#state.units[out]!;
      const who = this.#columns.order[out]! * dimensions;
      for (let d = 0; d < dimensions; d++) room[d]! += units * request[who + d]!;
    }
    return this.#reach(order, pair);
  }

  #reach(order: number, pair: number): number {
    const { dimensions, most, request, weight, form } = this.#instance;
    const room = this.#room;
    const own = this.#state.units[pair]!;
    if (form === 'literal') return own > 0 || weight[pair]! <= room[0]! ? 1 : 0;
    let more = most[pair]! - own;
    for (let d = 0; d < dimensions; d++) {
      const each = request[order * dimensions + d]!;
      if (more * each > room[d]!) more = Math.floor(room[d]! / each);
    }
    return own + more;
  }

  /** Pairs of orders with units at a lessor that may be put out, least loss first; how many. */
  #gather(
    lessor: number,
    order: number,
    { depth, at, isFresh, by }: { depth: number; at: Depth; isFresh: boolean; by: number },
  ): number {
    const { start, pair, order: orderOf } = this.#columns;
    const { occupants } = at;
    const { loss } = this.#depths[depth]!;
    let count = 0;
    for (let c = start[lessor]!; c < start[lessor + 1]!; c++) {
      const e = pair[c]!;
      if (this.#state.units[e] === 0) continue;
      const who = orderOf[e]!;
      if (who === order || who === by || this.#touchedBy[who] === this.#chain) continue;
      if (depth > 1) this.#guess(e, depth, isFresh, order);
      else this.#find(e, depth, isFresh, order);
      let k = count++;
      for (; k > 0 && loss[occupants[k - 1]!]! > loss[e]!; k--) occupants[k] = occupants[k - 1]!;
      occupants[k] = e;
    }
    return count;
  }

  /** Guesses what a pair's order would lose without it, unless that is known. */
  #guess(pair: number, depth: number, isFresh: boolean, by: number): void {
    const { loss, found } = this.#depths[depth]!;
    const since = Math.abs(found[pair]!);
    if (since > 0 && (!isFresh || this.#isAsFound(pair, since))) return;
    this.#find(pair, depth - 1, isFresh, by);
    const known = this.#depths[depth - 1]!.loss[pair]!;
    const now = isFresh ? this.#now : ROUGHLY;
    loss[pair] = this.#pass.guess * known;
    found[pair] = known < GAIN_LEAST ? now : -now;
  }

  /** Finds what a pair's order would lose without it, unless that is known. */
  #find(pair: number, depth: number, isFresh: boolean, by: number): void {
    const { loss, found } = this.#depths[depth]!;
    if (found[pair]! > 0 && (!isFresh || this.#isAsFound(pair, found[pair]!))) return;
    found[pair] = isFresh ? this.#now : ROUGHLY;
    const order = this.#columns.order[pair]!;
    const cost = this.#state.cost[order]!;
    const known = depth > 1 ? this.#depths[depth - 1]!.loss[pair]! : Number.POSITIVE_INFINITY;
    const lossMost = depth > 1 ? known + cost - this.#leastOf(order) : 0;
    const at = this.#depths[depth - 1]!;
    const offer = { depth: depth - 1, at, isFresh, without: pair, by, lossMost };
    loss[pair] = Math.min(known, Math.max(0, this.#best(order, offer, cost + known) - cost));
  }

  /** Whether nothing has changed at the lessors of the pair's order since then. */
  #isAsFound(pair: number, since: number): boolean {
    const { first, lessor } = this.#instance;
    const order = this.#columns.order[pair]!;
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      if (this.#changed[lessor[e]!]! > since) return false;
    }
    return true;
  }

  /** Gives the order the bundle chosen and puts out whoever is in the way, least loss first. */
  #take(order: number): void {
    const { first, lessor } = this.#instance;
    const state = this.#state;
    const at = this.#depths[this.#pass.depth]!;
    state.place(order, this.#serving.units);
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      if (state.units[e] === 0 || !state.isOver(lessor[e]!)) continue;
      const known = { depth: this.#pass.depth, at, isFresh: false, by: -1 };
      const count = this.#gather(lessor[e]!, order, known);
      for (let k = 0; k < count && state.isOver(lessor[e]!); k++) {
        const who = this.#columns.order[at.occupants[k]!]!;
        this.#touch(who);
        state.place(who, undefined);
        this.#waiting.push(who);
      }
    }
  }
}
