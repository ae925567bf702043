/** A feasible answer being changed: units per pair, room per lessor, cost per order, with undo. */
import type { JointInstance } from './instance.ts';

export class JointState {
  readonly instance: JointInstance;
  readonly units: Int32Array;
  /** Per lessor and dimension: capacity not yet given. */
  readonly room: Float64Array;
  /** Per order: what it costs now, the penalty of what is missing included. */
  readonly cost: Float64Array;
  total = 0;
  // Changes since `mark`, to be taken back in reverse order.
  #changed = new Int32Array(256);
  #before = new Int32Array(256);
  #changes = 0;

  constructor(instance: JointInstance) {
    this.instance = instance;
    this.units = new Int32Array(instance.lessor.length);
    this.room = instance.capacity.slice();
    this.cost = instance.penalty.slice();
    for (const penalty of this.cost) this.total += penalty;
  }

  /** Forgets the changes so far: `undo` goes back to here. */
  mark(): void {
    this.#changes = 0;
  }

  undo(order: (pair: number) => number): void {
    while (this.#changes > 0) {
      this.#changes--;
      const pair = this.#changed[this.#changes]!;
      const i = order(pair);
      this.#set(i, pair, this.#before[this.#changes]!);
    }
  }

  /** Per pair of the order: the most units its lessor has room for; the order's own count as room. */
  limits(order: number, into: Int32Array): void {
    const { first, lessor, most, weight, form, dimensions, request } = this.instance;
    const from = first[order]!;
    const end = first[order + 1]!;
    if (form === 'literal') {
      for (let e = from; e < end; e++) {
        into[e - from] = this.units[e]! > 0 || weight[e]! <= this.room[lessor[e]!]! ? most[e]! : 0;
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
      into[e - from] = units + this.units[e]!;
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
        this.#log(e);
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
    this.total += cost - this.cost[order]!;
    this.cost[order] = cost;
  }

  /** Makes room for good: takes all units of a pair's lessor beyond capacity to be a mistake. */
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

  #set(order: number, pair: number, now: number): void {
    this.#shift(order, pair, now);
  }

  #log(pair: number): void {
    if (this.#changes === this.#changed.length) {
      const changed = new Int32Array(2 * this.#changes);
      const before = new Int32Array(2 * this.#changes);
      changed.set(this.#changed);
      before.set(this.#before);
      this.#changed = changed;
      this.#before = before;
    }
    this.#changed[this.#changes] = pair;
    this.#before[this.#changes] = this.units[pair]!;
    this.#changes++;
  }
}
