/** Chooses an order's bundle for the search: at prices, within the room left or not, its terms kept. */

import type { SeededRandom } from './budget.ts';
import type { Bundles, BundleTerms } from './bundle.ts';
import { FewBundles } from './few-bundle.ts';
import type { JointInstance } from './instance.ts';
import type { JointState } from './state.ts';

/** Doublings of the surcharge per lessor before a large order that may use few is left unserved. */
const NARROWINGS = 12;

export class Serving {
  /** The bundle chosen last, counted from the order's first pair. */
  readonly units: Int32Array;
  readonly #instance: JointInstance;
  readonly #levels: Int32Array;
  readonly #bundles: Bundles;
  readonly #few: FewBundles;
  readonly #limit: Int32Array;
  readonly #terms: { surcharge: Float64Array; share: number; limit: Int32Array; perLessor: number };
  readonly #free: { surcharge: Float64Array; share: number; perLessor: number };
  readonly #dreamTerms: {
    surcharge: Float64Array;
    share: number;
    limit: Int32Array;
    perLessor: number;
  };
  readonly #price: Float64Array;
  readonly #mixed: Float64Array;
  readonly #hasTerms: boolean;
  readonly #random: SeededRandom;

  constructor(
    instance: JointInstance,
    parts: { levels: Int32Array; bundles: Bundles; price: Float64Array; random: SeededRandom },
  ) {
    const { levels, bundles, price, random } = parts;
    this.#random = random;
    this.#levels = levels;
    this.#price = price;
    this.#mixed = new Float64Array(price.length);
    const { orders, first, budget, lessorsMost } = instance;
    this.#instance = instance;
    this.#bundles = bundles;
    this.#few = new FewBundles(instance, levels);
    this.units = bundles.units;
    this.#limit = new Int32Array(instance.lessor.length);
    this.#terms = { surcharge: price, share: 1, limit: this.#limit, perLessor: 0 };
    this.#dreamTerms = { surcharge: this.#mixed, share: 1, limit: this.#limit, perLessor: 0 };
    this.#free = { surcharge: price, share: 1, perLessor: 0 };
    let hasTerms = false;
    for (let i = 0; i < orders && !hasTerms; i++) {
      hasTerms =
        budget[i]! < Number.POSITIVE_INFINITY || lessorsMost[i]! < first[i + 1]! - first[i]!;
    }
    this.#hasTerms = hasTerms;
  }

  /**
   * The best bundle within the room that `state` has left, each pair overlooked with chance
   * `blink`. Returns its priced cost.
   */
  within(state: JointState, order: number, share: number, blink = 0): number {
    state.limits(order, this.#limit);
    if (blink > 0) this.#overlook(order, blink);
    this.#terms.share = share;
    return this.#choose(order, this.#terms);
  }

  /** The best bundle as if no one else were there. Returns its priced cost. */
  alone(order: number, share: number): number {
    this.#free.share = share;
    return this.#choose(order, this.#free);
  }

  /** The same, but room that is free costs nothing, and each pair may be overlooked. */
  dream(state: JointState, order: number, share: number, blink: number): number {
    const { first, most } = this.#instance;
    const from = first[order]!;
    state.limits(order, this.#limit);
    for (let e = from; e < first[order + 1]!; e++) {
      const taken = 1 - this.#limit[e]! / most[e]!;
      for (let k = this.#levels[e]!; k < this.#levels[e + 1]!; k++) {
        this.#mixed[k] = this.#price[k]! * taken;
      }
      this.#limit[e] = most[e]!;
    }
    this.#overlook(order, blink);
    this.#dreamTerms.share = share;
    return this.#choose(order, this.#dreamTerms);
  }

  /** The best of what is offered: so many units of each pair, at a surcharge per level. */
  offered(order: number, surcharge: Float64Array, limit: Int32Array): number {
    return this.#choose(order, { surcharge, limit, share: 1, perLessor: 0 });
  }

  #overlook(order: number, blink: number): void {
    const { first } = this.#instance;
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      if (this.#random.share() < blink) this.#limit[e] = 0;
    }
  }

  #choose(order: number, terms: { share: number; perLessor: number } & BundleTerms): number {
    terms.perLessor = 0;
    let value = this.#bundles.cheapest(order, terms);
    if (!this.#hasTerms || this.#keepsTerms(order)) return value;
    if (this.#few.canSolve(order)) {
      value = this.#few.cheapest(order, terms, this.units);
      if (this.#cost(order) <= this.#instance.budget[order]!) return value;
      terms.share = 0;
      return this.#few.cheapest(order, terms, this.units);
    }
    return this.#chooseRoughly(order, terms);
  }

  /** Keeps the terms of an order that is too large to be solved within them. */
  #chooseRoughly(order: number, terms: { share: number; perLessor: number } & BundleTerms): number {
    const { lessorsMost, budget, penalty } = this.#instance;
    let value = penalty[order]!;
    for (let k = 0; k < NARROWINGS && this.#lessors(order) > lessorsMost[order]!; k++) {
      terms.perLessor = Math.max(1, penalty[order]! / 4096, 2 * terms.perLessor);
      value = this.#bundles.cheapest(order, terms);
    }
    if (this.#cost(order) > budget[order]!) {
      terms.share = 0;
      value = this.#bundles.cheapest(order, terms);
    }
    if (this.#lessors(order) > lessorsMost[order]!) this.#drop(order);
    while (this.#cost(order) > budget[order]!) this.#shrink(order);
    return this.#lessors(order) === 0 ? penalty[order]! : value;
  }

  #keepsTerms(order: number): boolean {
    const { lessorsMost, budget } = this.#instance;
    return this.#lessors(order) <= lessorsMost[order]! && this.#cost(order) <= budget[order]!;
  }

  #lessors(order: number): number {
    const { first } = this.#instance;
    let count = 0;
    for (let p = first[order + 1]! - first[order]! - 1; p >= 0; p--)
      if (this.units[p]! > 0) count++;
    return count;
  }

  #cost(order: number): number {
    const { first, unitCost, fixedCost } = this.#instance;
    let cost = 0;
    for (let e = first[order]!, p = 0; e < first[order + 1]!; e++, p++) {
      if (this.units[p]! > 0) cost += this.units[p]! * unitCost[e]! + fixedCost[e]!;
    }
    return cost;
  }

  /** Takes one unit from the dearest pair; all units when too few are left. */
  #shrink(order: number): void {
    const { first, unitCost, least, form } = this.#instance;
    const from = first[order]!;
    let served = 0;
    let dearest = -1;
    for (let p = 0; p < first[order + 1]! - from; p++) {
      served += this.units[p]!;
      if (this.units[p]! === 0) continue;
      if (dearest < 0 || unitCost[from + p]! > unitCost[from + dearest]!) dearest = p;
    }
    if (form === 'literal' || served - 1 < least[order]!) this.#drop(order);
    else this.units[dearest]!--;
  }

  #drop(order: number): void {
    const { first } = this.#instance;
    this.units.fill(0, 0, first[order + 1]! - first[order]!);
  }
}
