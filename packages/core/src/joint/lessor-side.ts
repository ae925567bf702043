/** What a lessor could earn at most at given prices per pair: its own knapsack, exactly or from above. */
import type { Columns, JointInstance } from './instance.ts';

const NODES_MOST = 4000;

/**
 * Depth-first over the pairs by value, cut by what the pairs still to come could add. When the tree
 * is too large, the answer is the bound `sum of the capacity at the given prices plus what pairs
 * are priced above it`, which holds for any prices.
 */
export class LessorSide {
  /** Units per pair of the last lessor asked for, in the order of its column. */
  units = new Int32Array(64);
  /** False when the last answer is only a bound; `units` are then the best found. */
  isExact = true;
  readonly #instance: JointInstance;
  readonly #columns: Columns;
  #pair = new Int32Array(64);
  #slot = new Int32Array(64);
  #rest = new Float64Array(65);
  #now = new Int32Array(64);
  #best = new Int32Array(64);
  #room: Float64Array;
  #bestValue = 0;
  #nodes = 0;
  #size = 0;

  constructor(instance: JointInstance, columns: Columns) {
    this.#instance = instance;
    this.#columns = columns;
    this.#room = new Float64Array(instance.dimensions);
  }

  /** `value`: price per unit of every pair; `capacityPrice`: per lessor and dimension. */
  most(lessor: number, value: Float64Array, capacityPrice: Float64Array): number {
    const { dimensions, capacity, most } = this.#instance;
    const { start, pair } = this.#columns;
    const from = start[lessor]!;
    const count = start[lessor + 1]! - from;
    if (count > this.units.length) this.#grow(count);
    let size = 0;
    for (let p = 0; p < count; p++) {
      const e = pair[from + p]!;
      this.units[p] = 0;
      const total = value[e]! * most[e]!;
      if (total <= 0) continue;
      let k = size++;
      while (k > 0 && value[this.#pair[k - 1]!]! * most[this.#pair[k - 1]!]! < total) {
        this.#pair[k] = this.#pair[k - 1]!;
        this.#slot[k] = this.#slot[k - 1]!;
        k--;
      }
      this.#pair[k] = e;
      this.#slot[k] = p;
    }
    this.isExact = true;
    if (size === 0) return 0;
    this.#size = size;
    this.#rest[size] = 0;
    for (let k = size - 1; k >= 0; k--) {
      const e = this.#pair[k]!;
      this.#rest[k] = this.#rest[k + 1]! + value[e]! * most[e]!;
    }
    for (let d = 0; d < dimensions; d++) this.#room[d] = capacity[lessor * dimensions + d]!;
    this.#bestValue = -1;
    this.#nodes = NODES_MOST;
    this.#descend(0, 0, value);
    for (let k = 0; k < size; k++) this.units[this.#slot[k]!] = this.#best[k]!;
    if (this.#nodes > 0) return this.#bestValue;
    this.isExact = false;
    return this.#relaxed(lessor, value, capacityPrice);
  }

  #descend(level: number, sum: number, value: Float64Array): void {
    if (level === this.#size) {
      if (sum > this.#bestValue) {
        this.#bestValue = sum;
        for (let k = 0; k < level; k++) this.#best[k] = this.#now[k]!;
      }
      return;
    }
    if (--this.#nodes <= 0) {
      if (this.#bestValue < 0) this.#best.fill(0, 0, this.#size);
      return;
    }
    const { dimensions, request, weight, form, most } = this.#instance;
    const e = this.#pair[level]!;
    const isLiteral = form === 'literal';
    const at = isLiteral ? 0 : this.#columns.order[e]! * dimensions;
    let units = most[e]!;
    for (let d = 0; d < dimensions; d++) {
      const each = isLiteral ? weight[e]! : request[at + d]!;
      if (each > 0 && units * each > this.#room[d]!) units = Math.floor(this.#room[d]! / each);
    }
    const room = this.#room;
    for (let z = units; z >= 0; z--) {
      if (sum + z * value[e]! + this.#rest[level + 1]! <= this.#bestValue) break;
      this.#now[level] = z;
      for (let d = 0; d < dimensions; d++)
        room[d]! -= z * (isLiteral ? weight[e]! : request[at + d]!);
      this.#descend(level + 1, sum + z * value[e]!, value);
      for (let d = 0; d < dimensions; d++)
        room[d]! += z * (isLiteral ? weight[e]! : request[at + d]!);
      if (this.#nodes <= 0) return;
    }
  }

  #relaxed(lessor: number, value: Float64Array, capacityPrice: Float64Array): number {
    const { dimensions, capacity, request, weight, form, most } = this.#instance;
    let bound = 0;
    for (let d = 0; d < dimensions; d++) {
      bound += capacityPrice[lessor * dimensions + d]! * capacity[lessor * dimensions + d]!;
    }
    for (let k = 0; k < this.#size; k++) {
      const e = this.#pair[k]!;
      const at = this.#columns.order[e]! * dimensions;
      let own = 0;
      for (let d = 0; d < dimensions; d++) {
        const each = form === 'literal' ? weight[e]! : request[at + d]!;
        own += capacityPrice[lessor * dimensions + d]! * each;
      }
      if (value[e]! > own) bound += (value[e]! - own) * most[e]!;
    }
    return bound;
  }

  #grow(count: number): void {
    const length = 2 * count;
    this.units = new Int32Array(length);
    this.#pair = new Int32Array(length);
    this.#slot = new Int32Array(length);
    this.#rest = new Float64Array(length + 1);
    this.#now = new Int32Array(length);
    this.#best = new Int32Array(length);
  }
}
