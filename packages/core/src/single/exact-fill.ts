/** Lessors that are equally good at a price, chosen so that they hold exactly what is wanted. */
import type { Lessors } from './relaxation.ts';
import { sortedOrder } from './sorted-order.ts';
import type { UseBound } from './use-bound.ts';

/** Places on each side of the swaps that are looked at. */
const SIDE_MOST = 256;
/** Steps over pairs of swaps, over all first swaps. */
const LOOKS_MOST = 20_000_000;
/** Prime: spreads the first swaps over all. */
const STRIDE = 40_503;

/**
 * As many lessors as the bound is for, all used fully, with little loss against the bound: of those
 * that add the limit, a run in order of capacity that holds nearly what is missing, then up
 * to three swaps. With many lessors nearly every sum comes about in this way.
 *
 * @param room  how much more or less than the limit counts as the same.
 * @returns their positions; null when none were found.
 */
export function exactFill(lessors: Lessors, found: UseBound, room: number): number[] | null {
  const { count, capacity, demand, unitCost } = lessors;
  const { added, limit, price, used } = found;
  const sure: number[] = [];
  const free: number[] = [];
  let missing = demand;
  for (let at = 0; at < count; at += 1) {
    const above = (added[at] as number) - limit;
    if (above > room || (unitCost[at] as number) > price) continue;
    if (above >= -room) free.push(at);
    else {
      sure.push(at);
      missing -= capacity[at] as number;
    }
  }
  const wanted = used - sure.length;
  if (wanted < 0 || wanted > free.length || missing < 0) return null;
  const order = sortedOrder(Float64Array.from(free, (at) => capacity[at] as number));
  const sorted = Array.from(order, (place) => free[place] as number);
  const held = sorted.map((at) => capacity[at] as number);
  let sum = 0;
  for (let place = 0; place < wanted; place += 1) sum += held[place] as number;
  // The last run that does not hold too much, and the one after it: either may lack room for swaps.
  for (let start = 0; start + wanted <= held.length; start += 1) {
    const next = sum + ((held[start + wanted] as number) - (held[start] as number));
    if (next <= missing) {
      sum = next;
      continue;
    }
    const run = (from: number, missed: number) => {
      const swaps = swapsFor(held, from, from + wanted, missed);
      return swaps && [...sure, ...swapped(sorted.slice(from, from + wanted), sorted, swaps)];
    };
    return (
      run(start, missing - sum) ?? (Number.isNaN(next) ? null : run(start + 1, missing - next))
    );
  }
  return null;
}

function swapped(chosen: readonly number[], sorted: readonly number[], swaps: readonly Swap[]) {
  const full = new Set(chosen);
  for (const [out, into] of swaps) {
    full.delete(sorted[out] as number);
    full.add(sorted[into] as number);
  }
  return full;
}

/** At most three swaps of a place from `start` to `end` against another that add up to `wanted`. */
function swapsFor(
  held: readonly number[],
  start: number,
  end: number,
  wanted: number,
): Swap[] | null {
  if (wanted === 0) return [];
  const places = held.map((_, place) => place);
  const inside = places.slice(start, end);
  const outside = [...places.slice(0, start), ...places.slice(end)];
  const coarse = new Swaps(held, spread(inside), spread(outside));
  const above = coarse.placeOf(wanted);
  if (coarse.change[above] === wanted) return [coarse.swapOf(above)];
  // Near the ends of the run capacities differ least: pairs of such swaps make the finest sums.
  const near = (place: number) =>
    Math.min(Math.abs(place - start + 0.5), Math.abs(place - end + 0.5)) < SIDE_MOST / 2;
  const fine = new Swaps(held, inside.filter(near), outside.filter(near));
  fine.looks = LOOKS_MOST;
  for (let k = 0; k < coarse.size && fine.looks > 0; k += 1) {
    // By turns the nearest changes, as only little is then missing, and any: near ones may be few.
    const nearest = above + (k % 4 === 0 ? k / 4 : -1 - Math.floor(k / 4));
    const isThere = nearest >= 0 && nearest < coarse.size;
    const first = k % 2 === 0 && isThere ? nearest : (k * STRIDE) % coarse.size;
    const pair = fine.findPair(wanted - (coarse.change[first] as number), coarse.swapOf(first));
    if (pair) return [coarse.swapOf(first), ...pair];
  }
  return null;
}

/** The place that goes out and the one that comes in. */
type Swap = readonly [number, number];

/** All swaps of some places against others, by ascending change of what is held. */
class Swaps {
  readonly size: number;
  readonly change: Float64Array;
  /** Steps that {@link findPair} may still take; each call counts as one through all. */
  looks = 0;
  readonly #inside: readonly number[];
  readonly #outside: readonly number[];
  readonly #order: Uint32Array;

  constructor(held: readonly number[], inside: readonly number[], outside: readonly number[]) {
    const width = outside.length;
    this.size = inside.length * width;
    this.#inside = inside;
    this.#outside = outside;
    const lowest = (held[0] as number) - (held.at(-1) as number);
    const raised = new Float64Array(this.size);
    for (let k = 0; k < this.size; k += 1) {
      const out = held[inside[Math.floor(k / width)] as number] as number;
      raised[k] = (held[outside[k % width] as number] as number) - out - lowest;
    }
    this.#order = sortedOrder(raised);
    this.change = Float64Array.from(this.#order, (k) => (raised[k] as number) + lowest);
  }

  swapOf(at: number): Swap {
    const k = this.#order[at] as number;
    const width = this.#outside.length;
    return [this.#inside[Math.floor(k / width)] as number, this.#outside[k % width] as number];
  }

  /** The first swap that changes so much or more; the number of all when there is none. */
  placeOf(wanted: number): number {
    let at = 0;
    while (at < this.size && (this.change[at] as number) < wanted) at += 1;
    return at;
  }

  /** Two swaps that add up to `wanted`; they and `first` share no place. */
  findPair(wanted: number, first: Swap): [Swap, Swap] | null {
    let low = 0;
    let high = this.size - 1;
    this.looks -= high;
    while (low < high) {
      const sum = (this.change[low] as number) + (this.change[high] as number);
      if (sum === wanted) {
        const pair: [Swap, Swap] = [this.swapOf(low), this.swapOf(high)];
        if (new Set([...first, ...pair[0], ...pair[1]]).size === 6) return pair;
      }
      if (sum < wanted) low += 1;
      else high -= 1;
    }
    return null;
  }
}

/** At most {@link SIDE_MOST} of the places, evenly. */
function spread(places: readonly number[]): number[] {
  if (places.length <= SIDE_MOST) return [...places];
  const at = (k: number) => places[Math.floor((k * places.length) / SIDE_MOST)] as number;
  return Array.from({ length: SIDE_MOST }, (_, k) => at(k));
}
