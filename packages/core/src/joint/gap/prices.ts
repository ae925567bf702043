/** Prices of the agents' capacities: relaxes the capacities, one multiplier per agent. */
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

export interface CapacityPrices {
  /** Per agent, cost per unit of weight. */
  readonly price: Float64Array;
  /** The sum over jobs of the cheapest `cost + price * weight`, less `price * capacity`. */
  readonly bound: number;
}

const ROUNDS = 20_000;
const WORK_MOST = 4e8;
const FAILURES_MOST = 30;

/** Subgradient steps towards a level above the best bound; the level comes down on failures. */
export function capacityPrices(
  instance: GapInstance,
  rows: JobRows,
  timeIsUp: () => boolean,
): CapacityPrices {
  const { agents, jobs, capacity } = instance;
  const rounds = Math.min(ROUNDS, Math.ceil(WORK_MOST / (agents * jobs)));
  const price = new Float64Array(agents);
  const best = new Float64Array(agents);
  const load = new Float64Array(agents);
  const direction = new Float64Array(agents);
  let bestBound = boundOf(instance, rows, price, load);
  let lift = 0.1 * Math.abs(bestBound) + 1;
  const liftLeast = 1e-5 * lift;
  let failures = 0;
  for (let round = 0; round < rounds && lift > liftLeast && !timeIsUp(); round++) {
    const bound = boundOf(instance, rows, price, load);
    if (bound > bestBound + 0.01 * lift) failures = 0;
    else failures++;
    if (bound > bestBound) {
      bestBound = bound;
      best.set(price);
    }
    if (failures > FAILURES_MOST) {
      failures = 0;
      lift *= 0.75;
    }
    step(price, direction, load, capacity, bestBound + lift - bound);
  }
  return { price: best, bound: bestBound };
}

function boundOf(
  { agents, jobs, capacity }: GapInstance,
  rows: JobRows,
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
      const full = rows.cost[at + j]! + price[j]! * rows.weight[at + j]!;
      if (full < least) {
        least = full;
        chosen = j;
      }
    }
    bound += least;
    load[chosen]! += rows.weight[at + chosen]!;
  }
  for (let j = 0; j < agents; j++) bound -= price[j]! * capacity[j]!;
  return bound;
}

function step(
  price: Float64Array,
  direction: Float64Array,
  load: Float64Array,
  capacity: Int32Array,
  length: number,
): void {
  let norm = 0;
  for (let j = 0; j < price.length; j++) {
    const excess = load[j]! - capacity[j]!;
    const idle = excess < 0 && price[j]! === 0;
    direction[j] = idle ? 0 : 0.3 * excess + 0.7 * direction[j]!;
    norm += idle ? 0 : excess * excess;
  }
  if (norm === 0) return;
  for (let j = 0; j < price.length; j++) {
    price[j] = Math.max(0, price[j]! + (length / norm) * direction[j]!);
  }
}
