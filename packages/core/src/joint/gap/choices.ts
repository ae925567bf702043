/** What each job may consider: its regret at every agent and the agents of least regret. */
import type { GapInstance } from './instance.ts';
import type { JobRows } from './prices.ts';

export interface Choices {
  /** Job-major: `cost + price * weight` above the job's least. */
  readonly regret: Float64Array;
  /** `jobs * width` agents, ascending by regret; agents the job can never fit are last. */
  readonly list: Int32Array;
  readonly width: number;
  /** Per agent, above zero: the worth of one unit of room. */
  readonly price: Float64Array;
}

/** A price of zero would let room be wasted and overload be free. */
const PRICE_SHARE_LEAST = 0.02;

export function choicesOf(
  instance: GapInstance,
  rows: JobRows,
  prices: Float64Array,
  width: number,
): Choices {
  const { agents, jobs, capacity } = instance;
  const regret = new Float64Array(agents * jobs);
  const list = new Int32Array(jobs * width);
  const rank = new Float64Array(agents);
  for (let i = 0; i < jobs; i++) {
    const at = i * agents;
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < agents; j++) {
      regret[at + j] = rows.cost[at + j]! + prices[j]! * rows.weight[at + j]!;
      if (rows.weight[at + j]! <= capacity[j]!) least = Math.min(least, regret[at + j]!);
    }
    for (let j = 0; j < agents; j++) {
      regret[at + j]! -= least;
      rank[j] = rows.weight[at + j]! <= capacity[j]! ? regret[at + j]! : Number.POSITIVE_INFINITY;
    }
    pickLeast(rank, list.subarray(i * width, (i + 1) * width));
  }
  return { regret, list, width, price: priceFloor(rows, prices) };
}

/** Fills the list with the agents of least rank, ascending. */
function pickLeast(rank: Float64Array, list: Int32Array): void {
  for (let j = 0; j < rank.length; j++) {
    let k = Math.min(j, list.length);
    if (k === list.length && rank[list[k - 1]!]! <= rank[j]!) continue;
    if (k === list.length) k--;
    for (; k > 0 && rank[list[k - 1]!]! > rank[j]!; k--) list[k] = list[k - 1]!;
    list[k] = j;
  }
}

function priceFloor(rows: JobRows, prices: Float64Array): Float64Array {
  let cost = 0;
  let weight = 0;
  for (let e = 0; e < rows.cost.length; e++) {
    cost += Math.abs(rows.cost[e]!);
    weight += rows.weight[e]!;
  }
  const least = (PRICE_SHARE_LEAST * Math.max(1, cost)) / Math.max(1, weight);
  return prices.map((price) => Math.max(price, least));
}
