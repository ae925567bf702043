/** Solves a generalised assignment: bound by capacity prices, answer by annealed chains. */
import { progressOf, SeededRandom, type SolveBudget } from '../budget.ts';
import { GapChains } from './chains.ts';
import { choicesOf } from './choices.ts';
import type { GapInstance } from './instance.ts';
import { GapLoads } from './loads.ts';
import { type CapacityPrices, capacityPrices, jobRowsOf } from './prices.ts';

export interface GapResult {
  /** `unknown`: nothing feasible was found, and that there is nothing was not proven either. */
  readonly status: 'optimal' | 'feasible' | 'infeasible' | 'unknown';
  /** Per job its agent; empty unless feasible. */
  readonly assignment: Int32Array;
  /** Infinity unless feasible. */
  readonly cost: number;
  /** No assignment costs less; recomputed from `prices` by `gapBound`. */
  readonly lowerBound: number;
  /** `(cost - lowerBound) / cost`; 0 when equal, 1 without an answer. */
  readonly gap: number;
  /** The certificate: per agent, cost per unit of weight. */
  readonly prices: Float64Array;
  readonly iterations: number;
}

const ITERATIONS_DEFAULT = 200_000;
/** The first cycle takes this share of all; each later one as much of what is then left. */
const CYCLE_SHARE = 0.45;
const FIRST_CYCLE = 40_960;
const BATCH = 16;
const WIDTH = 8;
const HOLD_FIRST = 0.02;
const HOLD_LATER = 0.08;

/** @refuses nothing: an instance without answer comes back as `infeasible` or `unknown`. */
export function solveGap(instance: GapInstance, budget: SolveBudget): GapResult {
  const timeIsUp = budget.timeIsUp ?? (() => false);
  if (isHopeless(instance)) return resultOf(instance, undefined, 0);
  const rows = jobRowsOf(instance);
  const prices = capacityPrices(instance, rows, timeIsUp);
  const loads = new GapLoads(instance, rows);
  const lowerBound = gapBound(instance, prices.price);
  const iterations = anneal(instance, prices, loads, budget, lowerBound);
  return resultOf(instance, { loads, prices, lowerBound }, iterations);
}

function anneal(
  instance: GapInstance,
  prices: CapacityPrices,
  loads: GapLoads,
  budget: SolveBudget,
  lowerBound: number,
): number {
  const random = new SeededRandom(budget.seed);
  const clock = progressOf(budget, {
    iterationsDefault: ITERATIONS_DEFAULT,
    cycleShare: CYCLE_SHARE,
    firstCycle: FIRST_CYCLE,
  });
  const width = Math.min(instance.agents, WIDTH);
  const rows = { cost: loads.cost, weight: loads.weight };
  let choices = choicesOf(instance, rows, prices.price, width);
  let chains = new GapChains(loads, choices, random);
  const first = new Int32Array(instance.jobs);
  for (let i = 0; i < first.length; i++) first[i] = choices.list[i * choices.width]!;
  loads.start(first);
  const warmth = temperatures(instance, choices.regret);
  let severity = 1;
  let done = 0;
  for (let cycle = 0; loads.bestTotal > lowerBound; cycle++) {
    const from = clock.share(done);
    if (from >= 1) break;
    const until = clock.cycleEnd(from, cycle);
    const hold = cycle === 0 ? HOLD_FIRST : HOLD_LATER;
    for (let now = from; now < until; now = clock.share(done)) {
      const at = Math.min(1, (now - from) / (until - from));
      const rise = Math.min(1, at / 0.9);
      const fineFactor = (at < 0.9 ? 1.2 : 5) * severity;
      chains.hold(hold ** (1 - rise), fineFactor);
      chains.anneal(BATCH, warmth.first * (warmth.last / warmth.first) ** at);
      done += BATCH;
      if (loads.bestTotal <= lowerBound) break;
    }
    if (loads.bestTotal < Number.POSITIVE_INFINITY) continue;
    severity *= 2;
    if (choices.width < instance.agents) {
      choices = choicesOf(instance, rows, prices.price, instance.agents);
      chains = new GapChains(loads, choices, random);
    }
  }
  return done;
}

/** Regrets a job meets when it takes its second best agent tell how warm is warm. */
function temperatures(
  { agents, jobs }: GapInstance,
  regret: Float64Array,
): { first: number; last: number } {
  let sum = 0;
  for (let i = 0; i < jobs; i++) {
    let second = Number.POSITIVE_INFINITY;
    let zeros = 0;
    for (let j = 0; j < agents; j++) {
      const value = regret[i * agents + j]!;
      if (value <= 0 && zeros++ === 0) continue;
      second = Math.min(second, Math.max(0, value));
    }
    if (second < Number.POSITIVE_INFINITY) sum += second;
  }
  const mean = Math.max(0.05, sum / jobs);
  return { first: Math.max(0.4, Math.min(1, mean)), last: 0.3 };
}

/** A job that fits nowhere, or more weight than all agents hold. */
function isHopeless({ agents, jobs, weight, capacity }: GapInstance): boolean {
  let least = 0;
  for (let i = 0; i < jobs; i++) {
    let lightest = Number.POSITIVE_INFINITY;
    for (let j = 0; j < agents; j++) {
      const own = weight[j * jobs + i]!;
      if (own <= capacity[j]! && own < lightest) lightest = own;
    }
    least += lightest;
  }
  return least > capacity.reduce((sum, one) => sum + one, 0);
}

/**
 * The lower bound that prices per unit of capacity prove, whatever they are: the sum over jobs of
 * the least `cost + price * weight`, less the sum over agents of `price * capacity`, rounded up.
 * Prices are first rounded to multiples of 2^-20, which makes every operation exact below 2^53.
 */
export function gapBound(instance: GapInstance, prices: Float64Array): number {
  const { agents, jobs, cost, weight, capacity } = instance;
  const price = prices.map((one) => Math.max(0, Math.round(one * 1048576)) / 1048576);
  let bound = 0;
  for (let i = 0; i < jobs; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < agents; j++) {
      const at = j * jobs + i;
      if (weight[at]! <= capacity[j]!) least = Math.min(least, cost[at]! + price[j]! * weight[at]!);
    }
    bound += least;
  }
  for (let j = 0; j < agents; j++) bound -= price[j]! * capacity[j]!;
  return Math.ceil(bound);
}

function resultOf(
  { agents }: GapInstance,
  found: { loads: GapLoads; prices: CapacityPrices; lowerBound: number } | undefined,
  iterations: number,
): GapResult {
  const none = {
    assignment: new Int32Array(0),
    cost: Number.POSITIVE_INFINITY,
    gap: 1,
    iterations,
  };
  if (!found) {
    const prices = new Float64Array(agents);
    return { ...none, status: 'infeasible', lowerBound: Number.POSITIVE_INFINITY, prices };
  }
  const { loads, lowerBound } = found;
  const prices = found.prices.price;
  const cost = loads.bestTotal;
  if (cost === Number.POSITIVE_INFINITY) return { ...none, status: 'unknown', lowerBound, prices };
  const gap = cost === lowerBound ? 0 : (cost - lowerBound) / Math.max(1, Math.abs(cost));
  const status = gap === 0 ? 'optimal' : 'feasible';
  return { status, assignment: loads.best, cost, lowerBound, gap, prices, iterations };
}
