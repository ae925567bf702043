/** Raises a bound that is concave in its prices: subgradient steps towards a level above the best. */

export interface Ascent {
  readonly start: Float64Array;
  /** No price goes below it. */
  readonly priceLeast: number;
  /** How far above the best bound the first level lies; it comes down on failures. */
  readonly lift: number;
  readonly liftLeast: number;
  readonly failuresMost: number;
  readonly rounds: number;
  readonly timeIsUp: () => boolean;
  /** The bound at these prices; writes per price how fast it grows. */
  readonly boundAt: (price: Float64Array, growth: Float64Array) => number;
}

export interface Raised {
  readonly price: Float64Array;
  readonly bound: number;
}

export function ascend(ascent: Ascent): Raised {
  const { start, failuresMost, rounds, liftLeast, timeIsUp } = ascent;
  const price = start.slice();
  const best = start.slice();
  const growth = new Float64Array(start.length);
  const direction = new Float64Array(start.length);
  let bestBound = Number.NEGATIVE_INFINITY;
  let lift = ascent.lift;
  let failures = 0;
  for (let round = 0; round < rounds && lift > liftLeast && !timeIsUp(); round++) {
    const bound = ascent.boundAt(price, growth);
    if (bound > bestBound + 0.01 * lift) failures = 0;
    else failures++;
    if (bound > bestBound) {
      bestBound = bound;
      best.set(price);
    }
    if (failures > failuresMost) {
      failures = 0;
      lift *= 0.75;
    }
    step(price, direction, growth, ascent.priceLeast, bestBound + lift - bound);
  }
  return { price: best, bound: bestBound };
}

function step(
  price: Float64Array,
  direction: Float64Array,
  growth: Float64Array,
  priceLeast: number,
  length: number,
): void {
  let norm = 0;
  for (let k = 0; k < price.length; k++) {
    const idle = growth[k]! < 0 && price[k] === priceLeast;
    direction[k] = idle ? 0 : 0.3 * growth[k]! + 0.7 * direction[k]!;
    norm += idle ? 0 : growth[k]! * growth[k]!;
  }
  if (norm === 0) return;
  for (let k = 0; k < price.length; k++) {
    price[k] = Math.max(priceLeast, price[k]! + (length / norm) * direction[k]!);
  }
}
