/** Time as an input of every step. */

/**
 * Clocks as inputs. `elapsedMs` never decreases within and across restarts and alone drives holds,
 * graces, retries and metering; `wallMs` serves validity dates and evidence.
 */
export interface Now {
  elapsedMs: number;
  wallMs: number;
}

/** By how much the clocks of sender and receiver seem to differ, for people. */
export function apart(sentAtMs: number, wallMs: number): string {
  const seconds = Math.round(Math.abs(wallMs - sentAtMs) / 1000);
  return `sent ${seconds} s ${wallMs < sentAtMs ? 'ahead of' : 'behind'} the clock here`;
}
