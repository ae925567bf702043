/**
 * Prices per unit of every pair: orders and lessors each decide alone what a pair gives, and prices
 * make them agree. Works on any part of a programme: some orders, and the room that others left.
 */
import type { Bundles, BundleTerms } from './bundle.ts';
import type { Columns, JointInstance } from './instance.ts';
import type { LessorSide } from './lessor-side.ts';
import { Level } from './level.ts';

/** How much of a step is new; the rest goes on in the direction of the steps before. */
const FRESH = 0.3;
/** Directions smaller than this, against a whole unit, are forgotten. */
const FORGOTTEN = 0.02;
/** Weight of a round in what orders chose lately. */
const LATELY = 1 / 60;

export interface Sides {
  readonly columns: Columns;
  readonly levels: Int32Array;
  readonly bundles: Bundles;
  readonly lessors: LessorSide;
  /** Per pair: the most units still possible, 0 for all orders that are not open. */
  readonly limit: Int32Array;
}

export class PairPrices {
  /** Per level. */
  readonly price: Float64Array;
  readonly levels: Int32Array;
  /** Per order: the units that changed in a round, and whether it wanted any, lately on the mean. */
  readonly unrest: Float32Array;
  readonly served: Float32Array;
  /** Orders that take part. */
  open: Int32Array = new Int32Array(0);
  readonly #instance: JointInstance;
  readonly #sides: Sides;
  readonly #terms: BundleTerms;
  /** Lessors of the open orders. */
  #lessors: Int32Array = new Int32Array(0);
  readonly #isOpen: Uint8Array;
  /** What was chosen last and its worth; chosen again only where a price has changed. */
  readonly #wish: Int32Array;
  readonly #orderValue: Float64Array;
  readonly #lessorValue: Float64Array;
  readonly #isServed: Uint8Array;
  readonly #isOrderStale: Uint8Array;
  readonly #isLessorStale: Uint8Array;
  readonly #direction: Float32Array;
  readonly #best: Float64Array;

  constructor(instance: JointInstance, sides: Sides, start: Float64Array) {
    const { orders, lessors } = instance;
    this.#instance = instance;
    this.#sides = sides;
    this.price = start;
    this.levels = sides.levels;
    this.unrest = new Float32Array(orders);
    this.served = new Float32Array(orders);
    this.#terms = { surcharge: start, share: 1, limit: sides.limit, perLessor: 0 };
    this.#isOpen = new Uint8Array(lessors);
    this.#wish = new Int32Array(instance.lessor.length);
    this.#orderValue = new Float64Array(orders);
    this.#lessorValue = new Float64Array(lessors);
    this.#isServed = new Uint8Array(orders);
    this.#isOrderStale = new Uint8Array(orders);
    this.#isLessorStale = new Uint8Array(lessors);
    this.#direction = new Float32Array(start.length);
    this.#best = new Float64Array(start.length);
  }

  /** From now on these orders take part, each with what `limit` allows. */
  take(open: Int32Array): void {
    const { first, lessor } = this.#instance;
    const { limit } = this.#sides;
    const isOpen = this.#isOpen;
    for (let k = 0; k < this.#lessors.length; k++) isOpen[this.#lessors[k]!] = 0;
    const lessors: number[] = [];
    for (let o = 0; o < open.length; o++) {
      const i = open[o]!;
      for (let e = first[i]!; e < first[i + 1]!; e++) {
        if (limit[e] === 0 || isOpen[lessor[e]!] === 1) continue;
        isOpen[lessor[e]!] = 1;
        lessors.push(lessor[e]!);
      }
    }
    this.open = open;
    // In their own order, which memory likes.
    this.#lessors = Int32Array.from(lessors).sort();
  }

  /**
   * At most `rounds` steps from the present prices, which end as the best found.
   *
   * @param lift  how far above the first bound the optimum may lie, as a share of it
   * @returns the bound of the open orders alone, uncertified.
   */
  improve(options: {
    rounds: number;
    lift: number;
    timeIsUp: () => boolean;
    /** Share of the time for this, when it may end before the rounds do. */
    timeShare?: () => number;
  }): number {
    this.#start();
    let level: Level | undefined;
    for (let round = 0; round < options.rounds && !options.timeIsUp(); round++) {
      const bound = this.#choose();
      level ??= new Level(options.lift * Math.abs(bound) + 1);
      const done = Math.max(round / options.rounds, options.timeShare?.() ?? 0);
      if (level.take(bound, done)) this.#copy(this.price, this.#best);
      if (!this.#step(level.distance(bound))) break;
    }
    if (!level) return Number.NEGATIVE_INFINITY;
    this.#copy(this.#best, this.price);
    return level.best;
  }

  #start(): void {
    const { first } = this.#instance;
    const { open } = this;
    for (let o = 0; o < open.length; o++) {
      const i = open[o]!;
      this.#isOrderStale[i] = 1;
      this.#direction.fill(0, this.levels[first[i]!]!, this.levels[first[i + 1]!]!);
    }
    for (let k = 0; k < this.#lessors.length; k++) this.#isLessorStale[this.#lessors[k]!] = 1;
  }

  #copy(from: Float64Array, to: Float64Array): void {
    const { first } = this.#instance;
    const { open } = this;
    for (let o = 0; o < open.length; o++) {
      const i = open[o]!;
      const end = this.levels[first[i + 1]!]!;
      for (let k = this.levels[first[i]!]!; k < end; k++) to[k] = from[k]!;
    }
  }

  /** Lets both sides choose at the present prices; returns the bound. */
  #choose(): number {
    const { first } = this.#instance;
    const { bundles, lessors } = this.#sides;
    const { open, unrest, served } = this;
    const wish = this.#wish;
    let bound = 0;
    for (let o = 0; o < open.length; o++) {
      const i = open[o]!;
      let changes = 0;
      if (this.#isOrderStale[i] === 1) {
        this.#isOrderStale[i] = 0;
        this.#orderValue[i] = bundles.cheapest(i, this.#terms);
        let isServed = 0;
        for (let e = first[i]!, p = 0; e < first[i + 1]!; e++, p++) {
          const units = bundles.units[p]!;
          if (units > 0) isServed = 1;
          if (units === wish[e]) continue;
          changes += Math.abs(units - wish[e]!);
          wish[e] = units;
        }
        this.#isServed[i] = isServed;
      }
      served[i]! += LATELY * (this.#isServed[i]! - served[i]!);
      unrest[i]! += LATELY * (changes - unrest[i]!);
      bound += this.#orderValue[i]!;
    }
    for (let k = 0; k < this.#lessors.length; k++) {
      const j = this.#lessors[k]!;
      if (this.#isLessorStale[j] === 1) {
        this.#isLessorStale[j] = 0;
        this.#lessorValue[j] = lessors.most(j, this.price, 1e-3, true);
      }
      bound -= this.#lessorValue[j]!;
    }
    return bound;
  }

  /** Steps in units of each pair's own cost. False when all agree. */
  #step(distance: number): boolean {
    const { first, unitCost, lessor } = this.#instance;
    const { open, levels, price } = this;
    const wish = this.#wish;
    const given = this.#sides.lessors.units;
    const { limit } = this.#sides;
    const direction = this.#direction;
    let norm = 0;
    for (let o = 0; o < open.length; o++) {
      const i = open[o]!;
      for (let e = first[i]!; e < first[i + 1]!; e++) {
        if (limit[e] === 0) continue;
        const size = unitCost[e]! + 1;
        const wanted = wish[e]!;
        const had = given[e]!;
        const from = levels[e]!;
        const isMany = levels[e + 1]! - from === 1;
        for (let k = from; k < levels[e + 1]!; k++) {
          const more = isMany ? wanted - had : +(k - from < wanted) - +(k - from < had);
          if (more === 0 && direction[k] === 0) continue;
          if (more < 0 && price[k] === 0) {
            direction[k] = 0;
            continue;
          }
          const next = FRESH * more + (1 - FRESH) * direction[k]!;
          direction[k] = more === 0 && next < FORGOTTEN && next > -FORGOTTEN ? 0 : next;
          norm += (more * size) ** 2;
        }
      }
    }
    if (norm === 0) return false;
    const length = distance / norm;
    for (let o = 0; o < open.length; o++) {
      const i = open[o]!;
      for (let e = first[i]!; e < first[i + 1]!; e++) {
        const size = (unitCost[e]! + 1) ** 2;
        let moved = false;
        for (let k = levels[e]!; k < levels[e + 1]!; k++) {
          if (direction[k] === 0) continue;
          const next = price[k]! + length * direction[k]! * size;
          price[k] = next > 0 ? next : 0;
          moved = true;
        }
        if (!moved) continue;
        this.#isOrderStale[i] = 1;
        this.#isLessorStale[lessor[e]!] = 1;
      }
    }
    return true;
  }
}
