/** Makes a bound of HiGHS, which carries the noise of floats, one that can be relied on. */

/** Noise that HiGHS' tolerances allow for: of the bound itself, and beside it. */
const NOISE = { relative: 1e-9, absolute: 0.01 };

/**
 * Costs are whole. As long as the noise is smaller than 1, rounding up what is left after taking it
 * off passes no whole number that the true bound does not pass.
 */
export function safeBound(bound: number): number {
  if (!Number.isFinite(bound)) return Number.NEGATIVE_INFINITY;
  const noise = NOISE.absolute + NOISE.relative * Math.abs(bound);
  return noise < 1 ? Math.ceil(bound - noise) : Math.floor(bound - noise) - 1;
}
