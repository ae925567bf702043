/** By which bound a full leaf is split: the one in which its lots differ most for their price. */
import {
  ASKS_MIN,
  BOUND_WORDS,
  CPU_MAX,
  MEMORY_MAX,
  SCORE_MAX,
  STORAGE_MAX,
  WHOLES_MAX,
} from './node-bounds.ts';

/** Lots that are alike in everything are split by their names. */
export const SPLIT_BY_NAME = 31;

export interface Split {
  by: number;
  /** Largest value that goes left. */
  upTo: number;
}

/** Amounts of an order in the middle of the market: what an ask weighs in a price. */
const TYPICAL = [1, 8, 32, 100, 1] as const;
/** What the spread of an amount, or of the score, counts against the whole price. */
const AMOUNTS: readonly (readonly [bound: number, weight: number])[] = [
  [CPU_MAX, 0.06],
  [MEMORY_MAX, 0.06],
  [STORAGE_MAX, 0.04],
  [SCORE_MAX, 0.06],
  [WHOLES_MAX, 0.06],
];

/**
 * @param bounds of `count` lots, one after the other.
 * @param all bounds of all lots of the tree, from `root` on: spreads are measured against them.
 */
export function chooseSplit(
  bounds: Uint32Array,
  count: number,
  all: Uint32Array,
  root: number,
): Split {
  let by = SPLIT_BY_NAME;
  let widest = 0;
  const consider = (bound: number, spread: number) => {
    if (spread <= widest) return;
    by = bound;
    widest = spread;
  };
  const ranges = TYPICAL.map((_, ask) => rangeOf(bounds, count, ASKS_MIN + ask));
  const price = ranges.reduce((sum, { high }, ask) => sum + high * TYPICAL[ask]!, 0);
  ranges.forEach(({ low, high }, ask) => {
    consider(ASKS_MIN + ask, ((high - low) * TYPICAL[ask]!) / Math.max(1, price));
  });
  for (const [bound, weight] of AMOUNTS) {
    const { low, high } = rangeOf(bounds, count, bound);
    consider(bound, (weight * (high - low)) / Math.max(1, all[root + bound]!));
  }
  return by === SPLIT_BY_NAME ? { by, upTo: 0 } : { by, upTo: middleOf(bounds, count, by) };
}

function rangeOf(bounds: Uint32Array, count: number, bound: number) {
  let low = 0xffffffff;
  let high = 0;
  for (let lot = 0; lot < count; lot += 1) {
    const value = bounds[lot * BOUND_WORDS + bound]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** The middle value, or the largest below the highest, so that neither side is empty. */
function middleOf(bounds: Uint32Array, count: number, bound: number): number {
  const values = new Uint32Array(count);
  for (let lot = 0; lot < count; lot += 1) values[lot] = bounds[lot * BOUND_WORDS + bound]!;
  values.sort();
  const highest = values[count - 1]!;
  let at = (count >> 1) - 1;
  while (values[at] === highest) at -= 1;
  return values[at]!;
}
