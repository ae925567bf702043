/** A worker thread that answers one question at a time, and may tell news before it has the answer. */
import { Worker } from 'node:worker_threads';
import { SolverFault } from './fault.ts';

/** What a thread sends: any number of `news`, then `answer` or `failed`. */
export type FromThread<News, Answer> =
  | { kind: 'news'; news: News }
  | { kind: 'answer'; answer: Answer }
  | { kind: 'failed'; detail: string };

export class Thread<Question, News, Answer> {
  readonly #worker: Worker;
  #waiting: { tell: (news: News) => void; settle: PromiseWithResolvers<Answer> } | null = null;
  #lost: SolverFault | null = null;

  /**
   * @param name of the module beside this one, without its ending.
   * @param data what the module finds as `workerData`.
   */
  constructor(name: string, data?: unknown) {
    // Sources run as they are; packed, this file and the worker beside it are JavaScript.
    const extension = import.meta.url.slice(-3);
    this.#worker = new Worker(new URL(`./${name}${extension}`, import.meta.url), {
      workerData: data,
    });
    // An idle thread keeps no process alive.
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread<News, Answer>) => this.#hear(message));
    this.#worker.on('error', (error) => this.#lose(`it failed: ${error.message}`, error));
    this.#worker.on('exit', (code) => this.#lose(`it ended with code ${code}`));
  }

  get isBusy(): boolean {
    return this.#waiting !== null;
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** @throws SolverFault SOLVER_THREAD_LOST */
  ask(question: Question, tell: (news: News) => void = () => {}): Promise<Answer> {
    if (this.#lost) return Promise.reject(this.#lost);
    if (this.#waiting) throw new Error('broken invariant: a thread is asked while it works');
    const settle = Promise.withResolvers<Answer>();
    this.#waiting = { tell, settle };
    this.#worker.ref();
    this.#worker.postMessage(question);
    return settle.promise;
  }

  /** Stops it where it is; what it was asked is rejected. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(message: FromThread<News, Answer>): void {
    if (message.kind === 'news') {
      this.#waiting?.tell(message.news);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#worker.unref();
    if (message.kind === 'answer') waiting?.settle.resolve(message.answer);
    else waiting?.settle.reject(new SolverFault('SOLVER_THREAD_LOST', message.detail));
  }

  #lose(hint: string, cause?: unknown): void {
    this.#lost ??= new SolverFault('SOLVER_THREAD_LOST', hint, cause);
    this.#waiting?.settle.reject(this.#lost);
    this.#waiting = null;
  }
}
