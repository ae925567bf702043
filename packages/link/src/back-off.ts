/** Waiting times between attempts: doubling, bounded, and spread so that nobody marches in step. */

export const BACK_OFF_MIN_MS = 50;
export const BACK_OFF_MAX_MS = 1_000;

/**
 * @param attempt number of failures so far, from 0.
 * @param random in [0, 1); the result lies between half and the whole of the step.
 * @param mostMs the longest step.
 */
export function backOffMs(attempt: number, random: number, mostMs = BACK_OFF_MAX_MS): number {
  const step = Math.min(mostMs, BACK_OFF_MIN_MS * 2 ** Math.min(attempt, 16));
  return (step / 2) * (1 + random);
}
