/** A stated number of replicas: exactly where the table suffices, else near with a bound. */
import { boundOf, type Count, lessorSaving, type PriceBound } from './count-bound.ts';
import { type Placed, placeCount, rowsOf } from './count-programme.ts';
import { type Curves, costAt } from './lessor-curves.ts';

/** `exact`: nothing costs less; else nothing costs less than `lowerBound`. */
export interface Solved extends Placed {
  lowerBound: number;
  exact: boolean;
}

/** Null when the lessors do not hold so many; `cellsMax` is the size of the table. */
export function solveCount(curves: Curves, cellsMax: number, wanted: Count): Solved | null {
  const prices = boundOf(curves, wanted);
  const quick = quickAnswer(curves, wanted, prices);
  const lowerBound = roundedUp(prices.bound);
  if (quick && quick.cost <= lowerBound) return { ...quick, lowerBound: quick.cost, exact: true };
  const room = (quick?.cost ?? Number.POSITIVE_INFINITY) - prices.bound;
  const able = bySaving(curves, wanted, prices);
  const chosen = able.filter(({ saving }) => saving <= room + 1e-6 * Math.abs(room));
  const width = (wanted.count + 1) * rowsOf(chosen.length, wanted);
  if (chosen.length * width <= cellsMax) {
    const exact = placeCount(
      curves,
      chosen.map(({ j }) => j),
      wanted,
    );
    return exact && { ...exact, lowerBound: exact.cost, exact: true };
  }
  const answers = [quick, ...limitedAnswers(curves, cellsMax, able, wanted, prices.lessorPrice)];
  const best = answers.reduce((a, b) => (b && (!a || b.cost < a.cost) ? b : a), null);
  return best && { ...best, lowerBound, exact: best.cost <= lowerBound };
}

/** Largest price of a lessor is tried after so many rises. */
const RISES = 6;

/**
 * Answers of the programme over no more lessors than its table holds, those that save most: with
 * lessors counted, or (when that leaves too few) with a price for each that rises until few enough
 * are used.
 */
function* limitedAnswers(
  curves: Curves,
  cellsMax: number,
  able: readonly { j: number }[],
  wanted: Count,
  lessorPrice: number,
): Generator<Placed | null> {
  const first = (rows: number) =>
    able.slice(0, Math.floor(cellsMax / ((wanted.count + 1) * rows))).map(({ j }) => j);
  const counted = rowsOf(able.length, wanted);
  const few = first(counted);
  if (counted === 1 || few.length > FEW_TIMES * wanted.lessorsMost) {
    yield placeCount(curves, few, wanted);
    return;
  }
  const many = first(1);
  const uncounted = { ...wanted, lessorsMost: Number.POSITIVE_INFINITY };
  let price = lessorPrice;
  for (let rise = 0; rise < RISES; rise += 1) {
    const fixedCost = curves.fixedCost.map((fixed) => fixed + price);
    const found = placeCount({ ...curves, fixedCost }, many, uncounted);
    const used = found?.replicas.size ?? 0;
    if (found && used <= wanted.lessorsMost) {
      yield { ...found, cost: Math.round(found.cost - price * used) };
      return;
    }
    price = Math.ceil(price * 1.05) + 1;
  }
}

/** Counting pays when the table has room for so many times the lessors allowed. */
const FEW_TIMES = 3;

/** Lessors that hold anything, by what they save at the prices, most first. */
function bySaving(curves: Curves, { count }: Count, prices: PriceBound) {
  const able: { j: number; saving: number }[] = [];
  for (let j = 0; j < curves.lessors; j += 1) {
    const saving = lessorSaving(curves, j, count, prices.price, prices.lessorPrice);
    if (saving < Number.POSITIVE_INFINITY) able.push({ j, saving });
  }
  return able.sort((a, b) => a.saving - b.saving || a.j - b.j);
}

/** Costs are whole: a bound in doubles becomes the next whole number, less its rounding. */
function roundedUp(bound: number): number {
  return Math.max(0, Math.ceil(bound - 1e-6 - Math.abs(bound) * 1e-12));
}

/** Takes the lessors that save most, else those with the most room; null when too many are needed. */
function quickAnswer(curves: Curves, wanted: Count, prices: PriceBound): Placed | null {
  const able = bySaving(curves, wanted, prices);
  const bySize = (): { j: number }[] =>
    able.toSorted(
      (a, b) => (curves.room[b.j] as number) - (curves.room[a.j] as number) || a.j - b.j,
    );
  return (
    filled(curves, able, wanted, prices.price) ?? filled(curves, bySize(), wanted, prices.price)
  );
}

/**
 * Every replica at the cheapest lot of the first lessors: of as many as have enough at the price,
 * or in all their lots when that is not enough.
 */
function filled(
  curves: Curves,
  order: readonly { j: number }[],
  { count, lessorsMost, outside }: Count,
  limit: number,
): Placed | null {
  const lots: { j: number; at: number }[] = [];
  const price = (at: number) => curves.unitCost[at] as number;
  let cheap = 0;
  let room = 0;
  for (const { j } of order.slice(0, lessorsMost)) {
    if (cheap >= count) break;
    room += curves.room[j] as number;
    for (let at = curves.first[j] as number; at < (curves.first[j + 1] as number); at += 1) {
      lots.push({ j, at });
      if (price(at) <= limit) cheap += curves.units[at] as number;
    }
  }
  if (room + outside.units < count) return null;
  lots.sort((a, b) => price(a.at) - price(b.at) || a.at - b.at);
  const replicas = new Map<number, number>();
  let missing = count;
  for (const { j, at } of lots) {
    if (missing === 0) break;
    const take = Math.min(missing, curves.units[at] as number);
    if (missing <= outside.units && price(at) >= outside.unitCost) break;
    replicas.set(j, (replicas.get(j) ?? 0) + take);
    missing -= take;
  }
  if (missing > outside.units) return null;
  let cost = missing * outside.unitCost;
  for (const [j, taken] of replicas) cost += costAt(curves, j, taken);
  return { cost, replicas };
}
