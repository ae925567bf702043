/** A feasible answer being changed: units per pair, room per lessor, cost per order, with undo. */
import type { Columns, JointInstance } from './instance.ts';

export class JointState {
  readonly instance: JointInstance;
  readonly units: Int32Array;
  /** Per lessor and dimension: capacity not yet given. */
  readonly room: Float64Array;
  /** Per order: what it costs now, the penalty of what is missing included. */
  readonly cost: Float64Array;
  total = 0;
  readonly #orderOf: Int32Array;
  // Changes since `mark`, taken back in reverse order.
  readonly #pairs = new Undo();
  readonly #costs = new Undo();

  constructor(instance: JointInstance, columns: Columns) {
    this.instance = instance;
    this.units = new Int32Array(instance.lessor.length);
    this.room = instance.capacity.slice();
    this.cost = instance.penalty.slice();
    for (const penalty of this.cost) this.total += penalty;
    this.#orderOf = columns.order;
  }

  /** Forgets the changes so far: `undo` goes back to here. */
  mark(): void {
    this.#pairs.length = 0;
    this.#costs.length = 0;
  }

  undo(): void {
    for (let k = this.#pairs.length - 1; k >= 0; k--) {
      const pair = this.#pairs.key[k]!;
      this.#shift(this.#orderOf[pair]!, pair, this.#pairs.value[k]!);
    }
    for (let k = this.#costs.length - 1; k >= 0; k--) {
      const order = this.#costs.key[k]!;
      this.total += this.#costs.value[k]! - this.cost[order]!;
      this.cost[order] = this.#costs.value[k]!;
    }
    this.mark();
  }

  /** Tells the pairs that were changed since `mark`, some of them more than once. */
  eachChanged(tell: (pair: number) => void): void {
    for (let k = 0; k < this.#pairs.length; k++) tell(this.#pairs.key[k]!);
  }

  /** Turns a copy of the units into what they were at `mark`. */
  patchBefore(units: Int32Array): void {
    for (let k = this.#pairs.length - 1; k >= 0; k--) {
      units[this.#pairs.key[k]!] = this.#pairs.value[k]!;
    }
  }

  /** For each pair of the order: the most units its lessor has room for; its own count as room. */
  limits(order: number, into: Int32Array): void {
    const { first, lessor, most, weight, form, dimensions, request } = this.instance;
    const from = first[order]!;
    const end = first[order + 1]!;
    if (form === 'literal') {
      for (let e = from; e < end; e++) {
        into[e] = this.units[e]! > 0 || weight[e]! <= this.room[lessor[e]!]! ? most[e]! : 0;
      }
      return;
    }
    const own = order * dimensions;
    for (let e = from; e < end; e++) {
      const at = lessor[e]! * dimensions;
      let units = most[e]! - this.units[e]!;
      for (let d = 0; d < dimensions; d++) {
        const each = request[own + d]!;
        if (units * each > this.room[at + d]!) units = Math.floor(this.room[at + d]! / each);
      }
      into[e] = units + this.units[e]!;
    }
  }

  /** Gives the order these units, counted from its first pair, whether or not there is room. */
  place(order: number, units: Int32Array | undefined): void {
    const { first, unitCost, fixedCost, need, penalty, form } = this.instance;
    const from = first[order]!;
    let cost = 0;
    let served = 0;
    for (let e = from; e < first[order + 1]!; e++) {
      const now = units ? units[e - from]! : 0;
      if (now !== this.units[e]!) {
        this.#pairs.push(e, this.units[e]!);
        this.#shift(order, e, now);
      }
      if (now === 0) continue;
      cost += unitCost[e]! * now + fixedCost[e]!;
      served += now;
    }
    if (served === 0) cost = penalty[order]!;
    else if (form === 'practical' && served < need[order]!) {
      cost += (penalty[order]! / need[order]!) * (need[order]! - served);
    }
    this.#costs.push(order, this.cost[order]!);
    this.total += cost - this.cost[order]!;
    this.cost[order] = cost;
  }

  /** Whether more is given at the lessor than it has: only between the steps of one move. */
  isOver(lessor: number): boolean {
    const { dimensions } = this.instance;
    for (let d = 0; d < dimensions; d++) if (this.room[lessor * dimensions + d]! < 0) return true;
    return false;
  }

  #shift(order: number, pair: number, now: number): void {
    const { lessor, dimensions, request, weight, form } = this.instance;
    const more = now - this.units[pair]!;
    const at = lessor[pair]! * dimensions;
    if (form === 'literal') this.room[at]! -= more * weight[pair]!;
    else {
      for (let d = 0; d < dimensions; d++) {
        this.room[at + d]! -= more * request[order * dimensions + d]!;
      }
    }
    this.units[pair] = now;
  }
}

/** A growing list of keys with what they were before. */
class Undo {
  key = new Int32Array(256);
  value = new Float64Array(256);
  length = 0;

  push(key: number, value: number): void {
    if (this.length === this.key.length) {
      const [keys, values] = [this.key, this.value];
      this.key = new Int32Array(2 * this.length);
      this.value = new Float64Array(2 * this.length);
      this.key.set(keys);
      this.value.set(values);
    }
    this.key[this.length] = key;
    this.value[this.length++] = value;
  }
}
