/** The order in which lots are preferred, as one number per lot: smaller is better. */
import type { MatchingPriority } from '../order/buy-order.ts';

/** Largest number up to which all whole numbers are held exactly. */
const EXACT_END = 2 ** 53;

/** Lowest price and highest score among all lots that suit, neither below 1. */
export interface Extremes {
  lowest: bigint;
  highest: number;
}

/** The exact key by which the matcher sorts; ties go to price, score, lessor and lot. */
export function exactKey(
  priority: MatchingPriority,
  { lowest, highest }: Extremes,
  price: bigint,
  score: number,
): bigint {
  if (priority.kind === 'price') return price;
  if (priority.kind === 'performance') return BigInt(-score);
  return (
    (BigInt(priority.priceWeight) * price * 1_000_000n) / lowest +
    (BigInt(priority.performanceWeight) * BigInt(highest) * 1_000_000n) / BigInt(Math.max(1, score))
  );
}

/** Keys in plain numbers, with bounds for nodes of the tree. */
export class Ranking {
  readonly priority: MatchingPriority;
  readonly #extremes: Extremes;
  readonly #lowest: number;

  constructor(priority: MatchingPriority, extremes: Extremes) {
    this.priority = priority;
    this.#extremes = extremes;
    this.#lowest = Number(extremes.lowest);
  }

  /** No lot of at least this price and at most this score has a smaller key. */
  atLeast(price: number, score: number): number {
    const { priority } = this;
    if (priority.kind === 'price') return price;
    if (priority.kind === 'performance') return -score;
    const { priceWeight, performanceWeight } = priority;
    const { highest } = this.#extremes;
    // Two floors and a few roundings lie between this and the exact key.
    const sum =
      (priceWeight * price * 1e6) / this.#lowest +
      (performanceWeight * highest * 1e6) / Math.max(1, score);
    return sum * (1 - 1e-12) - 2;
  }

  /** The exact key; NaN when plain numbers cannot hold it. */
  exact(price: number, score: number): number {
    const { priority } = this;
    if (priority.kind === 'price') return price;
    if (priority.kind === 'performance') return -score;
    const key = Number(exactKey(priority, this.#extremes, BigInt(price), score));
    return key < EXACT_END ? key : Number.NaN;
  }
}
