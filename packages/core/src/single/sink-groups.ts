/** Seeded instances of one order over n lessors, drawn as the published groups are described. */
import type { SinkInstance } from './sink-instance.ts';

/**
 * `uncorrelated`: capacity, unit and fixed cost are drawn for themselves. `correlated`: the cost of a
 * whole capacity is the capacity, give or take a share of `1 / beta`. `fixed-demand`: demand 100,000
 * whatever n is; shares of demand in capacity and of fixed in whole cost are stated. `small`:
 * capacities from 10 to 100, whole costs once to twice the capacity, most of it fixed.
 */
export const SINK_GROUPS = ['uncorrelated', 'correlated', 'fixed-demand', 'small'] as const;
export type SinkGroup = (typeof SINK_GROUPS)[number];

export interface SinkDraw {
  group: SinkGroup;
  lessors: number;
  seed: number;
  /** Share of all capacity that is wanted; half when left out. */
  demandShare?: number;
  /** Of `correlated`: the larger, the more equal are all lessors; 10 when left out. */
  beta?: number;
  /** Of `fixed-demand`: mean fixed cost over mean cost of all units; 0.6 when left out. */
  fixedShare?: number;
}

const FIXED_DEMAND = 100_000;
/** Unit costs have as many decimals as the published files. */
const DECIMALS = 1_000_000;

type Draw = (low: number, high: number) => number;

export function drawSink(settings: SinkDraw): SinkInstance {
  const { group, lessors, seed, demandShare = 0.5, beta = 10, fixedShare = 0.6 } = settings;
  const random = seeded(seed);
  const between: Draw = (low, high) => low + (high - low) * random();
  const whole: Draw = (low, high) => low + Math.floor(random() * (high - low + 1));
  const capacity = new Float64Array(lessors);
  const unitCost = new Float64Array(lessors);
  const fixedCost = new Float64Array(lessors);
  const scale = FIXED_DEMAND / demandShare / lessors;
  let sum = 0;
  for (let i = 0; i < lessors; i += 1) {
    const [has, unit, fixed] = (() => {
      if (group === 'uncorrelated') return [whole(1, 1_000), between(0, 10), whole(0, 1_000)];
      if (group === 'correlated')
        return split(whole, whole(100, 1_000), between(-1, 1) * (1_000 / beta));
      if (group === 'small') return smallLessor(whole(10, 100), whole, between);
      const fixed = between(0.75, 1.25) * scale * 10 * fixedShare;
      return [Math.round(between(0.75, 1.25) * scale), between(8, 12), Math.round(fixed)];
    })() as [number, number, number];
    capacity[i] = has;
    unitCost[i] = Math.round(unit * DECIMALS) / DECIMALS;
    fixedCost[i] = fixed;
    sum += has;
  }
  return { demand: Math.max(1, Math.floor(sum * demandShare)), capacity, unitCost, fixedCost };
}

/** A whole cost near the capacity, 30 to 50 % of it fixed. */
function split(whole: Draw, has: number, noise: number): [number, number, number] {
  const cost = Math.max(1, has + noise);
  const fixed = whole(Math.ceil(0.3 * cost), Math.ceil(0.5 * cost));
  return [has, Math.max(0, cost - fixed) / has, fixed];
}

function smallLessor(has: number, whole: Draw, between: Draw): [number, number, number] {
  const cost = has + whole(0, has);
  const fixed = Math.round(between(0.75, 1) * cost);
  return [has, (cost - fixed) / has, fixed];
}

/** Shares from 0 to 1: seeded, the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
