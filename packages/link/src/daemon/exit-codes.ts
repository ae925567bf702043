/** Exit codes of every daemon; documented, so that supervisors can tell what to do. */

/** Ended because it was told to. */
export const EXIT_OK = 0;
/** The configuration is wrong: starting again without changing it is useless. */
export const EXIT_CONFIG = 2;
/** A fault (commit failed, store in use, broken invariant): what was acknowledged is durable. */
export const EXIT_FAULT = 70;
