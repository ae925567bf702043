/** The threads of one solver, replaced when they are lost. */
import { highsModule } from './highs-module.ts';
import type { HighsAnswer, HighsNews, HighsQuestion } from './highs-worker.ts';
import type { Plan } from './plan.ts';
import type { SearchAnswer, SearchQuestion } from './search-worker.ts';
import { Thread } from './thread.ts';

export type SearchThread = Thread<SearchQuestion, Plan, SearchAnswer>;
export type HighsThread = Thread<HighsQuestion, HighsNews, HighsAnswer>;

export class ThreadPool {
  #search: SearchThread | null = null;
  readonly #highs: (HighsThread | null)[] = [];
  readonly #ending = new Set<Promise<void>>();
  #isClosed = false;

  /** Starts the search's thread and some of HiGHS; more are started when asked for. */
  prepare(highsThreads: number): void {
    this.#search ??= new Thread('search-worker');
    for (let k = 0; k < highsThreads; k++) void this.highs(k);
  }

  get search(): SearchThread {
    if (!this.#search || this.#search.isLost) this.#search = new Thread('search-worker');
    return this.#search;
  }

  /** Null where HiGHS cannot be loaded. */
  async highs(k: number): Promise<HighsThread | null> {
    const module = await highsModule();
    if (!module || this.#isClosed) return null;
    const known = this.#highs[k];
    if (known?.isBusy) {
      this.renew(k, known);
      return this.highs(k);
    }
    if (known && !known.isLost) return known;
    const thread: HighsThread = new Thread('highs-worker', module);
    this.#highs[k] = thread;
    return thread;
  }

  /** Ends a thread of HiGHS, at work or not: its heap never shrinks. The next one starts at once. */
  renew(k: number, thread: HighsThread): void {
    if (this.#highs[k] !== thread) return;
    this.#highs[k] = null;
    const ended = thread.end().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
    void this.highs(k);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const threads = [this.#search, ...this.#highs];
    await Promise.all([...threads.map((thread) => thread?.end()), ...this.#ending]);
  }
}
