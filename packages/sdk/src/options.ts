/** What calls of the client take and give back. */
import type { Explanation } from '@sparegrid/core/matching/explain';
import type { LeaseStream, LogCursor, OrderPlan } from '@sparegrid/core/messages';

export interface WatchOptions {
  signal?: AbortSignal | undefined;
}

export interface LogOptions extends WatchOptions {
  /** False: what there is now. True: as it comes, until the order ends. */
  follow?: boolean;
  /**
   * `output`: what its programs write. `life`, `usage`: a JSON line per event of its containers, and
   * per sample of what they use.
   */
  stream?: 'output' | LeaseStream;
  /** False: whoever follows watches the order, too, and the key is released there. True when left out. */
  release?: boolean;
  /** Where to go on: for each container the last chunk already seen. */
  after?: LogCursor;
}

export interface Plan {
  plan: OrderPlan;
  lessors: Explanation[];
}
