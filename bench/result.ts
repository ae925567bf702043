/** The one form in which benchmarks report: a value, and its ratio to a baseline of the same run. */

export interface Result {
  bench: string;
  case: string;
  metric: string;
  value: number;
  unit: string;
  /** What `ratio` divides by, with its value in this run. */
  baseline: string;
  ratio: number;
}

export type Bench = (report: (result: Result) => void, args: string[]) => Promise<void>;

export function printResult(result: Result): void {
  const rounded = { ...result, value: round(result.value), ratio: round(result.ratio) };
  process.stdout.write(`${JSON.stringify(rounded)}\n`);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** The value below which `share` (0 to 1) of the sorted samples lie. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
