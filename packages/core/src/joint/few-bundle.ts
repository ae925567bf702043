/** Cheapest bundle of an order within its own terms: its budget and its limit of lessors. */
import type { BundleTerms } from './bundle.ts';
import type { JointInstance } from './instance.ts';

/** Steps that one order may take; above, its terms are kept by rougher means. */
const STEPS_MOST = 1 << 20;

/**
 * One table of least cost for each number of pairs used, each improved from the one before. Exact at
 * given prices where only lessors are limited, and without prices where the budget binds as well.
 * Time per order: its amount times the units of its pairs times its limit of lessors.
 */
export class FewBundles {
  readonly #instance: JointInstance;
  readonly #levels: Int32Array;
  /** `layer * (need + 1) + amount`. */
  #cost = new Float64Array(0);
  /** `(pair * layers + layer) * (need + 1) + amount`: units taken from the pair. */
  #taken = new Int32Array(0);
  #offer = new Float64Array(1);

  constructor(instance: JointInstance, levels: Int32Array) {
    this.#instance = instance;
    this.#levels = levels;
  }

  /** Whether the order is small enough. */
  canSolve(order: number): boolean {
    const { form, first, need, most } = this.#instance;
    const from = first[order]!;
    let units = 0;
    for (let e = from; e < first[order + 1]!; e++) units += form === 'literal' ? 1 : most[e]!;
    return (need[order]! + 1) * units * this.#layers(order) <= STEPS_MOST;
  }

  /**
   * Writes the bundle to `units`, counted from the order's first pair: all 0 when leaving the order
   * is cheaper. With `share` 0 the budget is kept, too. Returns the bundle's priced cost.
   */
  cheapest(order: number, terms: BundleTerms, units: Int32Array): number {
    const { first, need, penalty, least, form, budget } = this.#instance;
    const from = first[order]!;
    const pairs = first[order + 1]! - from;
    const wanted = need[order]!;
    const layers = this.#layers(order);
    this.#fill(order, terms, layers);
    const perMissing = penalty[order]! / wanted;
    const most = terms.share === 0 ? budget[order]! : Number.POSITIVE_INFINITY;
    const last = this.#cost.subarray(layers * (wanted + 1));
    let amount = 0;
    let value = penalty[order]!;
    for (let k = form === 'literal' ? wanted : least[order]!; k <= wanted; k++) {
      const total = last[k]! + perMissing * (wanted - k);
      if (total >= value || last[k]! > most) continue;
      value = total;
      amount = k;
    }
    for (let p = pairs - 1, l = layers; p >= 0; p--) {
      const taken = amount === 0 ? 0 : this.#taken[(p * (layers + 1) + l) * (wanted + 1) + amount]!;
      units[p] = taken;
      if (taken === 0) continue;
      amount = Math.max(0, amount - taken * this.#amountOf(from + p));
      l--;
    }
    return value;
  }

  #layers(order: number): number {
    const { first, lessorsMost } = this.#instance;
    return Math.min(lessorsMost[order]!, first[order + 1]! - first[order]!);
  }

  #amountOf(pair: number): number {
    const { form, weight } = this.#instance;
    return form === 'literal' ? weight[pair]! : 1;
  }

  #fill(order: number, terms: BundleTerms, layers: number): void {
    const { first, need, most } = this.#instance;
    const from = first[order]!;
    const pairs = first[order + 1]! - from;
    const wanted = need[order]!;
    const width = wanted + 1;
    const cells = (layers + 1) * width;
    if (this.#cost.length < cells) this.#cost = new Float64Array(cells);
    if (this.#taken.length < pairs * cells) this.#taken = new Int32Array(pairs * cells);
    const cost = this.#cost;
    const taken = this.#taken;
    cost.fill(Number.POSITIVE_INFINITY, 0, cells);
    for (let l = 0; l <= layers; l++) cost[l * width] = 0;
    for (let p = 0; p < pairs; p++) {
      const e = from + p;
      const row = p * cells;
      const each = this.#amountOf(e);
      const units = this.#offers(e, Math.min(wanted, (terms.limit ?? most)[e]!), terms);
      const offer = this.#offer;
      taken.fill(0, row, row + cells);
      // From the last layer down, so that each pair is used once.
      for (let l = layers; l > 0; l--) {
        const to = l * width;
        const before = to - width;
        for (let k = wanted; k > 0; k--) {
          // What covers more than the order needs comes only from whole lumps.
          for (let u = 1; u <= units; u++) {
            const rest = k - u * each;
            if (rest < 0 && this.#instance.form === 'practical') break;
            const with1 = cost[before + (rest > 0 ? rest : 0)]! + offer[u]!;
            if (with1 >= cost[to + k]!) continue;
            cost[to + k] = with1;
            taken[row + to + k] = u;
          }
        }
      }
    }
  }

  /** Priced cost of 1 to `units` units of a pair; returns for how many of them. */
  #offers(e: number, units: number, { surcharge, share, perLessor }: BundleTerms): number {
    const { unitCost, fixedCost } = this.#instance;
    if (this.#offer.length <= units) this.#offer = new Float64Array(units + 1);
    const level = this.#levels[e]!;
    const last = this.#levels[e + 1]! - 1;
    let sum = fixedCost[e]! + perLessor;
    for (let u = 1; u <= units; u++) {
      sum += unitCost[e]!;
      if (share !== 0) sum += share * surcharge[Math.min(last, level + u - 1)]!;
      this.#offer[u] = sum;
    }
    return units;
  }
}
