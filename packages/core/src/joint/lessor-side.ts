/** What a lessor could earn at most at given prices per unit: its own knapsack, exactly or from above. */
import type { Columns, JointInstance } from './instance.ts';
import { LessorTables } from './lessor-tables.ts';

/** Nodes after which it pays to build tables. */
const NODES_PLAIN = 300;
/** Rounds of a lessor's capacity prices when it came to that. */
const PRICE_ROUNDS = 2;
/** Units to choose from, over all pairs, above which tables would be too large. */
const VALUES_MOST = 1024;
/** So much may be lost in the sums of a bound. */
const ROUNDING = 1 + 1e-12;

/**
 * Depth-first over the pairs by value. Cut by what the pairs still to come could add, and by what
 * the room still free is worth at the lessor's capacity prices, which also bound the answer when the
 * tree is too large.
 */
export class LessorSide {
  /** Per pair: the units that the lessor asked for last would choose; also where it starts from. */
  readonly units: Int32Array;
  /** False when the last answer is only a bound; `units` are then the best found. */
  isExact = true;
  /** Lessors and dimensions: capacity and its price. */
  readonly capacityPrice: Float64Array;
  readonly #room: Float64Array;
  readonly #limit: Int32Array;
  readonly #instance: JointInstance;
  readonly #columns: Columns;
  readonly #levels: Int32Array;
  readonly #nodesMost: number;
  // The pairs that could earn, by value, with what a unit takes of each dimension.
  #pair: Int32Array = new Int32Array(64);
  #value: Float64Array = new Float64Array(64);
  #use: Float64Array;
  /** Cost of a unit at the capacity prices. */
  #own = new Float64Array(64);
  /** The most that the pairs from here on add: at their values, and above their own cost. */
  #rest = new Float64Array(65);
  #above = new Float64Array(65);
  #now = new Int32Array(64);
  #best = new Int32Array(64);
  /** The dimensions too small for all pairs together. */
  readonly #scarce: Int32Array;
  #scarceCount = 0;
  readonly #tables: LessorTables;
  #hasTables = false;
  #worthAt: Int32Array = new Int32Array(64);
  readonly #worths = new Float64Array(VALUES_MOST);
  readonly #left: Float64Array;
  readonly #load: Float64Array;
  #price: Float64Array = new Float64Array(0);
  #bestValue = 0;
  #grain = 0;
  #nodes = 0;
  #size = 0;

  /** `room` and `limit` (capacity; most units per pair) are read at every call. */
  constructor(
    instance: JointInstance,
    columns: Columns,
    levels: Int32Array,
    options: {
      room: Float64Array;
      limit: Int32Array;
      capacityPrice: Float64Array;
      nodesMost: number;
    },
  ) {
    this.#instance = instance;
    this.#columns = columns;
    this.#levels = levels;
    this.#room = options.room;
    this.#limit = options.limit;
    this.capacityPrice = options.capacityPrice;
    this.#nodesMost = options.nodesMost;
    this.units = new Int32Array(instance.lessor.length);
    this.#use = new Float64Array(64 * instance.dimensions);
    this.#scarce = new Int32Array(instance.dimensions);
    this.#tables = new LessorTables(instance.dimensions);
    this.#left = new Float64Array(instance.dimensions);
    this.#load = new Float64Array(instance.dimensions);
  }

  /**
   * @param price   per level, none negative
   * @param grain   values closer than this count as equal
   * @param adjust  lets the capacity prices follow, for the next calls
   */
  most(lessor: number, price: Float64Array, grain: number, adjust: boolean): number {
    this.isExact = true;
    const size = this.#gather(lessor, price);
    if (size === 0) return 0;
    const units = this.units;
    const pair = this.#pair;
    if (size === 1 || this.#fitsWhole(lessor)) {
      let sum = 0;
      for (let k = 0; k < size; k++) {
        units[pair[k]!] = this.#limit[pair[k]!]!;
        sum += this.#value[k]!;
      }
      return sum;
    }
    this.#price = price;
    this.#grain = grain;
    this.#startFromLast(lessor);
    let bound = this.#relax(lessor);
    this.#nodes = NODES_PLAIN;
    this.#hasTables = false;
    const at = lessor * this.#instance.dimensions;
    for (let s = 0; s < this.#scarceCount; s++) {
      this.#left[s] = this.#room[at + this.#scarce[s]!]!;
    }
    this.#descend(0, 0, bound);
    if (this.#nodes <= 0) bound = Math.min(bound, this.#descendByTables(bound));
    for (let k = 0; k < size; k++) units[pair[k]!] = this.#best[k]!;
    if (adjust && this.#hasTables) this.#follow(lessor);
    if (this.#nodes > 0) return this.#bestValue;
    this.isExact = false;
    return Math.max(this.#bestValue, bound * ROUNDING);
  }

  /** Sorts the pairs that could earn by what they could earn; the others get no units. */
  #gather(lessor: number, price: Float64Array): number {
    const { start, pair } = this.#columns;
    const levels = this.#levels;
    let size = 0;
    for (let c = start[lessor]!; c < start[lessor + 1]!; c++) {
      const e = pair[c]!;
      const limit = this.#limit[e]!;
      if (limit === 0) continue;
      const level = levels[e]!;
      let total = 0;
      if (levels[e + 1]! - level === 1) total = limit * price[level]!;
      else for (let k = level; k < level + limit; k++) total += price[k]!;
      if (total <= 0) {
        this.units[e] = 0;
        continue;
      }
      if (size === this.#pair.length) this.#grow();
      let k = size++;
      while (k > 0 && this.#value[k - 1]! < total) {
        this.#pair[k] = this.#pair[k - 1]!;
        this.#value[k] = this.#value[k - 1]!;
        k--;
      }
      this.#pair[k] = e;
      this.#value[k] = total;
    }
    this.#size = size;
    return size;
  }

  /**
   * Whether all of the gathered pairs fit together. If not, notes what a unit of each takes of the
   * dimensions that are too small for all.
   */
  #fitsWhole(lessor: number): boolean {
    const { dimensions, request, weight, form } = this.#instance;
    const use = this.#use;
    const load = this.#load;
    load.fill(0);
    for (let k = 0; k < this.#size; k++) {
      const e = this.#pair[k]!;
      const units = this.#limit[e]!;
      const own = form === 'literal' ? 0 : this.#columns.order[e]! * dimensions;
      for (let d = 0; d < dimensions; d++) {
        const each = form === 'literal' ? weight[e]! : request[own + d]!;
        use[k * dimensions + d] = each;
        load[d]! += units * each;
      }
    }
    const scarce = this.#scarce;
    let count = 0;
    for (let d = 0; d < dimensions; d++) {
      if (load[d]! > this.#room[lessor * dimensions + d]!) scarce[count++] = d;
    }
    this.#scarceCount = count;
    for (let k = 0; count < dimensions && k < this.#size; k++) {
      for (let s = 0; s < count; s++) use[k * count + s] = use[k * dimensions + scarce[s]!]!;
    }
    return count === 0;
  }

  /** Takes the last answer, as far as it still fits, as the best so far. */
  #startFromLast(lessor: number): void {
    const count = this.#scarceCount;
    const at = lessor * this.#instance.dimensions;
    this.#bestValue = 0;
    for (let k = 0; k < this.#size; k++) {
      const e = this.#pair[k]!;
      const units = Math.min(this.units[e]!, this.#limit[e]!);
      this.#best[k] = units;
      this.#bestValue += this.#worth(e, units);
    }
    let fits = true;
    for (let s = 0; s < count; s++) {
      let load = 0;
      for (let k = 0; k < this.#size; k++) load += this.#best[k]! * this.#use[k * count + s]!;
      if (load > this.#room[at + this.#scarce[s]!]!) fits = false;
    }
    if (fits) return;
    this.#bestValue = 0;
    this.#best.fill(0, 0, this.#size);
  }

  #worth(pair: number, units: number): number {
    const level = this.#levels[pair]!;
    if (this.#levels[pair + 1]! - level === 1) return units * this.#price[level]!;
    let sum = 0;
    for (let k = level; k < level + units; k++) sum += this.#price[k]!;
    return sum;
  }

  /** The bound of the capacity prices; notes it for every tail of the pairs. */
  #relax(lessor: number): number {
    const count = this.#scarceCount;
    const scarce = this.#scarce;
    const at = lessor * this.#instance.dimensions;
    this.#rest[this.#size] = 0;
    this.#above[this.#size] = 0;
    for (let k = this.#size - 1; k >= 0; k--) {
      const e = this.#pair[k]!;
      const limit = this.#limit[e]!;
      let own = 0;
      for (let s = 0; s < count; s++) {
        own += this.capacityPrice[at + scarce[s]!]! * this.#use[k * count + s]!;
      }
      const level = this.#levels[e]!;
      let most = 0;
      let chosen = 0;
      if (this.#levels[e + 1]! - level === 1) {
        if (this.#price[level]! > own) {
          chosen = limit;
          most = limit * (this.#price[level]! - own);
        }
      } else {
        let sum = 0;
        for (let u = 1; u <= limit; u++) {
          sum += this.#price[level + u - 1]! - own;
          if (sum > most) {
            most = sum;
            chosen = u;
          }
        }
      }
      this.#own[k] = own;
      this.#now[k] = chosen;
      this.#rest[k] = this.#rest[k + 1]! + this.#value[k]!;
      this.#above[k] = this.#above[k + 1]! + most;
    }
    let bound = this.#above[0]!;
    for (let s = 0; s < count; s++) {
      bound += this.capacityPrice[at + scarce[s]!]! * this.#room[at + scarce[s]!]!;
    }
    return bound;
  }

  /** Moves the capacity prices towards where their bound meets the best value. */
  #follow(lessor: number): void {
    const count = this.#scarceCount;
    const at = lessor * this.#instance.dimensions;
    const price = this.capacityPrice;
    for (let round = 0; round < PRICE_ROUNDS; round++) {
      const bound = this.#relax(lessor);
      let norm = 0;
      for (let s = 0; s < count; s++) {
        const d = at + this.#scarce[s]!;
        let load = 0;
        for (let k = 0; k < this.#size; k++) load += this.#now[k]! * this.#use[k * count + s]!;
        const excess = this.#room[d]! > 0 ? load / this.#room[d]! - 1 : 0;
        this.#load[s] = excess < 0 && price[d] === 0 ? 0 : excess;
        norm += this.#load[s]! ** 2;
      }
      if (norm === 0) return;
      const length = (0.7 * (bound - this.#bestValue)) / norm;
      for (let s = 0; s < count; s++) {
        const d = at + this.#scarce[s]!;
        if (this.#load[s] === 0) continue;
        const next = price[d]! + (length * this.#load[s]!) / this.#room[d]!;
        price[d] = next > 0 ? next : 0;
      }
    }
  }

  /** Starts again, with a better bound for every tail of the pairs; returns that of all. */
  #descendByTables(bound: number): number {
    const count = this.#scarceCount;
    const size = this.#size;
    let values = 0;
    for (let k = 0; k < size; k++) values += this.#limit[this.#pair[k]!]! + 1;
    if (values > VALUES_MOST) return bound;
    if (this.#worthAt.length <= size) this.#worthAt = new Int32Array(2 * size);
    let at = 0;
    for (let k = 0; k < size; k++) {
      this.#worthAt[k] = at;
      const e = this.#pair[k]!;
      const level = this.#levels[e]!;
      const isMany = this.#levels[e + 1]! - level === 1;
      let sum = 0;
      this.#worths[at++] = 0;
      for (let z = 1; z <= this.#limit[e]!; z++) {
        sum += this.#price[isMany ? level : level + z - 1]!;
        this.#worths[at++] = sum;
      }
    }
    this.#worthAt[size] = at;
    this.#tables.build(
      { size, dimensions: count, room: this.#left, use: this.#use },
      { at: this.#worthAt, values: this.#worths },
    );
    this.#hasTables = true;
    const most = this.#tables.most(0);
    this.#nodes = this.#nodesMost;
    this.#descend(0, 0, bound);
    return most;
  }

  /**
   * `sum`: value of the units chosen above `level`; `ahead`: the same plus what the room left is
   * worth at the capacity prices plus what all further pairs are worth above it.
   */
  #descend(level: number, sum: number, ahead: number): void {
    const count = this.#scarceCount;
    const left = this.#left;
    const use = this.#use;
    const row = level * count;
    const e = this.#pair[level]!;
    const first = this.#levels[e]!;
    const isMany = this.#levels[e + 1]! - first === 1;
    const price = this.#price;
    let units = this.#limit[e]!;
    for (let s = 0; s < count; s++) {
      const each = use[row + s]!;
      if (units * each > left[s]!) units = Math.floor(left[s]! / each);
    }
    let value = 0;
    if (isMany) value = units * price[first]!;
    else for (let u = 0; u < units; u++) value += price[first + u]!;
    if (level === this.#size - 1) {
      // No price is negative: the last pair gives all it can.
      if (sum + value < this.#bestValue + this.#grain) return;
      this.#bestValue = sum + value;
      this.#now[level] = units;
      for (let k = 0; k <= level; k++) this.#best[k] = this.#now[k]!;
      return;
    }
    const rest = this.#rest[level + 1]!;
    const own = this.#own[level]!;
    // What is ahead once this pair gets nothing.
    const without = ahead - this.#above[level]! + this.#above[level + 1]!;
    for (let z = units; z >= 0; z--) {
      const least = this.#bestValue + this.#grain;
      if (sum + value + rest < least) return;
      if (--this.#nodes <= 0) return;
      const next = without + value - z * own;
      if (next * ROUNDING >= least) {
        this.#now[level] = z;
        if (this.#hasTables) {
          this.#tables.take(level, z);
          if ((sum + value + this.#tables.most(level + 1)) * ROUNDING < least) {
            this.#tables.take(level, -z);
            if (z > 0) value -= price[isMany ? first : first + z - 1]!;
            continue;
          }
        }
        for (let s = 0; s < count; s++) left[s]! -= z * use[row + s]!;
        this.#descend(level + 1, sum + value, next);
        for (let s = 0; s < count; s++) left[s]! += z * use[row + s]!;
        if (this.#hasTables) this.#tables.take(level, -z);
        if (this.#nodes <= 0) return;
      }
      if (z > 0) value -= price[isMany ? first : first + z - 1]!;
    }
  }

  #grow(): void {
    const length = 2 * this.#pair.length;
    const pair = new Int32Array(length);
    pair.set(this.#pair);
    this.#pair = pair;
    const value = new Float64Array(length);
    value.set(this.#value);
    this.#value = value;
    this.#use = new Float64Array(length * this.#instance.dimensions);
    this.#own = new Float64Array(length);
    this.#rest = new Float64Array(length + 1);
    this.#above = new Float64Array(length + 1);
    this.#now = new Int32Array(length);
    this.#best = new Int32Array(length);
  }
}
