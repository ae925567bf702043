/** Seeded instances of the published types a to e of the generalised assignment problem. */
import { SeededRandom } from '../budget.ts';
import type { GapInstance, GapType } from './instance.ts';

/**
 * Types a, b, c: weights U[5,25], costs U[10,50] (a is loose, b and c are tight); d: weights
 * U[1,100], costs falling with the weight; e: weights 1 - 10 ln U, costs near 1000 / weight.
 */
export function generateGap(options: {
  type: GapType;
  agents: number;
  jobs: number;
  seed: number;
}): GapInstance {
  const { type, agents, jobs } = options;
  const random = new SeededRandom(options.seed);
  const uniform = (low: number, high: number): number => low + random.below(high - low + 1);
  const cost = new Int32Array(agents * jobs);
  const weight = new Int32Array(agents * jobs);
  for (let e = 0; e < agents * jobs; e++) {
    if (type === 'd') {
      weight[e] = uniform(1, 100);
      cost[e] = 111 - weight[e]! + uniform(-10, 10);
    } else if (type === 'e') {
      const exact = 1 - 10 * Math.log(1 - random.share());
      weight[e] = Math.max(1, Math.round(exact));
      cost[e] = Math.max(0, Math.round(1000 / exact - 10 * random.share()));
    } else {
      weight[e] = uniform(5, 25);
      cost[e] = uniform(10, 50);
    }
  }
  return { agents, jobs, cost, weight, capacity: capacities(options, cost, weight) };
}

function capacities(
  { type, agents, jobs }: { type: GapType; agents: number; jobs: number },
  cost: Int32Array,
  weight: Int32Array,
): Int32Array {
  const capacity = new Int32Array(agents);
  for (let j = 0; j < agents; j++) {
    let sum = 0;
    for (let i = 0; i < jobs; i++) sum += weight[j * jobs + i]!;
    capacity[j] = Math.floor((0.8 * sum) / agents);
  }
  if (type !== 'a' && type !== 'b') return capacity;
  // Published: 0.6 (n/m) 15 + 0.4 R, with R the largest load when every job takes its cheapest agent.
  const load = new Int32Array(agents);
  for (let i = 0; i < jobs; i++) {
    let best = 0;
    for (let j = 1; j < agents; j++) if (cost[j * jobs + i]! < cost[best * jobs + i]!) best = j;
    load[best]! += weight[best * jobs + i]!;
  }
  const loose = Math.floor(9 * (jobs / agents) + 0.4 * Math.max(...load));
  return capacity.fill(type === 'a' ? loose : Math.floor(0.7 * loose));
}
