/** One order over n lessors with a fixed charge each, exactly: a few small knapsacks at most. */

import { exactFill } from './exact-fill.ts';
import { hasWholeCosts, Incumbent } from './incumbent.ts';
import { coreOf, knapsacksOf } from './knapsack-bounds.ts';
import { firstAnswer, partialCandidates } from './partial-candidates.ts';
import { PartialSearch, STATES_MAX } from './partial-search.ts';
import { type Lessors, lessorsOf, type Relaxation, relax } from './relaxation.ts';
import {
  costOfAmounts,
  type SinkAnswer,
  type SinkInstance,
  type SinkLimits,
} from './sink-instance.ts';
import { useBounds } from './use-bound.ts';

/**
 * Solves the order; see {@link SinkInstance} for the problem and its units.
 *
 * An optimum uses at most one lessor partly. At the price of the linear relaxation's break most
 * lessors cannot be that one, and of the others most are certain to be used fully or not at all;
 * for each remaining candidate, best bound first, a knapsack over the undecided ones is solved by
 * lists of undominated states, until the next bound is not below the best answer.
 */
export function solveSink(instance: SinkInstance, limits: SinkLimits = {}): SinkAnswer {
  const amounts = new Float64Array(instance.capacity.length);
  const done = { lowerBound: 0, cost: 0, amounts, states: 0, knapsacks: 0 };
  if (instance.demand === 0) return { status: 'optimal', ...done };
  const lessors = lessorsOf(instance);
  if (sumOf(lessors.capacity) < instance.demand) {
    const none = { cost: Infinity, lowerBound: Infinity, amounts: new Float64Array(0) };
    return { status: 'infeasible', ...done, ...none };
  }
  const relaxation = relax(lessors);
  const incumbent = new Incumbent(hasWholeCosts(instance));
  firstAnswer(lessors, relaxation, incumbent);
  incumbent.floor = relaxation.bound;
  const statesMax = limits.statesMax ?? STATES_MAX;
  const quickMax = QUICK_STATES + QUICK_STATES_EACH * lessors.count;
  const quick = { ...limits, statesMax: Math.min(statesMax, quickMax) };
  const search = new PartialSearch(lessors, incumbent, quick);
  let { unseen, knapsacks } = searchPartials(lessors, relaxation, incumbent, search);
  let { states } = search;
  if (unseen < incumbent.cut && statesMax > quickMax) {
    countUsed(lessors, relaxation, incumbent);
    const rest = { ...limits, statesMax: statesMax - states };
    const long = new PartialSearch(lessors, incumbent, rest);
    ({ unseen, knapsacks } = searchPartials(lessors, relaxation, incumbent, long));
    states += long.states;
  }
  writeAmounts(lessors, incumbent, amounts);
  const cost = costOfAmounts(instance, amounts);
  const proven = Math.max(unseen, incumbent.floor) >= incumbent.cut;
  const lowerBound = proven ? cost : Math.min(cost, Math.max(incumbent.floor, unseen));
  return { status: proven ? 'optimal' : 'feasible', cost, lowerBound, amounts, states, knapsacks };
}

/** Enough for most orders, and a few per lessor; what needs more is first bounded by the number of lessors used. */
const QUICK_STATES = 50_000;
const QUICK_STATES_EACH = 8;

/** Sums of costs in doubles differ by less than this share of the cost when they are equal. */
const EQUAL_SHARE = 1e-15;

/** A better answer makes the core smaller and the bounds sharper: so often they are made anew. */
const ROUNDS = 4;

/**
 * A bound from the whole number of lessors used, and answers that reach it: what is missing where
 * all lessors cost nearly the same per unit but for a constant each.
 */
function countUsed(lessors: Lessors, relaxation: Relaxation, incumbent: Incumbent): void {
  const bounds = useBounds(lessors, relaxation);
  incumbent.floor = Math.max(incumbent.floor, Math.min(...bounds.map(({ bound }) => bound)));
  for (const found of bounds) {
    const { bound, limit, price, used } = found;
    if (bound >= incumbent.cut) continue;
    const near = (incumbent.cut - bound) / (8 * used);
    const equal = EQUAL_SHARE * Math.max(1, Math.abs(limit), price * lessors.demand);
    for (const room of [equal, near]) {
      if (!incumbent.isProven) offerFull(lessors, exactFill(lessors, found, room), incumbent);
    }
  }
}

function offerFull(lessors: Lessors, full: number[] | null, incumbent: Incumbent): void {
  if (!full) return;
  let cost = 0;
  for (const at of full) cost += lessors.fullCost[at] as number;
  if (cost >= incumbent.cost) return;
  incumbent.improve(cost);
  incumbent.found = { partial: full[0] as number, prefix: 0, flips: full };
}

/** @returns `unseen`: what any answer that was not looked at costs at least. */
function searchPartials(
  lessors: Lessors,
  relaxation: Relaxation,
  incumbent: Incumbent,
  search: PartialSearch,
): { unseen: number; knapsacks: number } {
  if (incumbent.isProven) return { unseen: incumbent.floor, knapsacks: 0 };
  const solved = new Set<number>();
  let candidates = partialCandidates(lessors, relaxation, incumbent);
  for (let round = 1; ; round += 1) {
    const core = coreOf(lessors, relaxation, incumbent);
    const open = knapsacksOf(lessors, core, candidates, incumbent);
    const before = incumbent.cost;
    for (const knapsack of open) {
      if (knapsack.bound >= incumbent.cut || search.stopped) {
        const unseen = Math.min(search.stoppedBound, knapsack.bound);
        return { unseen, knapsacks: solved.size };
      }
      search.solve(core, knapsack);
      solved.add(knapsack.partial);
      if (round < ROUNDS && incumbent.cost < before && !search.stopped) break;
    }
    if (round === ROUNDS || incumbent.cost === before || search.stopped) {
      return { unseen: search.stoppedBound, knapsacks: solved.size };
    }
    candidates = partialCandidates(lessors, relaxation, incumbent).filter((at) => !solved.has(at));
  }
}

function writeAmounts(lessors: Lessors, { found }: Incumbent, amounts: Float64Array): void {
  if (!found) throw new Error('broken invariant: an order within the capacities has an answer');
  const { source, capacity, unitCost } = lessors;
  const full = new Uint8Array(lessors.count).fill(1, 0, found.prefix);
  for (const at of found.flips) full[at] = full[at] === 1 ? 0 : 1;
  let missing = lessors.demand;
  const used: number[] = [];
  for (let at = 0; at < lessors.count; at += 1) {
    if (full[at] !== 1) continue;
    used.push(at);
    missing -= capacity[at] as number;
    amounts[source[at] as number] = capacity[at] as number;
  }
  if (missing > 0) amounts[source[found.partial] as number] = missing;
  if (missing >= 0) return;
  // A surplus is given back by the dearest ones.
  used.sort((a, b) => (unitCost[b] as number) - (unitCost[a] as number) || a - b);
  for (const at of used) {
    const back = Math.min(-missing, capacity[at] as number);
    amounts[source[at] as number] = (capacity[at] as number) - back;
    missing += back;
    if (missing === 0) return;
  }
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
