/** One order over n lessors with a fixed charge each, exactly: a few small knapsacks at most. */
import { hasWholeCosts, Incumbent } from './incumbent.ts';
import { stateBound } from './knapsack-lists.ts';
import { firstAnswer, partialCandidates } from './partial-candidates.ts';
import { type Core, type Knapsack, PartialSearch } from './partial-search.ts';
import { type Lessors, lessorsOf, type Relaxation, relax } from './relaxation.ts';
import { costOfAmounts, type SinkAnswer, type SinkInstance, type SinkLimits } from './sink-instance.ts';

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
  if (sumOf(lessors.capacity) < instance.demand && sumOf(instance.capacity) < instance.demand) {
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

/** @returns `unseen`: what any answer that was not looked at costs at least. */
function searchPartials(
  lessors: Lessors,
  relaxation: Relaxation,
  incumbent: Incumbent,
  search: PartialSearch,
): { unseen: number; knapsacks: number } {
  let knapsacks = 0;
  if (relaxation.bound >= incumbent.cut) return { unseen: relaxation.bound, knapsacks };
  const candidates = partialCandidates(lessors, relaxation, incumbent);
  const core = coreOf(lessors, relaxation, incumbent);
  const open: Knapsack[] = [];
  for (const partial of candidates) {
    const knapsack = knapsackOf(lessors, core, partial);
    if (knapsack.bound < incumbent.cut) open.push(knapsack);
  }
  open.sort((a, b) => a.bound - b.bound || a.partial - b.partial);
  for (const knapsack of open) {
    if (knapsack.bound >= incumbent.cut) break;
    if (search.stopped) return { unseen: Math.min(search.stoppedBound, knapsack.bound), knapsacks };
    search.solve(core, knapsack);
    knapsacks += 1;
  }
  return { unseen: search.stoppedBound, knapsacks };
}

/** Lessors are certain when the other way round costs too much at the price of the break. */
function coreOf(lessors: Lessors, relaxation: Relaxation, incumbent: Incumbent): Core {
  const { count, capacity, fullCost } = lessors;
  const { price, bound, breakAt } = relaxation;
  const room = incumbent.cut - bound;
  const members: number[] = [];
  const taken = new Uint8Array(count);
  let weight = 0;
  let cost = 0;
  for (let at = 0; at < count; at += 1) {
    const reduced = (fullCost[at] as number) - price * (capacity[at] as number);
    if (Math.abs(reduced) < room) {
      members.push(at);
    } else if (at < breakAt) {
      taken[at] = 1;
      weight += capacity[at] as number;
      cost += fullCost[at] as number;
    }
  }
  return { members: Int32Array.from(members), weight, cost, taken };
}

/** The relaxation of the knapsack beside one partial lessor; its bound is infinite when none fits. */
function knapsackOf(lessors: Lessors, core: Core, partial: number): Knapsack {
  const { demand, capacity, unitCost, fixedCost, fullCost, rate } = lessors;
  const unit = unitCost[partial] as number;
  const low = demand - (capacity[partial] as number);
  const completion = { low, demand, unitCost: unit, fixedCost: fixedCost[partial] as number };
  const inside = core.taken[partial] === 1;
  let weight = core.weight - (inside ? (capacity[partial] as number) : 0);
  let cost = core.cost - (inside ? (fullCost[partial] as number) : 0);
  let split = 0;
  let add = Number.POSITIVE_INFINITY;
  for (; split < core.members.length; split += 1) {
    const lessor = core.members[split] as number;
    if (lessor === partial || (unitCost[lessor] as number) > unit) continue;
    add = rate[lessor] as number;
    // Above the partial one's unit cost only what it cannot give itself is worth having.
    const wanted = add < unit ? demand : low;
    if (weight >= low && add >= unit) break;
    if (weight + (capacity[lessor] as number) > wanted) break;
    weight += capacity[lessor] as number;
    cost += fullCost[lessor] as number;
    add = Number.POSITIVE_INFINITY;
  }
  const bound = stateBound(completion, { add, drop: 0 }, weight, cost);
  const price = Number.isFinite(add) ? add : unit;
  return { partial, completion, bound, split, weight, cost, price };
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
