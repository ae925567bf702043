/** What an order costs at least because a whole number of lessors is used, not a fraction of one. */
import type { Lessors, Relaxation } from './relaxation.ts';

/** The best price of a unit for answers that use exactly `used` lessors, and what it proves. */
export interface UseBound {
  used: number;
  price: number;
  /** Infinite when so few lessors hold too little. */
  bound: number;
  /** Per lessor in price order: what it adds to the bound at the price when it is used. */
  added: Float64Array;
  /** The largest `added` of those chosen. */
  limit: number;
}

const STEPS_MOST = 40;

/**
 * The relaxation's cost as a function of the number of lessors used is convex and has its least
 * value between the number before the break and the next one. So every answer costs at least what
 * one of these two numbers costs.
 */
export function useBounds(lessors: Lessors, { breakAt }: Relaxation): UseBound[] {
  return [useBound(lessors, breakAt), useBound(lessors, breakAt + 1)];
}

/**
 * At a unit price each lessor adds its fixed cost and, where its unit cost is below the price, what
 * it saves; the least so many of them bound the cost. Of every choice this is a line over the price,
 * so the best price is where a rising and a falling line of the lowest ones meet.
 */
function useBound(lessors: Lessors, used: number): UseBound {
  const { demand, count, rate } = lessors;
  const added = new Float64Array(count);
  const best: UseBound = { used, price: 0, bound: Number.NEGATIVE_INFINITY, added, limit: 0 };
  let falling = largest(lessors, used);
  if (used > count || falling.weight < demand) return { ...best, bound: Number.POSITIVE_INFINITY };
  let rising = chosenAt(lessors, used, 0, added);
  let price = rate[Math.min(used, count) - 1] as number;
  for (let step = 0; step < STEPS_MOST; step += 1) {
    const line = chosenAt(lessors, used, price, added);
    const bound = line.cost + price * (demand - line.weight);
    if (bound > best.bound) Object.assign(best, { bound, price });
    if (line.weight < demand) rising = line;
    else falling = line;
    const meeting = (falling.cost - rising.cost) / (falling.weight - rising.weight);
    const most = rising.cost + meeting * (demand - rising.weight);
    if (!(meeting >= 0) || most <= best.bound + 1e-13 * Math.abs(most)) break;
    price = meeting;
  }
  best.limit = chosenAt(lessors, used, best.price, added).limit;
  best.bound = Math.max(0, best.bound);
  return best;
}

interface Line {
  cost: number;
  /** Capacity of those chosen whose unit cost is below the price. */
  weight: number;
  limit: number;
}

function chosenAt(lessors: Lessors, used: number, price: number, added: Float64Array): Line {
  const { count, capacity, unitCost, fixedCost, fullCost } = lessors;
  for (let at = 0; at < count; at += 1) {
    const saved = Math.min(0, (unitCost[at] as number) - price) * (capacity[at] as number);
    added[at] = (fixedCost[at] as number) + saved;
  }
  const limit = used > 0 ? nthLeast(added.slice(), used - 1) : Number.NEGATIVE_INFINITY;
  const line: Line = { cost: 0, weight: 0, limit };
  let left = used;
  const take = (at: number) => {
    const full = (unitCost[at] as number) < price;
    line.cost += (full ? fullCost[at] : fixedCost[at]) as number;
    if (full) line.weight += capacity[at] as number;
    left -= 1;
  };
  for (let at = 0; at < count; at += 1) if ((added[at] as number) < limit) take(at);
  for (let at = 0; at < count && left > 0; at += 1) if (added[at] === limit) take(at);
  return line;
}

/** The lessors with most capacity, used fully: the lowest line at high prices. */
function largest({ capacity, fullCost, count }: Lessors, used: number): Line {
  const line: Line = { cost: 0, weight: 0, limit: 0 };
  if (used === 0 || used > count) return line;
  const least = nthLeast(capacity.slice(), count - used);
  let left = used;
  const take = (at: number) => {
    line.cost += fullCost[at] as number;
    line.weight += capacity[at] as number;
    left -= 1;
  };
  for (let at = 0; at < count; at += 1) if ((capacity[at] as number) > least) take(at);
  for (let at = 0; at < count && left > 0; at += 1) if (capacity[at] === least) take(at);
  return line;
}

/** Reorders the values. */
function nthLeast(values: Float64Array, nth: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let left = low;
    let right = high;
    while (left <= right) {
      while ((values[left] as number) < pivot) left += 1;
      while ((values[right] as number) > pivot) right -= 1;
      if (left > right) break;
      const moved = values[left] as number;
      values[left++] = values[right] as number;
      values[right--] = moved;
    }
    if (nth <= right) high = right;
    else if (nth >= left) low = left;
    else break;
  }
  return values[nth] as number;
}
