/** Two ways to do a thing, timed in turns: what the machine does besides falls on both. */
import { quantile } from './result.ts';

/** At one quantile, in milliseconds. */
export interface Quantile {
  share: number;
  value: number;
  /** Of the baseline. */
  other: number;
}

/**
 * The first of each is not counted: caches are filled.
 *
 * @param ours  does it once and tells how long it took, in milliseconds; so does `baseline`.
 * @returns the median, and what nine in ten do not exceed.
 */
export async function inTurns(
  runs: number,
  baseline: () => Promise<number>,
  ours: () => Promise<number>,
): Promise<Quantile[]> {
  await baseline();
  await ours();
  const others: number[] = [];
  const samples: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    others.push(await baseline());
    samples.push(await ours());
  }
  return [0.5, 0.9].map((share) => ({
    share,
    value: quantile(samples, share),
    other: quantile(others, share),
  }));
}
