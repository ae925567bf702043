/** What a lessor's pairs could earn at most within each single one of its dimensions. */

/** Capacities above this are laid on a grid of so many steps, what units take rounded down. */
const STEPS = 64;

/**
 * For every tail of a lessor's pairs and every rest of a dimension: the most that the tail earns if
 * only this dimension counted. The least over the dimensions bounds a knapsack with all of them far
 * better than any prices where units are large against the room.
 */
export class LessorTables {
  /** Steps left of each dimension. */
  readonly #left: Int32Array;
  #use: Int32Array = new Int32Array(8);
  #most: Float64Array = new Float64Array(8);
  #dimensions = 0;
  #size = 0;

  constructor(dimensionsMost: number) {
    this.#left = new Int32Array(dimensionsMost);
  }

  /**
   * @param use     per pair and dimension: what a unit takes
   * @param worth   per pair, `limit[pair] + 1` values from `at[pair]` on: of 0, 1, 2.. units
   */
  build(
    of: { size: number; dimensions: number; room: ArrayLike<number>; use: Float64Array },
    worth: { at: Int32Array; values: Float64Array },
  ): void {
    const { size, dimensions, room, use } = of;
    this.#size = size;
    this.#dimensions = dimensions;
    const width = STEPS + 1;
    if (this.#most.length < dimensions * (size + 1) * width) {
      this.#most = new Float64Array(2 * dimensions * (size + 1) * width);
      this.#use = new Int32Array(2 * dimensions * size);
    }
    for (let s = 0; s < dimensions; s++) {
      const steps = Math.min(STEPS, room[s]!);
      this.#left[s] = steps;
      this.#most.fill(0, (s * (size + 1) + size) * width, (s * (size + 1) + size + 1) * width);
      for (let k = size - 1; k >= 0; k--) {
        const each = Math.floor((use[k * dimensions + s]! * steps) / Math.max(1, room[s]!));
        this.#use[k * dimensions + s] = each;
        const row = (s * (size + 1) + k) * width;
        const next = row + width;
        const from = worth.at[k]!;
        const units = worth.at[k + 1]! - from - 1;
        for (let c = 0; c <= steps; c++) {
          let best = this.#most[next + c]!;
          for (let z = 1; z <= units && z * each <= c; z++) {
            const sum = worth.values[from + z]! + this.#most[next + c - z * each]!;
            if (sum > best) best = sum;
          }
          this.#most[row + c] = best;
        }
      }
    }
  }

  /** Takes units of a pair, or gives them back when negative. */
  take(pair: number, units: number): void {
    for (let s = 0; s < this.#dimensions; s++) {
      this.#left[s]! -= units * this.#use[pair * this.#dimensions + s]!;
    }
  }

  /** The most that the pairs from this one on could still earn. */
  most(pair: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let s = 0; s < this.#dimensions; s++) {
      const value = this.#most[(s * (this.#size + 1) + pair) * (STEPS + 1) + this.#left[s]!]!;
      if (value < least) least = value;
    }
    return least;
  }
}
