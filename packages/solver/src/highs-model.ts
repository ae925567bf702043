/** The joint programme as a mixed-integer model for HiGHS, and its answers back as units. */
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { ModelData } from 'highs';

export interface HighsModel {
  readonly data: ModelData;
  /** Values of all columns that say the same as these units. */
  valuesOf(units: Int32Array): Float64Array;
  /** Rounded; an order whose terms the values do not keep gets nothing. Capacity is not looked at. */
  unitsOf(values: Float64Array): Int32Array;
}

/**
 * Per pair `units`, and `used` where a fixed cost or a limit of lessors asks for it; per order `missing`
 * (practical and divisible) and `none`. As in the programme's definition:
 * - practical: sum units + missing = need, and none or at least `least`; atomic orders have
 *   sum units + need * none = need; units <= most * used;
 * - literal: sum min(weight, need) units + need * none >= need: a lump counts at most for what is
 *   needed, which cuts off no answer but much of the relaxation.
 */
export function highsModel(instance: JointInstance): HighsModel {
  return new ModelBuilder(instance).model();
}

class ModelBuilder {
  readonly #instance: JointInstance;
  readonly #cost: number[] = [];
  readonly #upper: number[] = [];
  readonly #starts: number[] = [0];
  readonly #indices: number[] = [];
  readonly #values: number[] = [];
  readonly #rowLower: number[] = [];
  readonly #rowUpper: number[] = [];
  /** Per pair: its columns, -1 where it has none. */
  readonly #unit: Int32Array;
  readonly #used: Int32Array;
  /** Per order. */
  readonly #missing: Int32Array;
  readonly #none: Int32Array;

  constructor(instance: JointInstance) {
    this.#instance = instance;
    this.#unit = new Int32Array(instance.lessor.length).fill(-1);
    this.#used = new Int32Array(instance.lessor.length).fill(-1);
    this.#missing = new Int32Array(instance.orders).fill(-1);
    this.#none = new Int32Array(instance.orders).fill(-1);
  }

  model(): HighsModel {
    const { orders, form } = this.#instance;
    for (let i = 0; i < orders; i++) this.#addColumns(i);
    for (let i = 0; i < orders; i++) {
      if (form === 'literal') this.#addCover(i);
      else this.#addCount(i);
      this.#addTerms(i);
    }
    this.#addCapacities();
    const numCols = this.#cost.length;
    const numRows = this.#rowLower.length;
    const data: ModelData = {
      numCols,
      numRows,
      colCost: Float64Array.from(this.#cost),
      colLower: new Float64Array(numCols),
      colUpper: Float64Array.from(this.#upper),
      rowLower: Float64Array.from(this.#rowLower),
      rowUpper: Float64Array.from(this.#rowUpper),
      integrality: new Int32Array(numCols).fill(1),
      matrix: {
        format: 'csr',
        numRows,
        numCols,
        starts: Int32Array.from(this.#starts),
        indices: Int32Array.from(this.#indices),
        values: Float64Array.from(this.#values),
      },
    };
    return {
      data,
      valuesOf: (units) => this.#valuesOf(units),
      unitsOf: (values) => this.#unitsOf(values),
    };
  }

  #addColumns(order: number): void {
    const { first, most, need, least, penalty, unitCost, fixedCost, form } = this.#instance;
    const wanted = need[order]!;
    const isNarrow = this.#isNarrow(order);
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      if (most[e] === 0) continue;
      const isOne = most[e] === 1;
      this.#unit[e] = this.#column(unitCost[e]! + (isOne ? fixedCost[e]! : 0), most[e]!);
      if (isOne) this.#used[e] = this.#unit[e]!;
      else if (fixedCost[e]! > 0 || isNarrow) this.#used[e] = this.#column(fixedCost[e]!, 1);
    }
    if (form === 'literal' || least[order] === wanted) {
      this.#none[order] = this.#column(penalty[order]!, 1);
      return;
    }
    this.#missing[order] = this.#column(penalty[order]! / wanted, wanted);
    if (least[order]! > 1) this.#none[order] = this.#column(0, 1);
  }

  /** Whether the limit of lessors can bind. */
  #isNarrow(order: number): boolean {
    const { first, need, lessorsMost } = this.#instance;
    return lessorsMost[order]! < Math.min(first[order + 1]! - first[order]!, need[order]!);
  }

  #addCover(order: number): void {
    const { first, need, weight } = this.#instance;
    const wanted = need[order]!;
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      this.#entry(this.#unit[e]!, Math.min(weight[e]!, wanted));
    }
    this.#entry(this.#none[order]!, wanted);
    this.#endRow(wanted, Number.POSITIVE_INFINITY);
  }

  #addCount(order: number): void {
    const { first, need, least, most } = this.#instance;
    const wanted = need[order]!;
    const [missing, none] = [this.#missing[order]!, this.#none[order]!];
    for (let e = first[order]!; e < first[order + 1]!; e++) this.#entry(this.#unit[e]!, 1);
    this.#entry(missing, 1);
    if (missing < 0) this.#entry(none, wanted);
    this.#endRow(wanted, wanted);
    if (missing >= 0 && none >= 0) {
      this.#entry(missing, 1);
      this.#entry(none, -wanted);
      this.#endRow(0, Number.POSITIVE_INFINITY);
      this.#entry(missing, 1);
      this.#entry(none, -least[order]!);
      this.#endRow(Number.NEGATIVE_INFINITY, wanted - least[order]!);
    }
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      const used = this.#used[e]!;
      if (used < 0 || used === this.#unit[e]) continue;
      this.#entry(this.#unit[e]!, 1);
      this.#entry(used, -most[e]!);
      this.#endRow(Number.NEGATIVE_INFINITY, 0);
    }
  }

  /** Limit of lessors, and budget. */
  #addTerms(order: number): void {
    const { first, budget, lessorsMost, unitCost, fixedCost } = this.#instance;
    if (this.#isNarrow(order)) {
      for (let e = first[order]!; e < first[order + 1]!; e++) this.#entry(this.#used[e]!, 1);
      this.#endRow(Number.NEGATIVE_INFINITY, lessorsMost[order]!);
    }
    if (budget[order] === Number.POSITIVE_INFINITY) return;
    for (let e = first[order]!; e < first[order + 1]!; e++) {
      const [unit, used] = [this.#unit[e]!, this.#used[e]!];
      this.#entry(unit, unitCost[e]! + (unit === used ? fixedCost[e]! : 0));
      if (used !== unit && fixedCost[e]! > 0) this.#entry(used, fixedCost[e]!);
    }
    this.#endRow(Number.NEGATIVE_INFINITY, budget[order]!);
  }

  /** Rows that all pairs together cannot fill are left out. */
  #addCapacities(): void {
    const { orders, lessors, dimensions, first, lessor, most, capacity } = this.#instance;
    const pairsAt: [order: number, pair: number][][] = Array.from({ length: lessors }, () => []);
    for (let i = 0; i < orders; i++) {
      for (let e = first[i]!; e < first[i + 1]!; e++) {
        if (most[e]! > 0) pairsAt[lessor[e]!]!.push([i, e]);
      }
    }
    for (let j = 0; j < lessors; j++) {
      for (let d = 0; d < dimensions; d++) {
        const has = capacity[j * dimensions + d]!;
        let all = 0;
        for (const [i, e] of pairsAt[j]!) all += most[e]! * this.#use(i, e, d);
        if (all <= has) continue;
        for (const [i, e] of pairsAt[j]!) this.#entry(this.#unit[e]!, this.#use(i, e, d));
        this.#endRow(Number.NEGATIVE_INFINITY, has);
      }
    }
  }

  #use(order: number, pair: number, dimension: number): number {
    const { form, weight, request, dimensions } = this.#instance;
    return form === 'literal' ? weight[pair]! : request[order * dimensions + dimension]!;
  }

  #column(cost: number, upper: number): number {
    this.#upper.push(upper);
    return this.#cost.push(cost) - 1;
  }

  /** A coefficient of the row under way; columns that are not there are left out. */
  #entry(column: number, value: number): void {
    if (column < 0 || value === 0) return;
    this.#indices.push(column);
    this.#values.push(value);
  }

  #endRow(lower: number, upper: number): void {
    this.#rowLower.push(lower);
    this.#rowUpper.push(upper);
    this.#starts.push(this.#indices.length);
  }

  #valuesOf(units: Int32Array): Float64Array {
    const { orders, first, need } = this.#instance;
    const values = new Float64Array(this.#cost.length);
    for (let i = 0; i < orders; i++) {
      let served = 0;
      for (let e = first[i]!; e < first[i + 1]!; e++) {
        if (units[e] === 0) continue;
        served += units[e]!;
        if (this.#used[e]! >= 0) values[this.#used[e]!] = 1;
        values[this.#unit[e]!] = units[e]!;
      }
      if (this.#missing[i]! >= 0) values[this.#missing[i]!] = need[i]! - served;
      if (this.#none[i]! >= 0 && served === 0) values[this.#none[i]!] = 1;
    }
    return values;
  }

  #unitsOf(values: Float64Array): Int32Array {
    const { orders, first, form, need, least, weight } = this.#instance;
    const units = new Int32Array(this.#unit.length);
    for (let i = 0; i < orders; i++) {
      let served = 0;
      for (let e = first[i]!; e < first[i + 1]!; e++) {
        if (this.#unit[e]! < 0) continue;
        units[e] = Math.round(values[this.#unit[e]!]!);
        served += units[e]! * (form === 'literal' ? weight[e]! : 1);
      }
      const isServed =
        form === 'literal' ? served >= need[i]! : served >= least[i]! && served <= need[i]!;
      if (!isServed) units.fill(0, first[i]!, first[i + 1]!);
    }
    return units;
  }
}
