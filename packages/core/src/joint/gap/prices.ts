/** Prices of the agents' capacities: relaxes the capacities, one multiplier per agent. */
import { ascend } from './ascent.ts';
import type { GapInstance } from './instance.ts';

/** The instance job-major, so that one job's choices lie side by side. */
export interface JobRows {
  readonly cost: Int32Array;
  readonly weight: Int32Array;
}

export function jobRowsOf({ agents, jobs, cost, weight }: GapInstance): JobRows {
  const rows = { cost: new Int32Array(cost.length), weight: new Int32Array(cost.length) };
  for (let j = 0; j < agents; j++) {
    for (let i = 0; i < jobs; i++) {
      rows.cost[i * agents + j] = cost[j * jobs + i]!;
      rows.weight[i * agents + j] = weight[j * jobs + i]!;
    }
  }
  return rows;
}

const ROUNDS = 20_000;
const WORK_MOST = 4e8;
const FAILURES_MOST = 30;
/** How far above the first bound the first steps aim, from no prices or from those of a sample. */
const LIFT_SHARE = 0.1;
const LIFT_SHARE_AFTER_SAMPLE = 0.001;
const LIFT_LEAST = 1e-6;
/** More jobs than this are sampled first: one in so many. */
const SAMPLED_ABOVE = 300;
const SAMPLE_STEP = 4;

/** One price per agent and unit of weight. */
export function capacityPrices(
  instance: GapInstance,
  rows: JobRows,
  timeIsUp: () => boolean,
): Float64Array {
  const { agents, jobs, capacity } = instance;
  return pricesOf({ agents, jobs, ...rows, capacity }, timeIsUp);
}

function pricesOf(rows: PricedRows, timeIsUp: () => boolean): Float64Array {
  const { agents, jobs, capacity } = rows;
  const isLarge = jobs > SAMPLED_ABOVE;
  const start = isLarge ? pricesOf(sampleOf(rows), timeIsUp) : new Float64Array(agents);
  const boundAt = (price: Float64Array, growth: Float64Array): number => {
    const bound = boundOf(rows, price, growth);
    for (let j = 0; j < agents; j++) growth[j]! -= capacity[j]!;
    return bound;
  };
  const size = Math.abs(boundAt(start, new Float64Array(agents))) + 1;
  return ascend({
    start,
    priceLeast: 0,
    lift: (isLarge ? LIFT_SHARE_AFTER_SAMPLE : LIFT_SHARE) * size,
    liftLeast: LIFT_LEAST * size,
    failuresMost: FAILURES_MOST,
    rounds: Math.min(ROUNDS, Math.ceil(WORK_MOST / (agents * jobs))),
    timeIsUp,
    boundAt,
  }).price;
}

/** Job-major like the rows. */
interface PricedRows extends JobRows {
  readonly agents: number;
  readonly jobs: number;
  readonly capacity: ArrayLike<number>;
}

/** Every fourth job, and a fourth of all room: nearly the same prices in a fourth of the time. */
function sampleOf({ agents, jobs, cost, weight, capacity }: PricedRows): PricedRows {
  const sampled = Math.floor(jobs / SAMPLE_STEP);
  const pick = (from: Int32Array): Int32Array => {
    const into = new Int32Array(sampled * agents);
    for (let i = 0; i < sampled; i++) {
      const at = i * SAMPLE_STEP * agents;
      into.set(from.subarray(at, at + agents), i * agents);
    }
    return into;
  };
  const room = Array.from(capacity, (one) => (one * sampled) / jobs);
  return { agents, jobs: sampled, cost: pick(cost), weight: pick(weight), capacity: room };
}

/** The sum over jobs of the cheapest `cost + price * weight`, less `price * capacity`. */
function boundOf(
  { agents, jobs, cost, weight, capacity }: PricedRows,
  price: Float64Array,
  load: Float64Array,
): number {
  load.fill(0);
  let bound = 0;
  for (let i = 0; i < jobs; i++) {
    const at = i * agents;
    let least = Number.POSITIVE_INFINITY;
    let chosen = 0;
    for (let j = 0; j < agents; j++) {
      const full = cost[at + j]! + price[j]! * weight[at + j]!;
      if (full < least) {
        least = full;
        chosen = j;
      }
    }
    bound += least;
    load[chosen]! += weight[at + chosen]!;
  }
  for (let j = 0; j < agents; j++) bound -= price[j]! * capacity[j]!;
  return bound;
}
