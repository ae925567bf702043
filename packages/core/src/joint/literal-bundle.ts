/** Cheapest cover of an order's amount by whole lumps: a 0/1 covering knapsack. */
import type { Bundles, BundleTerms } from './bundle.ts';
import type { JointInstance } from './instance.ts';

/** Time per order: its pairs times its amount. */
export class LiteralBundles implements Bundles {
  readonly units: Int32Array;
  readonly #instance: JointInstance;
  /** Least cost of covering at least a. */
  readonly #cost: Float64Array;
  readonly #taken: Uint8Array;

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
    this.#taken = new Uint8Array(cells);
  }

  cheapest(order: number, terms: BundleTerms): number {
    const { first, unitCost, need, penalty, weight } = this.#instance;
    const { surcharge, share, limit, perLessor } = terms;
    const from = first[order]!;
    const pairs = first[order + 1]! - from;
    const wanted = need[order]!;
    const cost = this.#cost;
    const taken = this.#taken;
    cost[0] = 0;
    cost.fill(Number.POSITIVE_INFINITY, 1, wanted + 1);
    let reach = 0;
    for (let p = 0; p < pairs; p++) {
      const e = from + p;
      const row = p * (wanted + 1);
      const each = perLessor + unitCost[e]! + (share === 0 ? 0 : share * surcharge[e]!);
      if ((limit && limit[e] === 0) || each > penalty[order]!) {
        taken.fill(0, row, row + reach + 1);
        continue;
      }
      const lump = Math.min(weight[e]!, wanted);
      reach = Math.min(wanted, reach + lump);
      for (let a = reach; a > lump; a--) {
        const with1 = cost[a - lump]! + each;
        const isBetter = with1 < cost[a]!;
        if (isBetter) cost[a] = with1;
        taken[row + a] = isBetter ? 1 : 0;
      }
      for (let a = Math.min(lump, reach); a > 0; a--) {
        const isBetter = each < cost[a]!;
        if (isBetter) cost[a] = each;
        taken[row + a] = isBetter ? 1 : 0;
      }
    }
    const isServed = cost[wanted]! < penalty[order]!;
    let left = isServed ? wanted : 0;
    for (let p = pairs - 1; p >= 0; p--) {
      const units = left === 0 ? 0 : taken[p * (wanted + 1) + left]!;
      this.units[p] = units;
      if (units > 0) left = Math.max(0, left - Math.min(weight[from + p]!, wanted));
    }
    return isServed ? cost[wanted]! : penalty[order]!;
  }
}
