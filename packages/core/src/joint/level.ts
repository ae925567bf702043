/** Step lengths of a subgradient method: aims a little above the best bound, less after failures. */

const FAILURES_MOST = 12;
const LOWER = 0.7;

export class Level {
  best = Number.NEGATIVE_INFINITY;
  #lift: number;
  readonly #liftLeast: number;
  #failures = 0;

  /** `lift`: how far above the first bound the optimum may lie, in cost units. */
  constructor(lift: number) {
    this.#lift = lift;
    this.#liftLeast = 1e-4 * lift;
  }

  /** True when steps have become too small to matter. */
  get isDone(): boolean {
    return this.#lift < this.#liftLeast;
  }

  /** Takes the bound of the present prices; true when it is the best so far. */
  take(bound: number): boolean {
    if (bound > this.best + 0.02 * this.#lift) this.#failures = 0;
    else if (++this.#failures > FAILURES_MOST) {
      this.#failures = 0;
      this.#lift *= LOWER;
    }
    if (bound <= this.best) return false;
    this.best = bound;
    return true;
  }

  /** The distance to bridge by the next step from prices of this bound. */
  distance(bound: number): number {
    return this.best + this.#lift - bound;
  }
}
