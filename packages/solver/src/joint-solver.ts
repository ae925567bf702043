/** Solves joint programmes off the caller's event loop. */
import { availableParallelism } from 'node:os';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { fillFirst, type Objective } from '@sparegrid/core/joint/objective';
import type { Warm } from '@sparegrid/core/joint/warm';
import { nowMs } from './clock.ts';
import { SolverFault } from './fault.ts';
import { Portfolio } from './portfolio.ts';
import { sharedInstance } from './shared-instance.ts';
import type { SolverResult } from './solver-result.ts';
import { ThreadPool } from './thread-pool.ts';

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
  /** Units per pair of an answer known before, for the own search. */
  start?: Int32Array;
  /** Ends the work early: the best answer so far counts. */
  signal?: AbortSignal;
}

/** After a call to stop, the search has this long before its thread is ended as it is. */
const STOP_GRACE_MS = 2_000;
/** Of all penalties together: what no answer exceeds. */
const FLOAT_COST_MOST = 1e10;

/**
 * Every answer has been read by the independent checker. Calls wait for each other. Columns of an
 * instance that lie in shared memory are not copied, see `sharedInstance`.
 */
export class JointSolver {
  readonly #threads: number;
  readonly #pool = new ThreadPool();
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** @param options.threads at work at once, at least 1; with 1 the search works alone. */
  constructor({ threads = Math.max(2, availableParallelism()) }: { threads?: number } = {}) {
    this.#threads = Math.max(1, threads);
  }

  /** Starts the threads now, so that the first call with `seconds` does not wait for them. */
  prepare(): void {
    this.#pool.prepare(this.#threads - 1);
  }

  /**
   * With neither `seconds` nor `iterations`, a number of iterations that depends on the instance.
   *
   * @throws SolverFault SOLVER_THREAD_LOST, SOLVER_ABORTED, SOLVER_CLOSED
   */
  solve(instance: JointInstance, options: SolverOptions): Promise<SolverResult> {
    const solved = this.#last.then(() => this.#solve(instance, options));
    this.#last = solved.catch(() => {});
    return solved;
  }

  /** Ends all threads; what is being solved is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.close();
  }

  async #solve(given: JointInstance, options: SolverOptions): Promise<SolverResult> {
    const fromMs = nowMs();
    if (this.#isClosed) throw new SolverFault('SOLVER_CLOSED', 'open another one');
    const { signal } = options;
    if (signal?.aborted) throw new SolverFault('SOLVER_ABORTED', 'it was called off already');
    const wanted = options.objective === 'fill-first' ? (fillFirst(given) ?? given) : given;
    const portfolio = this.#portfolio(sharedInstance(wanted), options, fromMs);
    let grace: NodeJS.Timeout | undefined;
    const onAbort = () => {
      portfolio.stop();
      const { search } = this.#pool;
      grace = setTimeout(() => void search.end(), STOP_GRACE_MS);
    };
    signal?.addEventListener('abort', onAbort);
    try {
      return await portfolio.solve();
    } catch (error) {
      if (this.#isClosed) throw new SolverFault('SOLVER_CLOSED', 'open another one', error);
      if (signal?.aborted) throw new SolverFault('SOLVER_ABORTED', 'nothing was found yet', error);
      throw error;
    } finally {
      clearTimeout(grace);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #portfolio(instance: JointInstance, options: SolverOptions, fromMs: number): Portfolio {
    const { seed, iterations = null, seconds, warm = null, start = null } = options;
    const time = seconds === undefined ? null : { fromMs, untilMs: fromMs + 1_000 * seconds };
    const isAlone = iterations !== null || this.#threads === 1 || !isExactInFloats(instance);
    const threads = isAlone ? 1 : this.#threads;
    return new Portfolio(this.#pool, { instance, seed, iterations, warm, start, time, threads });
  }
}

/** Whether the floats of HiGHS tell answers apart that differ by 1. */
function isExactInFloats({ penalty }: JointInstance): boolean {
  let most = 0;
  for (const one of penalty) most += one;
  return most <= FLOAT_COST_MOST;
}
