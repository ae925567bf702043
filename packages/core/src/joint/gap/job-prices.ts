/** Prices of the jobs: relaxes that every job has one agent; each agent then solves a knapsack. */
import { AgentKnapsack } from './agent-knapsack.ts';
import { ascend } from './ascent.ts';
import type { GapInstance } from './instance.ts';
import { KnapsackTable } from './knapsack-table.ts';
import type { JobRows } from './prices.ts';

/** Job prices are multiples of it: sums of values are exact then. */
export const JOB_PRICE_UNIT = 2 ** -10;
/** Above it they would not be; costs this high get no job prices. */
const COST_SUM_MAX = 2 ** 40;
const ROUNDS = 4_000;
const WORK_MOST = 4e7;
const FAILURES_MOST = 10;
/** How much of the distance to an answer's cost the first steps try to bridge. */
const LIFT_SHARE = 0.25;
const LIFT_LEAST = 1e-3;

/**
 * One price per job: what the agent that takes it is paid. Starts where the capacity prices ended,
 * with at least their bound; the knapsacks lift it the more the fewer jobs an agent has.
 *
 * @param first  the capacity prices and their bound.
 * @param cost  of an answer.
 * @returns undefined when the costs are too high for exact sums.
 */
export function jobPrices(
  instance: GapInstance,
  rows: JobRows,
  first: { prices: Float64Array; bound: number },
  cost: number,
  timeIsUp: () => boolean,
): Float64Array | undefined {
  const { agents, jobs } = instance;
  const start = leastCosts(instance, rows, first.prices);
  if (!(start.reduce((sum, one) => sum + Math.abs(one), costSum(instance)) < COST_SUM_MAX)) {
    return undefined;
  }
  const { price } = ascend({
    start,
    priceLeast: Number.NEGATIVE_INFINITY,
    lift: LIFT_SHARE * (cost - first.bound) + 1,
    liftLeast: LIFT_LEAST,
    failuresMost: FAILURES_MOST,
    rounds: Math.min(ROUNDS, Math.ceil(WORK_MOST / (agents * jobs))),
    timeIsUp,
    boundAt: boundBy(instance, first.prices),
  });
  return price.map(rounded);
}

/** The bound of job prices, which it rounds; per job 1 less the number of agents that want it. */
export function boundBy(
  instance: GapInstance,
  capacityPrice: Float64Array,
): (price: Float64Array, growth: Float64Array) => number {
  const { agents, jobs, cost } = instance;
  const table = new KnapsackTable();
  const knapsacks = Array.from(capacityPrice, (price, j) => {
    return new AgentKnapsack(instance, j, price, table);
  });
  const value = new Float64Array(jobs);
  return (price, growth) => {
    let bound = 0;
    for (let i = 0; i < jobs; i++) bound += rounded(price[i]!);
    growth.fill(1);
    for (let j = 0; j < agents; j++) {
      const at = j * jobs;
      for (let i = 0; i < jobs; i++) value[i] = rounded(price[i]!) - cost[at + i]!;
      const { taken } = knapsacks[j]!;
      bound -= knapsacks[j]!.most(value);
      for (let i = 0; i < jobs; i++) growth[i]! -= taken[i]!;
    }
    return bound;
  };
}

function rounded(price: number): number {
  return Math.round(price / JOB_PRICE_UNIT) * JOB_PRICE_UNIT;
}

function costSum({ cost }: GapInstance): number {
  let sum = 0;
  for (let e = 0; e < cost.length; e++) sum += Math.abs(cost[e]!);
  return sum;
}

/** What each job costs at its cheapest agent with the price of its room. */
function leastCosts(
  { agents, jobs, capacity }: GapInstance,
  { cost, weight }: JobRows,
  price: Float64Array,
): Float64Array {
  const least = new Float64Array(jobs).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < jobs; i++) {
    for (let j = 0; j < agents; j++) {
      const at = i * agents + j;
      if (weight[at]! > capacity[j]!) continue;
      least[i] = Math.min(least[i]!, cost[at]! + price[j]! * weight[at]!);
    }
  }
  return least;
}
