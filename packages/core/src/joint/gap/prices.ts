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

const ROUNDS = 300;
const FAILURES_MOST = 12;

/** Subgradient steps with averaged directions; `target` is an estimate of the optimal cost. */
export function capacityPrices(
  instance: GapInstance,
  rows: JobRows,
  target: number,
  timeIsUp: () => boolean,
): CapacityPrices {
  const { agents, capacity } = instance;
  const price = new Float64Array(agents);
  const best = new Float64Array(agents);
  const load = new Float64Array(agents);
  const direction = new Float64Array(agents);
  let bestBound = Number.NEGATIVE_INFINITY;
  let scale = 1;
  let failures = 0;
  for (let round = 0; round < ROUNDS && !timeIsUp(); round++) {
    const bound = boundOf(instance, rows, price, load);
    if (bound > bestBound) {
      if (bound < bestBound + 1e-4 * Math.abs(bestBound)) failures++;
      else failures = 0;
      bestBound = bound;
      best.set(price);
    } else failures++;
    if (failures > FAILURES_MOST) {
      failures = 0;
      scale *= 0.6;
      price.set(best);
      direction.fill(0);
      if (scale < 1e-4) break;
      boundOf(instance, rows, price, load);
    }
    step(price, direction, load, capacity, scale * Math.max(1, target - bound));
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
    direction[j] = idle ? 0 : 0.6 * excess + 0.4 * direction[j]!;
    norm += direction[j]! * direction[j]!;
  }
  if (norm === 0) return;
  for (let j = 0; j < price.length; j++) {
    price[j] = Math.max(0, price[j]! + (length / norm) * direction[j]!);
  }
}
