/** One round as a small machine: compiling, solving elsewhere, placing; each step does bounded work. */
import type { JointInstance } from '../joint/instance.ts';
import type { MarketView } from '../matching/market.ts';
import { type Answered, answerOf, type SolverAnswer } from './answer.ts';
import { type Compiled, compile } from './compile.ts';
import type { RoundOrder } from './market.ts';
import type { RoundSettings } from './settings.ts';

/** What a solver is asked; the hub's shell carries it to a thread and brings the answer back. */
export interface SolveRequest {
  instance: JointInstance;
  /** Units per pair of an answer to do better than: what orders get one by one. */
  start: Int32Array;
  seed: number;
  /** Null: by time alone. */
  iterations: number | null;
  solveMs: number;
}

const SOLVE_MS_LEAST = 20;

export class JointRound {
  readonly number: number;
  readonly orders: readonly RoundOrder[];
  readonly startedAtMs: number;
  stage: 'compiling' | 'solving' | 'placing' | 'placed' = 'compiling';
  compiled: Compiled | null = null;
  answer: SolverAnswer | null = null;
  answered: Answered | null = null;
  solveStartedAtMs = 0;
  solveMs = 0;
  readonly #settings: RoundSettings;
  #compiling: Generator<number, Compiled>;
  #placing: Generator<number, Answered> | null = null;

  /** @param orders  in fair order: lost races first, then as accepted. */
  constructor(
    number: number,
    orders: readonly RoundOrder[],
    view: () => MarketView,
    settings: RoundSettings,
    nowMs: number,
  ) {
    this.number = number;
    this.orders = orders;
    this.startedAtMs = nowMs;
    this.#settings = settings;
    this.#compiling = compile(view, orders, settings.pairsMost);
  }

  /** Does one step's work of the present stage; returns true when that stage is over. */
  work(): boolean {
    if (this.stage === 'compiling') {
      const compiled = this.#run(this.#compiling);
      if (!compiled) return false;
      this.compiled = compiled;
      this.stage = 'solving';
      return true;
    }
    if (this.stage !== 'placing' || !this.compiled) return false;
    this.#placing ??= answerOf(this.compiled, this.answer);
    const answered = this.#run(this.#placing);
    if (!answered) return false;
    this.answered = answered;
    this.stage = 'placed';
    return true;
  }

  /** An answer came, or null when none will. */
  solved(answer: SolverAnswer | null, nowMs: number): void {
    this.answer = answer;
    this.solveMs = nowMs - this.solveStartedAtMs;
    this.stage = 'placing';
  }

  /** A full round gets all of the time, a smaller one its share. */
  get solveTimeMs(): number {
    const { solveMs, ordersMost } = this.#settings;
    const share = Math.ceil((solveMs * this.orders.length) / ordersMost);
    return Math.min(solveMs, Math.max(SOLVE_MS_LEAST, share));
  }

  /** True when nobody gets anything, or there is nobody to compete with: no solver is needed. */
  get isTrivial(): boolean {
    const pairs = this.compiled?.programme.instance.lessor.length ?? 0;
    return pairs === 0 || this.orders.length < 2;
  }

  #run<T>(pieces: Generator<number, T>): T | undefined {
    for (let work = 0; work < this.#settings.workPerStep; ) {
      const next = pieces.next();
      if (next.done) return next.value;
      work += next.value;
    }
    return undefined;
  }
}
