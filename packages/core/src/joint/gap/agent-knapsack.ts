/** The most that one agent could earn at given values of the jobs: its knapsack, exactly. */
import type { GapInstance } from './instance.ts';
import type { KnapsackTable } from './knapsack-table.ts';

const WIDTH_FIRST = 2;
const WIDTH_LEAST = 2 ** -6;
const HALVINGS = 40;
/** Of sums with the price of room; sums of values alone are exact. */
const ROUNDING = 2 ** -10;

/**
 * At a price per unit of room most jobs are certain: their value is far above or far below the price
 * of their room. Only the core of the others is solved. The answer tells how far is far enough;
 * when that was underestimated, the core is made wider. Price and width are kept for the next
 * values, which will be similar.
 */
export class AgentKnapsack {
  /** Per job: 1 when it is in the last answer. */
  readonly taken: Uint8Array;
  readonly #weight: Int32Array;
  readonly #capacity: number;
  readonly #table: KnapsackTable;
  readonly #core: Int32Array;
  #coreSize = 0;
  #price: number;
  #width = WIDTH_FIRST;
  // Of the jobs that are taken for certain.
  #sum = 0;
  #room = 0;

  constructor(instance: GapInstance, agent: number, price: number, table: KnapsackTable) {
    const { jobs, weight, capacity } = instance;
    this.taken = new Uint8Array(jobs);
    this.#weight = weight.subarray(agent * jobs, (agent + 1) * jobs);
    this.#capacity = capacity[agent]!;
    this.#table = table;
    this.#core = new Int32Array(jobs);
    this.#price = price;
  }

  /** @returns the most; or what it cannot exceed, when even the core is too large for a table. */
  most(value: Float64Array): number {
    const table = this.#table;
    for (let tries = 0; ; tries++) {
      const relaxed = this.#split(value);
      const room = this.#room;
      const core = this.#core.subarray(0, this.#coreSize);
      const fits = room >= 0;
      if (fits && !table.solve(core, value, this.#weight, room)) return relaxed + ROUNDING;
      // A job farther away than this cannot be better the other way round.
      const doubt = fits ? relaxed - this.#sum - table.best : Number.POSITIVE_INFINITY;
      if (doubt <= this.#width) {
        table.write(core, this.#weight, room, this.taken);
        this.#width = Math.max(WIDTH_LEAST, 1.5 * doubt, Math.min(0.8 * this.#width, 4 * doubt));
        return this.#sum + table.best;
      }
      if (doubt > 4 * this.#width && tries === 0) this.#price = this.#breakPrice(value);
      else this.#width = Math.min(doubt, 4 * this.#width);
    }
  }

  /** Takes what is certain, gathers the core; returns what no answer can exceed at this price. */
  #split(value: Float64Array): number {
    const { taken } = this;
    const price = this.#price;
    const width = this.#width;
    let relaxed = price * this.#capacity;
    this.#coreSize = 0;
    this.#sum = 0;
    this.#room = this.#capacity;
    for (let i = 0; i < taken.length; i++) {
      taken[i] = 0;
      const own = value[i]!;
      const size = this.#weight[i]!;
      if (own <= 0 || size > this.#capacity) continue;
      const above = own - price * size;
      if (above > 0) relaxed += above;
      if (above >= width) {
        taken[i] = 1;
        this.#sum += own;
        this.#room -= size;
      } else if (above > -width) this.#core[this.#coreSize++] = i;
    }
    return relaxed;
  }

  /** The least price at which the jobs that are worth more than their room fit, nearly. */
  #breakPrice(value: Float64Array): number {
    if (this.#loadAt(0, value) <= this.#capacity) return 0;
    let low = 0;
    let high = 0;
    for (let i = 0; i < value.length; i++) {
      if (this.#weight[i]! > 0) high = Math.max(high, value[i]! / this.#weight[i]!);
    }
    for (let k = 0; k < HALVINGS; k++) {
      const middle = (low + high) / 2;
      if (this.#loadAt(middle, value) > this.#capacity) low = middle;
      else high = middle;
    }
    return high;
  }

  #loadAt(price: number, value: Float64Array): number {
    let load = 0;
    for (let i = 0; i < value.length; i++) {
      const weight = this.#weight[i]!;
      if (weight <= this.#capacity && value[i]! > price * weight) load += weight;
    }
    return load;
  }
}
