/** Seeded instances of one order over n lessors, drawn as the published groups are described. */
import type { SinkInstance } from './sink-instance.ts';

/**
 * `uncorrelated`: everything is drawn for itself. `correlated`: the cost of a whole capacity is near
 * a common rate, so that all lessors are about equally good. `fixed-demand`: demand and the weight
 * of fixed costs are stated, the rest is drawn. `small`: correlated with small capacities.
 */
export const SINK_GROUPS = ['uncorrelated', 'correlated', 'fixed-demand', 'small'] as const;
export type SinkGroup = (typeof SINK_GROUPS)[number];

export interface SinkDraw {
  group: SinkGroup;
  lessors: number;
  seed: number;
  /** Sum of capacities over demand; 10 when left out. */
  capacityRatio?: number;
  /** How far whole costs lie around the common rate, at most; 10 when left out. */
  spread?: number;
}

export function drawSink(settings: SinkDraw): SinkInstance {
  const { group, lessors, seed, capacityRatio = 10, spread = 10 } = settings;
  const between = drawer(seed);
  const capacity = new Float64Array(lessors);
  const unitCost = new Float64Array(lessors);
  const fixedCost = new Float64Array(lessors);
  let sum = 0;
  for (let i = 0; i < lessors; i += 1) {
    const has = group === 'small' ? between(5, 20) : between(20, 300);
    const unit = between(group === 'uncorrelated' ? 16 : 5, group === 'uncorrelated' ? 64 : 25);
    capacity[i] = has;
    unitCost[i] = unit;
    if (group === 'uncorrelated') fixedCost[i] = between(200, 5_000);
    else if (group === 'fixed-demand') fixedCost[i] = between(1, 60 * has);
    else fixedCost[i] = Math.max(0, 30 * has - unit * has + between(-spread, spread));
    sum += has;
  }
  return { demand: Math.max(1, Math.floor(sum / capacityRatio)), capacity, unitCost, fixedCost };
}

/** A whole number from `low` to `high`: small, seeded, the same everywhere. */
function drawer(seed: number): (low: number, high: number) => number {
  let state = seed >>> 0;
  return (low, high) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const share = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return low + Math.floor(share * (high - low + 1));
  };
}
