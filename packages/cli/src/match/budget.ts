/** Turns the limits of the command line into the budget of a search; here the clock is read. */
import type { SolveBudget } from '@sparegrid/core/joint/budget';
import type { SolveLimits } from './answer.ts';

/** The time starts now, or earlier: on the clock of `performance`. */
export function budgetOf(
  { seed, iterations, seconds }: SolveLimits,
  startMs = performance.now(),
): SolveBudget {
  const budget: SolveBudget = { seed };
  if (iterations !== null) budget.iterations = iterations;
  if (seconds === null) return budget;
  const lengthMs = seconds * 1_000;
  const timeShare = () => Math.min(1, (performance.now() - startMs) / lengthMs);
  return { ...budget, timeShare, timeIsUp: () => timeShare() >= 1 };
}
