/** Step lengths of a subgradient method: aims above the best bound, ever less. */

/** The lift at the end against the one at the start. */
const LAST = 1e-3;

export class Level {
  best = Number.NEGATIVE_INFINITY;
  readonly #lift: number;
  #share = 0;

  /** `lift`: how far above the first bound the optimum may lie, in cost units. */
  constructor(lift: number) {
    this.#lift = lift;
  }

  /** Takes the bound of the present prices, after this share of all steps; true when it is the best so far. */
  take(bound: number, share: number): boolean {
    this.#share = share;
    if (bound <= this.best) return false;
    this.best = bound;
    return true;
  }

  /** The distance to bridge by the next step from prices of this bound. */
  distance(bound: number): number {
    return this.best + this.#lift * LAST ** this.#share - bound;
  }
}
