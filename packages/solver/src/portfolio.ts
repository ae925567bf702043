/** Own search and HiGHS side by side on one programme: the better answer and the better bound count. */
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { Warm } from '@sparegrid/core/joint/warm';
import { nowMs } from './clock.ts';
import type { HighsNews } from './highs-worker.ts';
import { type Plan, pairsOf } from './plan.ts';
import type { SearchAnswer, SearchQuestion } from './search-worker.ts';
import { asFound, type SolverResult, withBetter } from './solver-result.ts';
import type { HighsThread, ThreadPool } from './thread-pool.ts';

export interface PortfolioTask {
  /** In shared memory, its penalties those of the objective. */
  instance: JointInstance;
  seed: number;
  iterations: number | null;
  warm: Warm | null;
  start: Int32Array | null;
  /** Moments of the shared clock. */
  time: { fromMs: number; untilMs: number } | null;
  /** At work at once; with 1, or without a limit of time, the search works alone. */
  threads: number;
}

/** Of the time given: how much later HiGHS ends, which makes up for its start; and is cut off. */
const HIGHS_OVERTIME = 0.002;
const CUT_OVERTIME = 0.006;
/** Until HiGHS ends by itself once the answer is proven. */
const END_GRACE_MS = 100;
/** The first turn of a part has this many times the time that it has on the mean. */
const TURN_FACTOR = 2;
const TURN_MS_LEAST = 200;
/** A thread of HiGHS that had a model this large is replaced. */
const COLUMNS_KEPT = 4_000;

type Again = Pick<SearchQuestion, 'orders' | 'warm'>;

/** A part under way; the whole programme is one of them when it is not split. */
interface PartState {
  /** Null: all. */
  readonly orders: Int32Array | null;
  start: Int32Array | null;
  better: Int32Array | null;
  cost: number;
  bound: number;
  turns: number;
}

export class Portfolio {
  readonly #pool: ThreadPool;
  readonly #task: PortfolioTask;
  /** Shared with the search; not 0: end with the best answer so far. */
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #untilMs: number;
  readonly #lengthMs: number;
  readonly #isCut = Promise.withResolvers<void>();
  /** Threads of HiGHS at work, to be cut off when the time is up. */
  readonly #working = new Map<number, HighsThread>();

  constructor(pool: ThreadPool, task: PortfolioTask) {
    this.#pool = pool;
    this.#task = task;
    const { fromMs, untilMs } = task.time ?? { fromMs: 0, untilMs: Number.POSITIVE_INFINITY };
    this.#untilMs = untilMs;
    this.#lengthMs = untilMs - fromMs;
  }

  /** @throws SolverFault SOLVER_THREAD_LOST when the search's thread is lost: HiGHS alone may be. */
  async solve(): Promise<SolverResult> {
    const { time, threads } = this.#task;
    if (!time || threads === 1) return asFound((await this.#search(null)).result);
    const cutAtMs = this.#untilMs + CUT_OVERTIME * this.#lengthMs;
    const cut = setTimeout(() => this.#cut(), Math.max(0, cutAtMs - nowMs()));
    try {
      const planned = Promise.withResolvers<Plan>();
      const searching = this.#search(null, planned.resolve);
      const plan = await Promise.race([planned.promise, searching.then(() => NOTHING)]);
      if (plan.kind === 'whole') return await this.#whole(searching);
      if (plan.kind === 'parts') return await this.#parts(searching, plan);
      return asFound((await searching).result);
    } catch (error) {
      this.#cut();
      throw error;
    } finally {
      clearTimeout(cut);
    }
  }

  /** The best answer so far counts. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1);
    this.#cut();
  }

  get #isStopped(): boolean {
    return Atomics.load(this.#stop, 0) !== 0;
  }

  /** Ends what HiGHS does, and does not wait for the end: what it has told counts. */
  #cut(): void {
    this.#isCut.resolve();
    for (const [k, thread] of this.#working) this.#pool.renew(k, thread);
    this.#working.clear();
  }

  async #untilCut(work: readonly Promise<unknown>[]): Promise<void> {
    await Promise.race([Promise.all(work), this.#isCut.promise]);
  }

  async #whole(searching: Promise<SearchAnswer>): Promise<SolverResult> {
    const { instance } = this.#task;
    const part = partState(null);
    const solving = this.#highs(0, part, this.#untilMs + HIGHS_OVERTIME * this.#lengthMs, () => {
      if (!isOpen(part)) Atomics.store(this.#stop, 0, 1);
    });
    const first = await searching;
    hear(part, { better: first.result, bound: first.result.lowerBound });
    if (isOpen(part) && !this.#isStopped) await this.#polish(part, first);
    if (isOpen(part) && !this.#isStopped) await this.#untilCut([solving]);
    // What is small ends by itself and keeps its thread.
    Atomics.store(this.#stop, 0, 1);
    setTimeout(() => this.#cut(), END_GRACE_MS).unref();
    return withBetter(instance, first.result, part.better ?? first.result.units, part.bound);
  }

  /** Searches around the best answer of both until the time is up. */
  async #polish(part: PartState, { result }: SearchAnswer): Promise<void> {
    const changed = Int32Array.from({ length: this.#task.instance.orders }, (_, i) => i);
    const units = part.better ?? result.units;
    const freed = new Int32Array(0);
    const warm = { certificate: result.certificate, units, changed, freed };
    try {
      const { result: polished } = await this.#search({ orders: null, warm });
      hear(part, { better: polished });
    } catch {
      // What was found before holds without it.
    }
  }

  async #parts(
    searching: Promise<SearchAnswer>,
    plan: Extract<Plan, { kind: 'parts' }>,
  ): Promise<SolverResult> {
    const { instance, threads } = this.#task;
    const states = plan.parts.map(({ orders }) => partState(orders));
    const open = states.filter((_, p) => plan.parts[p]?.by === 'highs');
    const rest = states.find((_, p) => plan.parts[p]?.by === 'search');
    // With much left to the search, it works all the time; else HiGHS starts from what it found.
    const isBeside = rest?.orders != null && 2 * rest.orders.length > instance.orders;
    const beside = isBeside ? this.#turns(open, threads - 1) : [];
    const answer = await searching;
    const { result } = answer;
    for (const [p, part] of states.entries()) {
      const { cost, bound } = answer.parts[p] as { cost: number; bound: number };
      if (cost <= part.cost) {
        part.better = null;
        part.cost = cost;
      }
      part.bound = Math.max(part.bound, bound);
      part.start = pairsOf(instance, part.orders as Int32Array).map((e) => result.units[e]!);
    }
    if (!isBeside && !this.#isStopped && result.gap > 0) {
      const turns = this.#turns(open, rest ? threads - 1 : threads);
      await Promise.all([this.#untilCut(turns), rest && this.#searchRest(rest)]);
    }
    await this.#untilCut(beside);
    const units = result.units.slice();
    let bound = 0;
    for (const { orders, better, bound: own } of states) {
      bound += own;
      if (!better || !orders) continue;
      const pairs = pairsOf(instance, orders);
      for (let k = 0; k < pairs.length; k++) units[pairs[k]!] = better[k]!;
    }
    return withBetter(instance, result, units, bound);
  }

  /** Of the whole from the beginning; or once more, from now on, of a part or from an answer. */
  #search(again: Again | null, onPlan?: (plan: Plan) => void): Promise<SearchAnswer> {
    const { instance, seed, iterations, warm, start, time } = this.#task;
    const own = again
      ? { ...again, start: null, time: { fromMs: nowMs(), untilMs: this.#untilMs } }
      : { orders: null, warm, start, time };
    const isPlanned = onPlan !== undefined;
    return this.#pool.search.ask(
      { instance, seed, iterations, isPlanned, stop: this.#stop, ...own },
      onPlan,
    );
  }

  async #searchRest(rest: PartState): Promise<void> {
    try {
      const { result } = await this.#search({ orders: rest.orders, warm: null });
      hear(rest, { better: result, bound: result.lowerBound });
    } catch {
      // What was found before holds without it.
    }
  }

  /** Threads of HiGHS that take turns until no part is open or the time is up. */
  #turns(open: readonly PartState[], threads: number): Promise<void>[] {
    const busy = new Set<PartState>();
    const take = async (k: number): Promise<void> => {
      for (;;) {
        const leftMs = this.#untilMs - nowMs();
        const part = nextPart(open, busy);
        if (!part || leftMs <= 0 || this.#isStopped) return;
        const waiting = open.filter((one) => isOpen(one) && one.turns === part.turns).length;
        const meanMs = (leftMs * threads) / waiting;
        const turnMs = Math.max(TURN_MS_LEAST, TURN_FACTOR ** (part.turns + 1) * meanMs);
        busy.add(part);
        part.turns++;
        if (!(await this.#highs(k, part, nowMs() + Math.min(leftMs, turnMs)))) return;
        busy.delete(part);
      }
    };
    return Array.from({ length: threads }, (_, k) => take(k));
  }

  /** False when HiGHS is not to be had, or was cut off. */
  async #highs(
    k: number,
    part: PartState,
    untilMs: number,
    onNews: () => void = () => {},
  ): Promise<boolean> {
    const thread = await this.#pool.highs(k);
    if (!thread || this.#isStopped) return false;
    const { instance } = this.#task;
    const start = part.better ?? part.start;
    this.#working.set(k, thread);
    try {
      const { columns } = await thread.ask(
        { instance, orders: part.orders, start, untilMs, stop: this.#stop },
        (news) => {
          hear(part, news);
          onNews();
        },
      );
      this.#working.delete(k);
      if (columns > COLUMNS_KEPT) this.#pool.renew(k, thread);
      return true;
    } catch {
      // Out of memory, or cut off: what it told before holds.
      if (this.#working.delete(k)) this.#pool.renew(k, thread);
      return false;
    }
  }
}

const NOTHING: Plan = { kind: 'none' };

function partState(orders: Int32Array | null): PartState {
  const worst = { cost: Number.POSITIVE_INFINITY, bound: Number.NEGATIVE_INFINITY };
  return { orders, start: null, better: null, turns: 0, ...worst };
}

function hear(part: PartState, { better, bound }: HighsNews): void {
  if (better && better.cost < part.cost) {
    part.better = better.units;
    part.cost = better.cost;
  }
  if (bound !== undefined) part.bound = Math.max(part.bound, bound);
}

function isOpen({ cost, bound }: PartState): boolean {
  return !(cost <= bound);
}

/** Of those that had the fewest turns, the one with the most to gain. */
function nextPart(
  parts: readonly PartState[],
  busy: ReadonlySet<PartState>,
): PartState | undefined {
  let next: PartState | undefined;
  for (const part of parts) {
    if (!isOpen(part) || busy.has(part)) continue;
    if (!next || part.turns < next.turns) next = part;
    else if (part.turns === next.turns && part.cost - part.bound > next.cost - next.bound) {
      next = part;
    }
  }
  return next;
}
