/** One order over n lessors with a fixed charge each, exactly: a few small knapsacks at most. */
import { hasWholeCosts, Incumbent } from './incumbent.ts';
import { coreOf, knapsacksOf } from './knapsack-bounds.ts';
import { firstAnswer, partialCandidates } from './partial-candidates.ts';
import { PartialSearch } from './partial-search.ts';
import { type Lessors, lessorsOf, type Relaxation, relax } from './relaxation.ts';
import {
  costOfAmounts,
  type SinkAnswer,
  type SinkInstance,
  type SinkLimits,
} from './sink-instance.ts';

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
  const search = new PartialSearch(lessors, incumbent, limits);
  const { unseen, knapsacks } = searchPartials(lessors, relaxation, incumbent, search);
  writeAmounts(lessors, incumbent, amounts);
  const cost = costOfAmounts(instance, amounts);
  const { states } = search;
  const proven = unseen >= incumbent.cut;
  const lowerBound = proven ? cost : Math.min(cost, Math.max(relaxation.bound, unseen));
  return { status: proven ? 'optimal' : 'feasible', cost, lowerBound, amounts, states, knapsacks };
}

/** A better answer makes the core smaller and the bounds sharper: so often they are made anew. */
const ROUNDS = 4;

/** @returns `unseen`: what any answer that was not looked at costs at least. */
function searchPartials(
  lessors: Lessors,
  relaxation: Relaxation,
  incumbent: Incumbent,
  search: PartialSearch,
): { unseen: number; knapsacks: number } {
  if (relaxation.bound >= incumbent.cut) return { unseen: relaxation.bound, knapsacks: 0 };
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
