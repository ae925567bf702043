/** The best answer so far, and what may still be better than it. */
import { COST_SUM_MAX, RELATIVE_TOLERANCE, type SinkInstance } from './sink-instance.ts';

/** With whole costs a better answer is better by one; this much of it is left for rounding. */
const ROUNDING = 1 / 8;

/** Lessors are positions in price order; `taken` ones are full, but for `partial`. */
export interface Found {
  partial: number;
  /** Lessors before this one are full ... */
  prefix: number;
  /** ... except that these are the other way round. */
  flips: number[];
}

export class Incumbent {
  cost = Number.POSITIVE_INFINITY;
  /** Bounds at or above this one cannot lead to anything better. */
  cut = Number.POSITIVE_INFINITY;
  /** No answer costs less. */
  floor = 0;
  found: Found | null = null;
  readonly #whole: boolean;

  constructor(whole: boolean) {
    this.#whole = whole;
  }

  get isProven(): boolean {
    return this.floor >= this.cut;
  }

  /** Notes a better cost; the caller gives `found` to it, at once or before the next knapsack. */
  improve(cost: number): void {
    this.cost = cost;
    this.cut = this.#whole ? cost - 1 + ROUNDING : cost - Math.abs(cost) * RELATIVE_TOLERANCE;
  }
}

/** Whether all costs are whole numbers whose sums stay small enough for exact bounds. */
export function hasWholeCosts({ demand, capacity, unitCost, fixedCost }: SinkInstance): boolean {
  let sum = 0;
  for (let i = 0; i < capacity.length; i += 1) {
    const unit = unitCost[i] as number;
    const fixed = fixedCost[i] as number;
    if (!Number.isInteger(unit) || !Number.isInteger(fixed)) return false;
    sum += unit * Math.min(demand, capacity[i] as number) + fixed;
  }
  return sum <= COST_SUM_MAX;
}
