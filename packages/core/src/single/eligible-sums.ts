/** Running sums of capacity and cost over those lessors of the core that are let in so far. */

/** A binary indexed tree: positions are those of the core, in price order. */
export class EligibleSums {
  readonly #weight: Float64Array;
  readonly #cost: Float64Array;
  readonly #size: number;
  readonly #step: number;
  /** Sums before the position that the last call found. */
  weight = 0;
  cost = 0;

  constructor(size: number) {
    this.#size = size;
    this.#weight = new Float64Array(size + 1);
    this.#cost = new Float64Array(size + 1);
    this.#step = 2 ** Math.floor(Math.log2(Math.max(1, size)));
  }

  add(position: number, weight: number, cost: number): void {
    for (let node = position + 1; node <= this.#size; node += node & -node) {
      this.#weight[node] = (this.#weight[node] as number) + weight;
      this.#cost[node] = (this.#cost[node] as number) + cost;
    }
  }

  /** Sums over the positions before `end`. */
  sumBefore(end: number): void {
    this.weight = 0;
    this.cost = 0;
    for (let node = end; node > 0; node -= node & -node) {
      this.weight += this.#weight[node] as number;
      this.cost += this.#cost[node] as number;
    }
  }

  /**
   * @returns the first position with which the sum of weights is above `room`; the number of all
   *          positions when there is none.
   */
  breakAbove(room: number): number {
    let at = 0;
    this.weight = 0;
    this.cost = 0;
    for (let step = this.#step; step > 0; step >>= 1) {
      const node = at + step;
      if (node > this.#size) continue;
      const weight = this.weight + (this.#weight[node] as number);
      if (weight > room) continue;
      at = node;
      this.weight = weight;
      this.cost += this.#cost[node] as number;
    }
    return at;
  }
}
