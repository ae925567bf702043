/** Solves a generalised assignment of a file; the answer is checked against the file's numbers. */
import type { GapInstance } from '@sparegrid/core/joint/gap/instance';
import { solveGap } from '@sparegrid/core/joint/gap/solve';
import type { Solved, SolveLimits } from './answer.ts';
import { budgetOf } from './budget.ts';

/** `startMs`: when reading it began, on the clock of `performance`; now when left out. */
export function solveGapFile(instance: GapInstance, limits: SolveLimits, startMs?: number): Solved {
  const solved = solveGap(instance, budgetOf(limits, startMs));
  const { status, assignment, cost, lowerBound } = solved;
  const certificate = () => {
    if (!solved.certificate) return { bound: null };
    const { relaxed, bound, prices } = solved.certificate;
    return { relaxed, bound, prices: Array.from(prices) };
  };
  if (status === 'infeasible' || status === 'unknown') {
    const unfilled = Array.from({ length: instance.jobs }, (_, order) => ({
      order,
      code: 'MATCH_RESOURCES',
    }));
    const bound = status === 'unknown' ? lowerBound : null;
    const none = { cost: null, lowerBound: bound, filled: 0, assignment: [] };
    return { status, ...none, unfilled, certificate };
  }
  const flaw = gapFlaw(instance, assignment, cost);
  if (flaw) throw new Error(`broken invariant: the answer does not hold: ${flaw}`);
  const assigned = Array.from(assignment, (lessor, order) => ({ order, lessor, replicas: 1 }));
  const filled = instance.jobs;
  return { status, cost, lowerBound, filled, unfilled: [], assignment: assigned, certificate };
}

/** Why this is no answer of that cost; null when all is well. Shares nothing with the solver. */
export function gapFlaw(
  { agents, jobs, cost, weight, capacity }: GapInstance,
  assignment: ArrayLike<number>,
  said: number,
): string | null {
  if (assignment.length !== jobs) return `${assignment.length} of ${jobs} jobs`;
  const left = Array.from(capacity);
  let sum = 0;
  for (let job = 0; job < jobs; job += 1) {
    const agent = assignment[job] ?? -1;
    if (!Number.isInteger(agent) || agent < 0 || agent >= agents) return `job ${job} at ${agent}`;
    sum += cost[agent * jobs + job] ?? Number.NaN;
    left[agent] = (left[agent] ?? 0) - (weight[agent * jobs + job] ?? Number.NaN);
  }
  const over = left.findIndex((rest) => !(rest >= 0));
  if (over >= 0) return `agent ${over} has too little by ${-(left[over] ?? 0)}`;
  return sum === said ? null : `costs ${sum}, not ${said}`;
}
