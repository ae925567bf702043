/** Cheapest bundle of an order for replicas: bounded lots with fixed cost, by dynamic programming. */
import type { Bundles, BundleTerms } from './bundle.ts';
import type { JointInstance } from './instance.ts';

/** Time per order: its pairs times its replicas. */
export class PracticalBundles implements Bundles {
  readonly units: Int32Array;
  readonly #instance: JointInstance;
  /** Least cost of exactly k replicas from the pairs so far, and with the next pair. */
  #cost: Float64Array;
  #next: Float64Array;
  /** `pair * (need + 1) + k`: units taken from the pair. */
  #taken: Int32Array;
  readonly #queue: Int32Array;

  constructor(instance: JointInstance) {
    this.#instance = instance;
    let pairs = 1;
    let need = 1;
    let cells = 1;
    for (let i = 0; i < instance.orders; i++) {
      const own = instance.first[i + 1]! - instance.first[i]!;
      pairs = Math.max(pairs, own);
      need = Math.max(need, instance.need[i]!);
      cells = Math.max(cells, own * (instance.need[i]! + 1));
    }
    this.units = new Int32Array(pairs);
    this.#cost = new Float64Array(need + 1);
    this.#next = new Float64Array(need + 1);
    this.#taken = new Int32Array(cells);
    this.#queue = new Int32Array(need + 1);
  }

  cheapest(order: number, terms: BundleTerms): number {
    const { first, most, unitCost, fixedCost, need, least, penalty } = this.#instance;
    const { surcharge, share, limit, perLessor } = terms;
    const from = first[order]!;
    const pairs = first[order + 1]! - from;
    const wanted = need[order]!;
    const perMissing = penalty[order]! / wanted;
    this.#cost[0] = 0;
    this.#cost.fill(Number.POSITIVE_INFINITY, 1, wanted + 1);
    this.#next.fill(Number.POSITIVE_INFINITY, 1, wanted + 1);
    let reach = 0;
    for (let p = 0; p < pairs; p++) {
      const e = from + p;
      const units = Math.min(limit ? limit[p]! : most[e]!, wanted);
      const each = share === 0 ? unitCost[e]! : unitCost[e]! + share * surcharge[e]!;
      const fixed = fixedCost[e]! + perLessor;
      const row = p * (wanted + 1);
      if (units <= 0 || each + fixed > penalty[order]!) {
        this.#taken.fill(0, row, row + wanted + 1);
        continue;
      }
      reach = Math.min(wanted, reach + units);
      this.#add(row, reach, units, each, fixed);
    }
    let best = 0;
    let value = penalty[order]!;
    for (let k = least[order]!; k <= reach; k++) {
      const cost = this.#cost[k]! + perMissing * (wanted - k);
      if (cost < value) {
        value = cost;
        best = k;
      }
    }
    for (let p = pairs - 1; p >= 0; p--) {
      const units = best === 0 ? 0 : this.#taken[p * (wanted + 1) + best]!;
      this.units[p] = units;
      best -= units;
    }
    return value;
  }

  /** The least total over 1..units of this pair, by a sliding minimum of `cost[m] - each * m`. */
  #add(row: number, reach: number, units: number, each: number, fixed: number): void {
    const cost = this.#cost;
    const next = this.#next;
    const taken = this.#taken;
    const queue = this.#queue;
    next[0] = 0;
    taken[row] = 0;
    if (units === 1) {
      const one = each + fixed;
      for (let k = 1; k <= reach; k++) {
        const with1 = cost[k - 1]! + one;
        const isBetter = with1 < cost[k]!;
        next[k] = isBetter ? with1 : cost[k]!;
        taken[row + k] = isBetter ? 1 : 0;
      }
    } else {
      let head = 0;
      let tail = 0;
      for (let k = 1; k <= reach; k++) {
        const entering = cost[k - 1]! - each * (k - 1);
        while (tail > head && cost[queue[tail - 1]!]! - each * queue[tail - 1]! >= entering) tail--;
        queue[tail++] = k - 1;
        if (queue[head]! < k - units) head++;
        const from = queue[head]!;
        const with1 = cost[from]! + each * (k - from) + fixed;
        const isBetter = with1 < cost[k]!;
        next[k] = isBetter ? with1 : cost[k]!;
        taken[row + k] = isBetter ? k - from : 0;
      }
    }
    this.#cost = next;
    this.#next = cost;
  }
}
