/** What a joint programme is to be solved for, from where, and for how long. */
import type { SolveBudget } from './budget.ts';
import type { Exact } from './exact-parts.ts';
import type { Objective } from './objective.ts';
import type { Warm } from './warm.ts';

export interface JointOptions extends SolveBudget {
  objective?: Objective;
  /** Prices and units of an earlier round, in this instance's numbering. */
  warm?: Warm;
  /**
   * Units per pair of an answer known before, instead of `warm`; the result is never worse than what
   * fits of it.
   */
  start?: Int32Array;
  /** Solves small components to the end; the hub's worker threads provide it. */
  exact?: Exact;
}
