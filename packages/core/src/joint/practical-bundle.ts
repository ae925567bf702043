/** Cheapest bundle of an order for replicas: bounded lots with fixed cost, by dynamic programming. */
import type { Bundles, BundleTerms } from './bundle.ts';
import type { JointInstance } from './instance.ts';

/** Time per order: its replicas times the prices of its pairs. */
export class PracticalBundles implements Bundles {
  readonly units: Int32Array;
  readonly #instance: JointInstance;
  readonly #levels: Int32Array;
  /** Least cost of exactly k replicas from the pairs so far. */
  readonly #cost: Float64Array;
  /** `row * (need + 1) + k`: units taken from the row's pair; pairs that can give nothing have none. */
  readonly #taken: Int32Array;
  /** Cost of k units of the present pair. */
  readonly #offer: Float64Array;
  readonly #before: Float64Array;
  readonly #queue: Int32Array;
  /** The pair of each row. */
  readonly #rows: Int32Array;

  constructor(instance: JointInstance, levels: Int32Array) {
    this.#instance = instance;
    this.#levels = levels;
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
    this.#rows = new Int32Array(pairs);
    this.#cost = new Float64Array(need + 1);
    this.#taken = new Int32Array(cells);
    this.#offer = new Float64Array(need + 1);
    this.#before = new Float64Array(need + 1);
    this.#queue = new Int32Array(need + 1);
  }

  cheapest(order: number, terms: BundleTerms): number {
    const { first, most, unitCost, fixedCost, need, least, penalty } = this.#instance;
    const { surcharge, share, limit, perLessor } = terms;
    const from = first[order]!;
    const pairs = first[order + 1]! - from;
    const wanted = need[order]!;
    const worst = penalty[order]!;
    const cost = this.#cost;
    const taken = this.#taken;
    const offer = this.#offer;
    const levels = this.#levels;
    const width = wanted + 1;
    cost[0] = 0;
    for (let k = 1; k < width; k++) cost[k] = Number.POSITIVE_INFINITY;
    this.units.fill(0, 0, pairs);
    if (limit && !reaches(limit, from, from + pairs, least[order]!)) return worst;
    const rows = this.#rows;
    let used = 0;
    let reach = 0;
    for (let p = 0; p < pairs; p++) {
      const e = from + p;
      if (limit && limit[e] === 0) continue;
      const each = unitCost[e]!;
      const row = used * width;
      const level = levels[e]!;
      const priced = levels[e + 1]! - level;
      let units = limit ? limit[e]! : most[e]!;
      if (units > wanted) units = wanted;
      let sum = fixedCost[e]! + perLessor;
      if (priced < most[e]! && units > 1) {
        const unit = share === 0 ? each : each + share * surcharge[level]!;
        if (sum + unit > worst) units = 0;
        rows[used++] = p;
        reach = Math.min(wanted, reach + units);
        this.#addMany(row, reach, units, unit, sum);
        continue;
      }
      // What costs more than leaving the order is never taken.
      let usable = 0;
      while (usable < units) {
        sum += share === 0 ? each : each + share * surcharge[level + usable]!;
        if (sum > worst) break;
        offer[++usable] = sum;
      }
      if (usable === 0) continue;
      rows[used++] = p;
      reach = Math.min(wanted, reach + usable);
      taken[row] = 0;
      for (let k = reach; k > 0; k--) {
        let best = cost[k]!;
        let chosen = 0;
        const end = usable < k ? usable : k;
        for (let u = 1; u <= end; u++) {
          const with1 = cost[k - u]! + offer[u]!;
          if (with1 < best) {
            best = with1;
            chosen = u;
          }
        }
        cost[k] = best;
        taken[row + k] = chosen;
      }
    }
    const perMissing = worst / wanted;
    let best = 0;
    let value = worst;
    for (let k = least[order]!; k <= reach; k++) {
      const total = cost[k]! + perMissing * (wanted - k);
      if (total < value) {
        value = total;
        best = k;
      }
    }
    for (let r = used - 1; r >= 0 && best > 0; r--) {
      const units = taken[r * width + best]!;
      this.units[rows[r]!] = units;
      best -= units;
    }
    return value;
  }

  /** Many units at one price: a sliding minimum of `before[m] - each * m` over 1..units of them. */
  #addMany(row: number, reach: number, units: number, each: number, fixed: number): void {
    const cost = this.#cost;
    const before = this.#before;
    const taken = this.#taken;
    const queue = this.#queue;
    for (let k = 0; k <= reach; k++) before[k] = cost[k]!;
    taken[row] = 0;
    let head = 0;
    let tail = 0;
    for (let k = 1; k <= reach; k++) {
      const entering = before[k - 1]! - each * (k - 1);
      while (tail > head && before[queue[tail - 1]!]! - each * queue[tail - 1]! >= entering) tail--;
      queue[tail++] = k - 1;
      if (queue[head]! < k - units) head++;
      const from = queue[head]!;
      const with1 = before[from]! + each * (k - from) + fixed;
      const isBetter = units > 0 && with1 < before[k]!;
      if (isBetter) cost[k] = with1;
      taken[row + k] = isBetter ? k - from : 0;
    }
  }
}

/** Whether the limits of these pairs add up to so many units. */
function reaches(limit: Int32Array, from: number, end: number, least: number): boolean {
  let units = 0;
  for (let e = from; e < end && units < least; e++) units += limit[e]!;
  return units >= least;
}
