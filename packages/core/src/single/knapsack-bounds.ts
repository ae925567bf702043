/** The relaxation of every candidate's own knapsack, by running sums instead of one pass each. */
import { EligibleSums } from './eligible-sums.ts';
import type { Incumbent } from './incumbent.ts';
import { type Completion, stateBound } from './knapsack-lists.ts';
import type { Lessors, Relaxation } from './relaxation.ts';
import { sortedOrder } from './sorted-order.ts';

/** Lessors whose use is open, in price order, and the sums of those taken for certain. */
export interface Core {
  members: Int32Array;
  /** Divides the capacity of every member: machines of one size make far fewer sums possible. */
  divisor: number;
  weight: number;
  cost: number;
  /** Per lessor in price order: 1 when taken for certain. */
  taken: Uint8Array;
}

/** One partial lessor with the break of its own relaxation. */
export interface Knapsack {
  partial: number;
  completion: Completion;
  bound: number;
  /** Members from this position of the core on are not taken at the break. */
  split: number;
  weight: number;
  cost: number;
  /** A price of one unit at which the relaxation is reached. */
  price: number;
}

/** Lessors are certain when the other way round costs too much at the price of the break. */
export function coreOf(lessors: Lessors, relaxation: Relaxation, incumbent: Incumbent): Core {
  const { count, capacity, fullCost } = lessors;
  const { price, bound, breakAt } = relaxation;
  const room = incumbent.cut - bound;
  const members: number[] = [];
  const taken = new Uint8Array(count);
  let weight = 0;
  let cost = 0;
  let divisor = 0;
  for (let at = 0; at < count; at += 1) {
    const reduced = (fullCost[at] as number) - price * (capacity[at] as number);
    if (Math.abs(reduced) < room) {
      members.push(at);
      divisor = commonDivisor(capacity[at] as number, divisor);
    } else if (at < breakAt) {
      taken[at] = 1;
      weight += capacity[at] as number;
      cost += fullCost[at] as number;
    }
  }
  const whole = Math.max(1, divisor);
  return { members: Int32Array.from(members), divisor: whole, weight, cost, taken };
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** The knapsacks of these partial lessors whose bounds are below the cut, best bound first. */
export function knapsacksOf(
  lessors: Lessors,
  core: Core,
  partials: readonly number[],
  incumbent: Incumbent,
): Knapsack[] {
  const { members } = core;
  const { unitCost, capacity, fullCost } = lessors;
  const placeOf = new Int32Array(lessors.count).fill(-1);
  for (let place = 0; place < members.length; place += 1) {
    placeOf[members[place] as number] = place;
  }
  const byUnitCost = sortedOrder(Float64Array.from(members, (at) => unitCost[at] as number));
  const sums = new EligibleSums(members.length);
  const found: Knapsack[] = [];
  let next = 0;
  const ascending = [...partials].sort(
    (a, b) => (unitCost[a] as number) - (unitCost[b] as number) || a - b,
  );
  for (const partial of ascending) {
    for (; next < members.length; next += 1) {
      const place = byUnitCost[next] as number;
      const at = members[place] as number;
      if ((unitCost[at] as number) > (unitCost[partial] as number)) break;
      sums.add(place, capacity[at] as number, fullCost[at] as number);
    }
    const place = placeOf[partial] as number;
    const weight = capacity[partial] as number;
    const cost = fullCost[partial] as number;
    if (place >= 0) sums.add(place, -weight, -cost);
    const knapsack = knapsackOf(lessors, core, partial, sums);
    if (place >= 0) sums.add(place, weight, cost);
    if (knapsack.bound < incumbent.cut) found.push(knapsack);
  }
  return found.sort((a, b) => a.bound - b.bound || a.partial - b.partial);
}

/** `sums` has the members that may be full beside this partial lessor. */
function knapsackOf(lessors: Lessors, core: Core, partial: number, sums: EligibleSums): Knapsack {
  const { rate } = lessors;
  const unit = lessors.unitCost[partial] as number;
  const inside = core.taken[partial] === 1;
  const weight = core.weight - (inside ? (lessors.capacity[partial] as number) : 0);
  const cost = core.cost - (inside ? (lessors.fullCost[partial] as number) : 0);
  const completion = completionOf(lessors, core, partial, weight);
  const { low, demand } = completion;
  // Members below the partial one's unit cost are wanted up to the demand; above it, only what the
  // partial one cannot give itself.
  const cheaper = firstAtRate(core.members, rate, unit);
  let split = sums.breakAbove(demand - weight);
  let filled = false;
  if (split >= cheaper) {
    sums.sumBefore(cheaper);
    split = cheaper;
    filled = weight + sums.weight >= low;
    if (!filled) split = sums.breakAbove(low - weight);
  }
  const at = core.members[split];
  const add = at === undefined ? Number.POSITIVE_INFINITY : (rate[at] as number);
  const sumWeight = weight + sums.weight;
  const sumCost = cost + sums.cost;
  const bound =
    low > demand
      ? Number.POSITIVE_INFINITY
      : stateBound(completion, { add, drop: 0 }, sumWeight, sumCost);
  const last = split > 0 ? (rate[core.members[split - 1] as number] as number) : 0;
  const price = filled ? unit : Number.isFinite(add) ? add : Math.max(unit, last);
  return { partial, completion, bound, split, weight: sumWeight, cost: sumCost, price };
}

/** Only sums of full lessors that differ from `weight` by multiples of the divisor can come about. */
function completionOf(
  lessors: Lessors,
  { divisor }: Core,
  partial: number,
  weight: number,
): Completion {
  const unitCost = lessors.unitCost[partial] as number;
  const fewest = lessors.demand - (lessors.capacity[partial] as number);
  const low = fewest + modulo(weight - fewest, divisor);
  const demand = lessors.demand - modulo(lessors.demand - weight, divisor);
  const fixedCost = (lessors.fixedCost[partial] as number) + unitCost * (lessors.demand - demand);
  return { low, demand, unitCost, fixedCost };
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** First position of the core whose rate is at least `unit`. */
function firstAtRate(members: Int32Array, rate: Float64Array, unit: number): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rate[members[middle] as number] as number) < unit) low = middle + 1;
    else high = middle;
  }
  return low;
}
