/** Prices of a replica and of a lessor more: what `count` replicas cost at least. */
import type { Curves } from './lessor-curves.ts';

/** Replicas that may stay unplaced, at this cost each; they need no lessor. */
export interface Outside {
  units: number;
  unitCost: number;
}

/** `count` replicas from at most `lessorsMost` lessors, apart from those left outside. */
export interface Count {
  count: number;
  lessorsMost: number;
  outside: Outside;
}

export interface PriceBound {
  bound: number;
  /** Price of one replica. */
  price: number;
  /** Price of using one lessor more; 0 when lessors are not short. */
  lessorPrice: number;
}

const PRICE_STEPS = 60;
const LESSOR_STEPS = 24;

/**
 * The best price of a replica, and when too many lessors are used at it, the best price of a lessor:
 * for any two prices the sum of what every lessor could save at them bounds the cost from below.
 */
export function boundOf(curves: Curves, wanted: Count): PriceBound {
  const free = atLessorPrice(curves, wanted, 0);
  if (free.lessors <= wanted.lessorsMost) return free;
  let best: PriceBound = free;
  let low = 0;
  let high = 2 * (maxOf(curves.unitCost) * wanted.count + maxOf(curves.fixedCost)) + 1;
  for (let step = 0; step < LESSOR_STEPS; step += 1) {
    const middle = step === 0 ? high / 2 ** LESSOR_STEPS : (low + high) / 2;
    const found = atLessorPrice(curves, wanted, middle);
    if (found.bound > best.bound) best = found;
    if (found.lessors > wanted.lessorsMost) low = middle;
    else high = middle;
  }
  return best;
}

function atLessorPrice(curves: Curves, wanted: Count, lessorPrice: number) {
  let low = 0;
  let high = maxOf(curves.unitCost) + maxOf(curves.fixedCost) + lessorPrice;
  high = Math.max(high, wanted.outside.unitCost) + 1;
  let best = { bound: Number.NEGATIVE_INFINITY, price: 0, lessorPrice, lessors: 0 };
  for (let step = 0; step < PRICE_STEPS; step += 1) {
    const price = (low + high) / 2;
    const { saving, replicas, lessors } = savingAt(curves, wanted, price, lessorPrice);
    const bound = price * wanted.count - lessorPrice * wanted.lessorsMost + saving;
    if (bound > best.bound) best = { bound, price, lessorPrice, lessors };
    if (replicas < wanted.count) low = price;
    else high = price;
  }
  return best;
}

/** What all lessors together save at these prices (not above 0), and who is used for it. */
function savingAt(curves: Curves, { count, outside }: Count, price: number, lessorPrice: number) {
  let saving = Math.min(0, (outside.unitCost - price) * outside.units);
  let replicas = outside.unitCost < price ? outside.units : 0;
  let lessors = 0;
  for (let j = 0; j < curves.lessors; j += 1) {
    const own = lessorSaving(curves, j, count, price, lessorPrice);
    if (own >= 0) continue;
    saving += own;
    replicas += lastReplicas;
    lessors += 1;
  }
  return { saving, replicas, lessors };
}

/** Replicas behind the last {@link lessorSaving}: a second result without an object per call. */
let lastReplicas = 0;

/** What using lessor `j` for at least one replica costs beyond the prices; negative: it saves. */
export function lessorSaving(
  { first, units, unitCost, fixedCost }: Curves,
  j: number,
  count: number,
  price: number,
  lessorPrice: number,
): number {
  const start = first[j] as number;
  const end = first[j + 1] as number;
  lastReplicas = 0;
  if (start === end) return Number.POSITIVE_INFINITY;
  let saving = (fixedCost[j] as number) + lessorPrice;
  if ((unitCost[start] as number) >= price) return saving + (unitCost[start] as number) - price;
  for (let at = start; at < end && (unitCost[at] as number) < price; at += 1) {
    const take = Math.min(units[at] as number, count - lastReplicas);
    saving += take * ((unitCost[at] as number) - price);
    lastReplicas += take;
  }
  return saving;
}

function maxOf(values: Float64Array): number {
  let max = 0;
  for (const value of values) if (value > max) max = value;
  return max;
}
