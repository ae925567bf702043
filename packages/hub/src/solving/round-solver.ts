/** Solves rounds off the hub's loop: in one thread of its own, started when the first one comes. */
import { Worker } from 'node:worker_threads';
import type { SolverAnswer } from '@sparegrid/core/rounds/answer';
import type { SolveRequest } from '@sparegrid/core/rounds/round';
import type { ToWorker } from './joint-worker.ts';

interface FromWorker {
  id: number;
  answer: SolverAnswer;
}

/**
 * A hub has at most one round under way, so one thread is enough. A thread that fails answers null
 * to what it was asked, and the next question starts a new one: the hub goes on without it.
 */
export class RoundSolver {
  #worker: Worker | null = null;
  #asked = 0;
  #waiting = new Map<number, (answer: SolverAnswer | null) => void>();
  readonly #onFault: (error: unknown) => void;

  /** @param onFault  told of every thread that failed. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Null: the solver failed. */
  solve(request: SolveRequest): Promise<SolverAnswer | null> {
    this.#asked += 1;
    const id = this.#asked;
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id, request } satisfies ToWorker);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
    this.#failAll();
  }

  #start(): Worker {
    // The worker has the extension of this file: .ts in a checkout, .js in a package.
    const extension = import.meta.url.slice(-3);
    const worker = new Worker(new URL(`./joint-worker${extension}`, import.meta.url));
    worker.unref();
    worker.on('message', ({ id, answer }: FromWorker) => {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
    worker.on('error', (error) => this.#onFault(error));
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#failAll();
    });
    return worker;
  }

  #failAll(): void {
    for (const resolve of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}
