/** Moments that mean the same in every thread. */

/** Milliseconds; never decreases. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
