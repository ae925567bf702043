/** Solves a market jointly, puts the answer into lots and devices, and bounds it from below. */
import type { Solved, SolveLimits } from './answer.ts';
import { type Market, suitableLots } from './market.ts';
import { marketBound } from './market-bound.ts';
import { instanceOf } from './market-instance.ts';
import { placeMarket } from './market-placing.ts';

export function solveMarket(market: Market, _limits: SolveLimits): Solved {
  const suitable = suitableLots(market);
  const { instance } = instanceOf(market, suitable);
  const { cost, filled, unfilled, assignment } = placeMarket(market, suitable, []);
  const lowerBound = Math.min(cost, Math.ceil(marketBound(instance, suitable, null) - 1e-6));
  const status = cost <= lowerBound ? 'optimal' : 'feasible';
  return { status, cost, lowerBound, filled, unfilled, assignment, certificate: {} };
}
