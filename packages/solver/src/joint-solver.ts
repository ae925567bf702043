/** Solves joint programmes off the caller's event loop. */
import { availableParallelism } from 'node:os';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { Objective } from '@sparegrid/core/joint/objective';
import type { JointResult } from '@sparegrid/core/joint/solve';
import type { Warm } from '@sparegrid/core/joint/warm';
import { nowMs } from './clock.ts';
import { SolverFault } from './fault.ts';
import type { SearchQuestion } from './search-worker.ts';
import { sharedInstance } from './shared-instance.ts';
import { Thread } from './thread.ts';

export interface SolverOptions {
  /** Any integer. */
  seed: number;
  /** From the call on, at most. */
  seconds?: number;
  /** Steps of the own search, which then works alone: the same answer on every machine. */
  iterations?: number;
  objective?: Objective;
  /** Prices and units of an earlier round, in this instance's numbering. */
  warm?: Warm;
  /** Ends the work early: the best answer so far counts. */
  signal?: AbortSignal;
}

export interface SolverResult extends JointResult {
  /** What proves `lowerBound`: the certificate's prices, or what HiGHS says. */
  readonly boundBy: 'prices' | 'highs';
  /** What the certificate alone proves. */
  readonly boundByPrices: number;
}

/** After a call to stop, a thread has this long before it is ended as it is. */
const STOP_GRACE_MS = 2_000;

/**
 * Every answer has been read by the independent checker. Calls wait for each other. Columns of an
 * instance that lie in shared memory are not copied, see `sharedInstance`.
 */
export class JointSolver {
  #search: Thread<SearchQuestion, never, JointResult> | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  readonly #threads: number;

  /** @param options.threads at work at once, at least 1; with 1 only the own search. */
  constructor({ threads = availableParallelism() }: { threads?: number } = {}) {
    this.#threads = Math.max(1, threads);
    this.#search = new Thread('search-worker');
  }

  /**
   * With neither `seconds` nor `iterations`, a number of iterations that depends on the instance.
   *
   * @throws SolverFault SOLVER_THREAD_LOST, SOLVER_ABORTED, SOLVER_CLOSED
   */
  solve(instance: JointInstance, options: SolverOptions): Promise<SolverResult> {
    const fromMs = nowMs();
    const solved = this.#last.then(() => this.#solve(instance, options, fromMs));
    this.#last = solved.catch(() => {});
    return solved;
  }

  /** Ends all threads; what is being solved is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const search = this.#search;
    this.#search = null;
    await search?.end();
  }

  async #solve(
    instance: JointInstance,
    options: SolverOptions,
    fromMs: number,
  ): Promise<SolverResult> {
    if (this.#isClosed) throw closed();
    const { signal } = options;
    if (signal?.aborted) throw new SolverFault('SOLVER_ABORTED', 'it was called off already');
    const search = this.#searchThread();
    const stop = new Int32Array(new SharedArrayBuffer(4));
    let grace: NodeJS.Timeout | undefined;
    const onAbort = () => {
      Atomics.store(stop, 0, 1);
      grace = setTimeout(() => void search.end(), STOP_GRACE_MS);
    };
    signal?.addEventListener('abort', onAbort);
    try {
      const { seconds } = options;
      const result = await search.ask({
        instance: sharedInstance(instance),
        objective: options.objective ?? 'welfare',
        seed: options.seed,
        iterations: options.iterations ?? null,
        warm: options.warm ?? null,
        time: seconds === undefined ? null : { fromMs, untilMs: fromMs + 1_000 * seconds },
        stop,
      });
      return { ...result, boundBy: 'prices', boundByPrices: result.lowerBound };
    } catch (error) {
      if (this.#isClosed) throw closed();
      if (signal?.aborted) throw new SolverFault('SOLVER_ABORTED', 'nothing was found yet', error);
      throw error;
    } finally {
      clearTimeout(grace);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #searchThread(): Thread<SearchQuestion, never, JointResult> {
    if (!this.#search || this.#search.isLost) this.#search = new Thread('search-worker');
    return this.#search;
  }
}

function closed(): SolverFault {
  return new SolverFault('SOLVER_CLOSED', 'open another one');
}
