/** Which lessors may be the partly used one of an optimum, by bounds at the price of the break. */
import type { Incumbent } from './incumbent.ts';
import type { Lessors, Relaxation } from './relaxation.ts';
import { sortedOrder } from './sorted-order.ts';

/**
 * An optimum has at most one partly used lessor, and that one has the highest unit cost of all that
 * are used: otherwise a unit moved to a cheaper one saves something. So for every lessor p there is
 * one knapsack, over the lessors of at most its unit cost; here each gets its bound at one price.
 *
 * @returns positions whose bound is below the incumbent's cut.
 */
export function partialCandidates(
  lessors: Lessors,
  { price }: Relaxation,
  incumbent: Incumbent,
): number[] {
  const { count, demand, capacity, unitCost, fixedCost, fullCost } = lessors;
  const byUnitCost = sortedOrder(unitCost);
  const candidates: number[] = [];
  /** Sum of what lessors of at most this unit cost save at the price. */
  let saving = 0;
  for (let start = 0; start < count; ) {
    const unit = unitCost[byUnitCost[start] as number] as number;
    let end = start;
    for (; end < count && unitCost[byUnitCost[end] as number] === unit; end += 1) {
      const at = byUnitCost[end] as number;
      saving += Math.min(0, (fullCost[at] as number) - price * (capacity[at] as number));
    }
    for (; start < end; start += 1) {
      const at = byUnitCost[start] as number;
      const full = Math.min(0, (fullCost[at] as number) - price * (capacity[at] as number));
      const part = Math.min(0, unit - price) * (capacity[at] as number);
      const bound = price * demand + saving - full + (fixedCost[at] as number) + part;
      if (bound < incumbent.cut) candidates.push(at);
    }
  }
  return candidates;
}

/**
 * A first answer: the lessors before the break, with or without one of them, and one partial one.
 * Two kinds of it: any lessor gives what is missing; or the one at the break is full and a lessor
 * before it gives less.
 */
export function firstAnswer(lessors: Lessors, relaxation: Relaxation, incumbent: Incumbent): void {
  const { count, demand, capacity, unitCost, fixedCost, fullCost } = lessors;
  const { breakAt, weight, cost } = relaxation;
  const missing = demand - weight;
  if (missing === 0) {
    incumbent.improve(cost);
    incumbent.found = { partial: breakAt, prefix: breakAt, flips: [] };
    return;
  }
  for (let at = breakAt; at < count; at += 1) {
    if ((capacity[at] as number) < missing) continue;
    const whole = cost + (fixedCost[at] as number) + (unitCost[at] as number) * missing;
    if (whole >= incumbent.cost) continue;
    incumbent.improve(whole);
    incumbent.found = { partial: at, prefix: breakAt, flips: [] };
  }
  const surplus = (capacity[breakAt] as number) - missing;
  const withBreak = cost + (fullCost[breakAt] as number);
  for (let at = 0; at < breakAt; at += 1) {
    if ((capacity[at] as number) < surplus) continue;
    const whole = withBreak - (unitCost[at] as number) * surplus;
    if (whole >= incumbent.cost) continue;
    incumbent.improve(whole);
    incumbent.found = { partial: at, prefix: breakAt + 1, flips: [at] };
  }
}
