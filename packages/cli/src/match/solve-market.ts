/** Solves a market jointly, puts the answer into lots and devices, and bounds it from below. */
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { JointSolver } from '@sparegrid/solver/joint-solver';
import type { Solved, SolveLimits } from './answer.ts';
import { type Market, suitableLots } from './market.ts';
import { marketBound } from './market-bound.ts';
import { instanceOf } from './market-instance.ts';
import { placeMarket, type Wanted } from './market-placing.ts';
import { wishesOf } from './market-wishes.ts';
import { optionsOf } from './solve-joint-file.ts';

/** The rest of the time is for laying the answer out in lots and devices. */
const SEARCH_SHARE = 0.9;

/**
 * Costs are those of `welfare` whatever the objective and the priorities: prices, and limit prices
 * of what is left out. The joint programme sees the devices of a lot as one sum; what of its answer
 * does not fit into single devices goes to the most wanted lots that are left.
 */
export async function solveMarket(
  market: Market,
  limits: SolveLimits,
  solver: JointSolver,
): Promise<Solved> {
  const { seconds, objective } = limits;
  const startMs = performance.now();
  const suitable = suitableLots(market);
  const wishes = wishesOf(market, suitable);
  const { instance, complete } = instanceOf(market, wishes);
  const leftSeconds = seconds === null ? null : searchSeconds(seconds, startMs);
  const result = await solver.solve(instance, optionsOf({ ...limits, seconds: leftSeconds }));
  const joint = placeMarket(market, suitable, wishes, wantedOf(instance, result.units));
  const alone = placeMarket(market, suitable, wishes, []);
  const isBetter =
    objective === 'fill-first' ? alone.filled > joint.filled : alone.wish < joint.wish;
  const { cost, filled, unfilled, assignment } = isBetter ? alone : joint;
  const { lessorPrices } = result.certificate;
  const bounds = [null, lessorPrices].map((price) => marketBound(instance, suitable, price));
  const bound = Math.ceil(Math.max(...bounds) * (1 - 1e-12) - 1e-6);
  const isMoney = market.orders.every(({ order }) => order.priority.kind === 'price');
  const ownBound = complete && isMoney && objective === 'welfare' ? result.lowerBound : 0;
  const lowerBound = Math.min(cost, Math.max(0, bound, ownBound));
  const boundBy =
    ownBound > 0 && lowerBound > Math.max(bound, result.boundByPrices) ? 'highs' : 'prices';
  const status = cost <= lowerBound ? 'optimal' : 'feasible';
  const certificate = () => ({ bound, lessorPrices: Array.from(lessorPrices) });
  return { status, cost, lowerBound, boundBy, filled, unfilled, assignment, certificate };
}

/** What is left for the search of the time that began at `startMs`. */
function searchSeconds(seconds: number, startMs: number): number {
  const passed = (performance.now() - startMs) / 1_000;
  return Math.max(0.001, SEARCH_SHARE * seconds - passed);
}

function wantedOf({ orders, first, lessor }: JointInstance, units: Int32Array): Wanted[] {
  const wanted: Wanted[] = [];
  for (let order = 0; order < orders; order += 1) {
    for (let e = first[order] as number; e < (first[order + 1] as number); e += 1) {
      const replicas = units[e] as number;
      if (replicas > 0) wanted.push({ order, lot: lessor[e] as number, replicas });
    }
  }
  return wanted;
}
