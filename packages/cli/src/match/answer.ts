/** What `match` says of one file, whatever its format. */

/** One line of an answer: `replicas`, or `amount` where an order is one divisible amount. */
export interface Assigned {
  order: number | string;
  lessor: number | string;
  replicas?: number;
  amount?: number;
}

export interface Unfilled {
  order: number | string;
  code: string;
}

/**
 * `cost` is what is minimised: prices, fixed costs, and the penalties of what stays unfilled;
 * `lowerBound` is proven. Both null when there is no answer. `gap` is their distance over `cost`.
 */
export interface FileAnswer {
  file: string;
  /** `unknown`: neither an answer nor a proof that there is none within the limits; `gap` only. */
  status: 'optimal' | 'feasible' | 'infeasible' | 'unknown';
  cost: number | null;
  lowerBound: number | null;
  gap: number | null;
  /** Joint formats: the certificate's prices alone prove `lowerBound`, or HiGHS proved more. */
  boundBy?: 'prices' | 'highs';
  filled: number;
  unfilled: Unfilled[];
  /** Solving alone, without reading and writing files. */
  ms: number;
  assignment: Assigned[];
}

/** What the solvers of the formats give; the file and the time are added to it. */
export interface Solved extends Omit<FileAnswer, 'file' | 'ms' | 'gap'> {
  /** From these anyone can recompute the bound; see docs/match-formats.md. */
  certificate: () => Readonly<Record<string, unknown>>;
}

export interface SolveLimits {
  /** Of the search; equal seeds and iterations give equal answers. */
  seed: number;
  iterations: number | null;
  seconds: number | null;
  objective: 'welfare' | 'fill-first';
}

export function gapOf(cost: number | null, lowerBound: number | null): number | null {
  if (cost === null || lowerBound === null) return null;
  if (cost <= lowerBound) return 0;
  return (cost - lowerBound) / Math.abs(cost);
}

/** Sums of doubles have more digits than they mean. */
export function printedCost(cost: number): number {
  return Number(cost.toPrecision(15));
}

/** Files beside the orders that two of the formats need. */
export interface MarketFiles {
  offers?: string;
  nodes?: string;
  prices?: string;
  dir?: string;
}

export interface ReadSettings extends MarketFiles {
  /** Of drawn prices. */
  seed: number;
}
