/** An answer of the solver: as the core gives it, with what proves its bound. */
import { checkAnswer } from '@sparegrid/core/joint/checker';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { JointResult } from '@sparegrid/core/joint/solve';
import { costOfOrder, servedOf } from './cost.ts';

export interface SolverResult extends JointResult {
  /** What proves `lowerBound`: the certificate's prices, or beyond them HiGHS. */
  readonly boundBy: 'prices' | 'highs';
  /** What the certificate alone proves. */
  readonly boundByPrices: number;
}

/**
 * The search's result with other units or a higher bound. Why an order is unfilled does not depend
 * on the answer, except that the others took the room.
 *
 * @throws when the checker finds a fault: that is never given out as an answer
 */
export function withBetter(
  instance: JointInstance,
  found: JointResult,
  units: Int32Array,
  bound: number,
): SolverResult {
  const reasons = new Map(found.unfilled.map((one) => [one.order, one]));
  const unfilled: JointResult['unfilled'][number][] = [];
  let cost = 0;
  let paid = 0;
  for (let order = 0; order < instance.orders; order++) {
    const given = servedOf(instance, units, order);
    cost += costOfOrder(instance, units, order);
    paid += given.paid;
    if (given.served > 0) continue;
    unfilled.push(reasons.get(order) ?? { order, code: 'MATCH_CONTESTED' });
  }
  const lowerBound = Math.max(found.lowerBound, bound);
  const fault = checkAnswer(instance, { units, cost, lowerBound });
  if (fault) throw new Error(`broken invariant: ${fault.kind} ${fault.index}: ${fault.detail}`);
  const gap = cost === lowerBound ? 0 : (cost - lowerBound) / Math.max(1, Math.abs(cost));
  return {
    ...found,
    status: gap === 0 ? 'optimal' : 'feasible',
    units,
    cost,
    paid,
    lowerBound,
    gap,
    filled: instance.orders - unfilled.length,
    unfilled,
    boundBy: lowerBound > found.lowerBound ? 'highs' : 'prices',
    boundByPrices: found.lowerBound,
  };
}

/** The search's result as it is. */
export function asFound(result: JointResult): SolverResult {
  return { ...result, boundBy: 'prices', boundByPrices: result.lowerBound };
}
