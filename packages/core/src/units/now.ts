/** Time as an input of every step. */

/**
 * Clocks as inputs. `elapsedMs` never decreases within and across restarts and alone drives holds,
 * graces, retries and metering; `wallMs` serves validity dates and evidence.
 */
export interface Now {
  elapsedMs: number;
  wallMs: number;
}
