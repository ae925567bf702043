/** Solves one order over n lessors of a file, exactly unless the time is up. */
import { sinkFlaw } from '@sparegrid/core/single/check-sink';
import { lessorsOf, relax } from '@sparegrid/core/single/relaxation';
import { drawSink, SINK_GROUPS } from '@sparegrid/core/single/sink-groups';
import type { SinkInstance } from '@sparegrid/core/single/sink-instance';
import { solveSink } from '@sparegrid/core/single/solve-sink';
import { type Assigned, printedCost, type Solved, type SolveLimits } from './answer.ts';

/** States per iteration and second: how the two limits of the search are counted here. */
const STATES_PER_SECOND_MAX = 40_000_000;

/** Solved before the first file, so that its time is not the compiler's. */
const WARM_UPS = 12;

export function warmUpSsfctp(): void {
  for (let seed = 1; seed <= WARM_UPS; seed += 1) {
    const group = SINK_GROUPS[seed % SINK_GROUPS.length] ?? 'small';
    solveSink(drawSink({ group, lessors: 1_000, seed }));
  }
}

export function solveSsfctp(instance: SinkInstance, { iterations, seconds }: SolveLimits): Solved {
  const endMs = seconds === null ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1_000;
  const answer = solveSink(instance, {
    statesMax: iterations ?? Math.max(1, seconds ?? 1) * STATES_PER_SECOND_MAX,
    timeIsUp: () => performance.now() > endMs,
  });
  const { status, amounts } = answer;
  if (status === 'infeasible') {
    const capacity = instance.capacity.reduce((sum, one) => sum + one, 0);
    const unfilled = [{ order: 0, code: 'MATCH_COUNT' }];
    const certificate = () => ({ demand: instance.demand, capacity });
    const none = { cost: null, lowerBound: null, filled: 0, assignment: [] };
    return { status, ...none, unfilled, certificate };
  }
  const flaw = sinkFlaw(instance, amounts, answer.cost);
  if (flaw) throw new Error(`broken invariant: the answer does not hold: ${flaw}`);
  const assignment: Assigned[] = [];
  for (const [lessor, amount] of amounts.entries()) {
    if (amount > 0) assignment.push({ order: 0, lessor, amount });
  }
  const cost = printedCost(answer.cost);
  const lowerBound = status === 'optimal' ? cost : Math.min(cost, answer.lowerBound);
  const certificate = () => certificateOf(instance);
  return { status, cost, lowerBound, filled: 1, unfilled: [], assignment, certificate };
}

/** The relaxation's price of one unit: its bound is recomputed with one sum over the lessors. */
function certificateOf(instance: SinkInstance): { price: number; bound: number } {
  if (instance.demand === 0) return { price: 0, bound: 0 };
  const { price, bound } = relax(lessorsOf(instance));
  return { price, bound };
}
