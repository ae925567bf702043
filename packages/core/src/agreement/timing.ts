/** Time bounds of the protocol. */

/** Bounds, in milliseconds of the elapsed clock unless said otherwise. */
export interface Timing {
  heartbeatMs: number;
  /** A hub silent for longer has its rows marked stale. */
  hubStaleMs: number;
  /** An agent silent for longer has its offer taken out of the panorama. */
  agentSilentMs: number;
  /** First wait before an unanswered message is sent again; doubles up to `retryMaxMs`. */
  retryMs: number;
  retryMaxMs: number;
  /** How long the first hub waits for votes. */
  voteTimeoutMs: number;
  /** How long a target hub holds a voted part without ACTIVATE. */
  holdMs: number;
  /** From ACTIVATE to ALL_STARTED. */
  startGraceMs: number;
  /** What an agent may take to stop a container. */
  stopTimeMs: number;
  /** Ended records stay in memory this long, then only in the store. */
  retainMs: number;
  /** Validity of a frame, wall time. */
  frameTtlMs: number;
  /** Allowed difference between wall clocks. */
  toleranceMs: number;
}

/** A lost lessor's stock is held for no longer: bound of an order's `disconnect.stopAfterMs`. */
export const STOP_AFTER_MS_MAX = 24 * 3_600_000;

/** A part that ran is billed for at least this long. */
export const BILLING_MIN_MS = 1_000;

export const DEFAULT_TIMING: Timing = {
  heartbeatMs: 1_000,
  hubStaleMs: 5_000,
  agentSilentMs: 10_000,
  retryMs: 500,
  retryMaxMs: 8_000,
  voteTimeoutMs: 3_000,
  holdMs: 10_000,
  startGraceMs: 60_000,
  stopTimeMs: 15_000,
  retainMs: 1_800_000,
  frameTtlMs: 30_000,
  toleranceMs: 600_000,
};
