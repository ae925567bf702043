/** What no assignment costs less than, with the prices that prove it. */
import type { GapInstance } from './instance.ts';
import { boundBy, jobPrices } from './job-prices.ts';
import { capacityPrices, type JobRows } from './prices.ts';

/**
 * `capacities`: `prices` per agent, cost per unit of weight; proves what {@link capacityBound} says.
 * `jobs`: `prices` per job, what the agent that takes it is paid; proves what {@link jobBound} says.
 */
export interface GapCertificate {
  readonly relaxed: 'capacities' | 'jobs';
  readonly prices: Float64Array;
  readonly bound: number;
}

/** A first bound; its prices also guide the search. Every job fits some agent. */
export function boundByCapacities(
  instance: GapInstance,
  rows: JobRows,
  timeIsUp: () => boolean,
): GapCertificate {
  const prices = capacityPrices(instance, rows, timeIsUp);
  return { relaxed: 'capacities', prices, bound: capacityBound(instance, prices) };
}

/** A better one where knapsacks allow: `first`, of the capacities, if not. `cost` is of an answer. */
export function boundByJobs(
  instance: GapInstance,
  rows: JobRows,
  first: GapCertificate,
  cost: number,
  timeIsUp: () => boolean,
): GapCertificate {
  const prices = jobPrices(instance, rows, first, cost, timeIsUp);
  if (!prices) return first;
  const bound = jobBound(instance, prices, first.prices);
  return bound > first.bound ? { relaxed: 'jobs', prices, bound } : first;
}

/**
 * What prices per unit of capacity prove, whatever they are: the sum over jobs of the least
 * `cost + price * weight`, less the sum over agents of `price * capacity`, rounded up. Prices are
 * first rounded to multiples of 2^-20, which makes every operation exact while sums are below 2^33.
 */
export function capacityBound(instance: GapInstance, prices: Float64Array): number {
  const { agents, jobs, cost, weight, capacity } = instance;
  const price = prices.map((one) => Math.max(0, Math.round(one * 1048576)) / 1048576);
  let bound = 0;
  let size = 0;
  for (let i = 0; i < jobs; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < agents; j++) {
      const at = j * jobs + i;
      if (weight[at]! <= capacity[j]!) least = Math.min(least, cost[at]! + price[j]! * weight[at]!);
    }
    bound += least;
    size += Math.abs(least);
  }
  for (let j = 0; j < agents; j++) {
    bound -= price[j]! * capacity[j]!;
    size += price[j]! * capacity[j]!;
  }
  // Larger sums lose digits, at most one unit in the last place per term.
  return Math.ceil(size < 2 ** 33 ? bound : bound - size * (agents + jobs) * 2 ** -52);
}

/**
 * What prices per job prove, whatever they are: their sum, less the most that each agent can gain
 * by jobs within its capacity, a job's gain being `price - cost`; rounded up.
 */
export function jobBound(
  instance: GapInstance,
  prices: Float64Array,
  capacityPrice: Float64Array,
): number {
  return Math.ceil(boundBy(instance, capacityPrice)(prices, new Float64Array(instance.jobs)));
}
