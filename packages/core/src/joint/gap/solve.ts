/** Solves a generalised assignment: bound by prices, answer by annealed chains. */
import { progressOf, SeededRandom, type SolveBudget } from '../budget.ts';
import { boundByCapacities, boundByJobs, type GapCertificate } from './bound.ts';
import { GapChains } from './chains.ts';
import { type Choices, choicesOf } from './choices.ts';
import type { GapInstance } from './instance.ts';
import { GapLoads } from './loads.ts';
import { type JobRows, jobRowsOf } from './prices.ts';
import { repair } from './repair.ts';

export interface GapResult {
  /** `unknown`: nothing feasible was found, and that there is nothing was not proven either. */
  readonly status: 'optimal' | 'feasible' | 'infeasible' | 'unknown';
  /** Per job its agent; empty unless feasible. */
  readonly assignment: Int32Array;
  /** Infinity unless feasible. */
  readonly cost: number;
  /** No assignment costs less. */
  readonly lowerBound: number;
  /** `(cost - lowerBound) / cost`; 0 when equal, 1 without an answer. */
  readonly gap: number;
  /** What proves the lower bound; null when infeasible. */
  readonly certificate: GapCertificate | null;
  readonly iterations: number;
}

const ITERATIONS_DEFAULT = 200_000;
/** The first cycle takes this share of all; each later one as much of what is then left. */
const CYCLE_SHARE = 0.45;
const FIRST_CYCLE = 40_960;
const BATCH = 16;
const WIDTH = 8;
/** Of the time, for each of the two bounds at most. */
const BOUND_SHARE = 0.1;
const HOLD_FIRST = 0.005;
const HOLD_LATER = 0.03;

/** @refuses nothing: an instance without answer comes back as `infeasible` or `unknown`. */
export function solveGap(instance: GapInstance, budget: SolveBudget): GapResult {
  if (isHopeless(instance)) return resultOf(null, null, 0);
  const rows = jobRowsOf(instance);
  const certificate = boundByCapacities(instance, rows, endOfBound(budget));
  return anneal(instance, rows, certificate, budget);
}

/** A bound may take a part of the time from now on; without a clock it counts its own steps. */
function endOfBound({ timeIsUp, timeShare }: SolveBudget): () => boolean {
  const end = (timeShare?.() ?? 0) + BOUND_SHARE;
  return () => timeIsUp?.() === true || (timeShare?.() ?? 0) > end;
}

/** The second bound comes after the first cycle: an answer is worth more, and helps it. */
function anneal(
  instance: GapInstance,
  rows: JobRows,
  first: GapCertificate,
  budget: SolveBudget,
): GapResult {
  const loads = new GapLoads(instance, rows);
  const random = new SeededRandom(budget.seed);
  const clock = progressOf(budget, {
    iterationsDefault: ITERATIONS_DEFAULT,
    cycleShare: CYCLE_SHARE,
    firstCycle: FIRST_CYCLE,
  });
  let choices = choicesOf(instance, rows, first.prices, Math.min(instance.agents, WIDTH));
  let chains = new GapChains(loads, choices, random);
  loads.start(firstChoices(choices));
  // An answer before any search; the search itself starts better from the unrepaired one.
  repair(loads, choices);
  const repaired = loads.bestTotal;
  loads.start(firstChoices(choices));
  const warmth = temperatures(instance, choices.regret);
  let certificate = first;
  let isBoundTwice = false;
  let severity = 1;
  let done = 0;
  for (let cycle = 0; loads.bestTotal > certificate.bound; cycle++) {
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
      if (loads.bestTotal <= certificate.bound) break;
    }
    // A repaired answer does not count: a search that finds none is held too loosely or sees too little.
    if (loads.bestTotal < repaired) {
      if (isBoundTwice || loads.bestTotal <= first.bound) continue;
      certificate = boundByJobs(instance, rows, first, loads.bestTotal, endOfBound(budget));
      isBoundTwice = true;
      continue;
    }
    if (choices.width < instance.agents) {
      choices = choicesOf(instance, rows, first.prices, instance.agents);
      chains = new GapChains(loads, choices, random);
    } else severity *= 2;
  }
  return resultOf(certificate, loads, done);
}

function firstChoices({ list, width }: Choices): Int32Array {
  return new Int32Array(list.length / width).map((_, i) => list[i * width]!);
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

function resultOf(
  certificate: GapCertificate | null,
  loads: GapLoads | null,
  iterations: number,
): GapResult {
  const cost = loads?.bestTotal ?? Number.POSITIVE_INFINITY;
  const lowerBound = certificate?.bound ?? Number.POSITIVE_INFINITY;
  const common = { cost, lowerBound, certificate, iterations };
  if (!loads || cost === Number.POSITIVE_INFINITY) {
    const status = loads ? 'unknown' : 'infeasible';
    return { ...common, status, assignment: new Int32Array(0), gap: 1 };
  }
  const gap = cost === lowerBound ? 0 : (cost - lowerBound) / Math.max(1, Math.abs(cost));
  const status = gap === 0 ? 'optimal' : 'feasible';
  return { ...common, status, assignment: loads.best, gap };
}
