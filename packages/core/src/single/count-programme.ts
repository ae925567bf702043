/** The dynamic programme over replicas, lessor by lessor, with the number of lessors used. */
import type { Count } from './count-bound.ts';
import type { Curves } from './lessor-curves.ts';

/** Cells of the table of choices at most: two bytes each. */
export const CELLS_MAX = 40_000_000;

export interface Placed {
  cost: number;
  /** Replicas per lessor; what is missing to the count stays outside. */
  replicas: Map<number, number>;
}

/** Rows of the table: one per number of lessors used, or one when there are never too many. */
export function rowsOf(chosen: number, { lessorsMost, count }: Count): number {
  return lessorsMost >= Math.min(chosen, count) ? 1 : lessorsMost + 1;
}

/**
 * The cheapest way to place exactly `count` replicas at the chosen lessors or outside. A lessor's
 * curve is convex apart from its fixed cost, so its lots are added one by one, each by a window
 * that slides over the row: the work is lots times replicas times rows.
 */
export function placeCount(
  curves: Curves,
  chosen: readonly number[],
  wanted: Count,
): Placed | null {
  const { count, outside } = wanted;
  const width = count + 1;
  const rows = rowsOf(chosen.length, wanted);
  const counted = rows > 1;
  const cost: Float64Array[] = Array.from({ length: rows }, () =>
    new Float64Array(width).fill(Number.POSITIVE_INFINITY),
  );
  const none = cost[0] as Float64Array;
  for (let at = 0; at <= Math.min(count, outside.units); at += 1) none[at] = at * outside.unitCost;
  const choice = chosen.map(() => new Uint16Array(rows * width));
  const window = new Window(width);
  for (const [place, j] of chosen.entries()) {
    const table = choice[place] as Uint16Array;
    // From the last row down: a row reads the one below it as it was before this lessor.
    for (let row = rows - 1; row >= (counted ? 1 : 0); row -= 1) {
      const from = cost[counted ? row - 1 : row] as Float64Array;
      window.addLessor(curves, j, from);
      const into = cost[row] as Float64Array;
      for (let at = 1; at < width; at += 1) {
        if ((window.cost[at] as number) >= (into[at] as number)) continue;
        into[at] = window.cost[at] as number;
        table[row * width + at] = window.taken[at] as number;
      }
    }
  }
  return traced(cost, choice, chosen, counted, count);
}

function traced(
  cost: readonly Float64Array[],
  choice: readonly Uint16Array[],
  chosen: readonly number[],
  counted: boolean,
  count: number,
): Placed | null {
  let row = 0;
  for (let at = 1; at < cost.length; at += 1) {
    if ((cost[at]?.[count] as number) < (cost[row]?.[count] as number)) row = at;
  }
  const best = cost[row]?.[count] as number;
  if (best === Number.POSITIVE_INFINITY) return null;
  const replicas = new Map<number, number>();
  let left = count;
  for (let place = chosen.length - 1; place >= 0; place -= 1) {
    const taken = choice[place]?.[row * (count + 1) + left] as number;
    if (taken === 0) continue;
    replicas.set(chosen[place] as number, taken);
    left -= taken;
    if (counted) row -= 1;
  }
  return { cost: best, replicas };
}

/** A row with one lessor added: its fixed cost, then each lot by a sliding minimum. */
class Window {
  cost: Float64Array;
  taken: Uint16Array;
  #nextCost: Float64Array;
  #nextTaken: Uint16Array;
  readonly #queue: Int32Array;

  constructor(width: number) {
    this.cost = new Float64Array(width);
    this.taken = new Uint16Array(width);
    this.#nextCost = new Float64Array(width);
    this.#nextTaken = new Uint16Array(width);
    this.#queue = new Int32Array(width);
  }

  addLessor({ first, units, unitCost, fixedCost }: Curves, j: number, from: Float64Array): void {
    const fixed = fixedCost[j] as number;
    for (let at = 0; at < from.length; at += 1) this.cost[at] = (from[at] as number) + fixed;
    this.taken.fill(0);
    for (let lot = first[j] as number; lot < (first[j + 1] as number); lot += 1) {
      this.#addLot(units[lot] as number, unitCost[lot] as number);
    }
  }

  #addLot(units: number, unitCost: number): void {
    const queue = this.#queue;
    let head = 0;
    let tail = 0;
    for (let at = 0; at < this.cost.length; at += 1) {
      const own = (this.cost[at] as number) - unitCost * at;
      while (tail > head) {
        const last = queue[tail - 1] as number;
        if ((this.cost[last] as number) - unitCost * last < own) break;
        tail -= 1;
      }
      queue[tail++] = at;
      if ((queue[head] as number) < at - units) head += 1;
      const best = queue[head] as number;
      this.#nextCost[at] = (this.cost[best] as number) + unitCost * (at - best);
      this.#nextTaken[at] = (this.taken[best] as number) + (at - best);
    }
    [this.cost, this.#nextCost] = [this.#nextCost, this.cost];
    [this.taken, this.#nextTaken] = [this.#nextTaken, this.taken];
  }
}
