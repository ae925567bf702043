/** Model of a node's loop: drain, step, commit in one transaction, and only then tell anyone. */
import type { Now, Send, Write } from '@sparegrid/core/step';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { NodeClock } from '../kernel/node-clock.ts';
import type { SimStore } from '../kernel/sim-store.ts';

export interface StepOutput<Effect> {
  writes: Write[];
  sends: Send[];
  effects: Effect[];
}

export interface SteppedCore<Input, Effect> {
  step(now: Now, inputs: readonly Input[]): StepOutput<Effect>;
  nextWakeMs(): number;
}

/** What the loop tells and asks around it. */
export interface LoopHost<Input, Effect> {
  /** @param isAlone  a step for one hostile input: a slow disk shall not pile them up. */
  commitDelayMs(isAlone: boolean): number;
  /** True when the input must be stepped alone, so that what comes of it can be judged. */
  isAlone(input: Input): boolean;
  stepped(now: Now, inputs: readonly Input[], output: StepOutput<Effect>): void;
  /** True when the node dies here; the host then calls {@link CommitLoop.kill}. */
  diesAt(phase: 'beforeCommit' | 'afterCommit', output: StepOutput<Effect>): boolean;
  committed(now: Now, output: StepOutput<Effect>): void;
  release(now: Now, output: StepOutput<Effect>): void;
  /** The core asks to be woken over and over but does nothing. */
  spins(): void;
  /** The core stopped on a broken invariant: the process ends. The host calls `kill`. */
  threw(error: unknown): void;
}

const BATCH_MAX = 64;
const IDLE_STEPS_MAX = 500;
export const CLOCK_TABLE = 'meta';
export const CLOCK_KEY = 'clock';

export class CommitLoop<Input, Effect> {
  readonly #queue: EventQueue;
  readonly #clock: NodeClock;
  readonly #store: SimStore;
  readonly #host: LoopHost<Input, Effect>;
  #core: SteppedCore<Input, Effect> | null = null;
  /** Counts lives: what an earlier life asked for is void. */
  #life = 0;
  #inbox: Input[] = [];
  #committing = false;
  #frozenUntilMs = 0;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #idleSteps = 0;

  constructor(queue: EventQueue, clock: NodeClock, store: SimStore, host: LoopHost<Input, Effect>) {
    this.#queue = queue;
    this.#clock = clock;
    this.#store = store;
    this.#host = host;
  }

  get isUp(): boolean {
    return this.#core !== null;
  }

  get isCommitting(): boolean {
    return this.#committing;
  }

  /** More waits than a step takes. A production loop has no such bound: this one can fall behind. */
  get isOverloaded(): boolean {
    return this.#inbox.length > BATCH_MAX;
  }

  /** Begins a life with a step without inputs, as production does. */
  start(core: SteppedCore<Input, Effect>): void {
    this.#core = core;
    this.#life += 1;
    this.#inbox = [];
    this.#committing = false;
    this.#frozenUntilMs = 0;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#step(core, []);
  }

  /** Ends the life at once; everything not committed is gone. */
  kill(): void {
    this.#core = null;
    this.#life += 1;
    this.#inbox = [];
    this.#committing = false;
  }

  /** The process stands still until `untilMs`, then goes on with all that waited. */
  freeze(untilMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs);
    this.#later(untilMs, () => this.#run());
  }

  offer(input: Input): void {
    if (!this.#core) return;
    this.#inbox.push(input);
    this.#later(this.#queue.nowMs, () => this.#run());
  }

  #later(atMs: number, run: () => void): void {
    const life = this.#life;
    this.#queue.at(atMs, () => {
      if (life === this.#life) run();
    });
  }

  #run(): void {
    const core = this.#core;
    if (!core || this.#committing || this.#queue.nowMs < this.#frozenUntilMs) return;
    const isDue = core.nextWakeMs() <= this.#clock.read(this.#queue.nowMs).elapsedMs;
    const first = this.#inbox[0];
    if (first === undefined ? isDue : isDue && this.#host.isAlone(first)) this.#step(core, []);
    else if (first !== undefined) this.#step(core, this.#take());
    else this.#sleep(core);
  }

  /** Takes inputs up to the next one that must be alone. */
  #take(): Input[] {
    let count = 1;
    const first = this.#inbox[0];
    if (first !== undefined && !this.#host.isAlone(first)) {
      for (; count < Math.min(this.#inbox.length, BATCH_MAX); count += 1) {
        if (this.#host.isAlone(this.#inbox[count] as Input)) break;
      }
    }
    return this.#inbox.splice(0, count);
  }

  #step(core: SteppedCore<Input, Effect>, inputs: readonly Input[]): void {
    const now = this.#clock.read(this.#queue.nowMs);
    const output = this.#tryStep(core, now, inputs);
    if (!output) return;
    const { writes, sends, effects } = output;
    const isIdle = inputs.length + writes.length + sends.length + effects.length === 0;
    this.#idleSteps = isIdle ? this.#idleSteps + 1 : 0;
    if (this.#idleSteps === IDLE_STEPS_MAX) this.#host.spins();
    this.#host.stepped(now, inputs, output);
    if (writes.length === 0) {
      this.#host.release(now, output);
      this.#sleep(core);
      return;
    }
    this.#committing = true;
    const first = inputs[0];
    const isAlone = inputs.length === 1 && first !== undefined && this.#host.isAlone(first);
    const delayMs = this.#host.commitDelayMs(isAlone);
    this.#later(this.#queue.nowMs + delayMs, () => this.#commit(now, output));
  }

  #tryStep(
    core: SteppedCore<Input, Effect>,
    now: Now,
    inputs: readonly Input[],
  ): StepOutput<Effect> | null {
    try {
      return core.step(now, inputs);
    } catch (error) {
      this.#host.threw(error);
      return null;
    }
  }

  #commit(now: Now, output: StepOutput<Effect>): void {
    if (this.#queue.nowMs < this.#frozenUntilMs) {
      this.#later(this.#frozenUntilMs, () => this.#commit(now, output));
      return;
    }
    if (this.#host.diesAt('beforeCommit', output)) return;
    const clock = JSON.stringify({ elapsedMs: now.elapsedMs });
    const record = { table: CLOCK_TABLE, key: CLOCK_KEY, text: clock, live: true };
    this.#store.commit([...output.writes, record]);
    this.#host.committed(now, output);
    if (this.#host.diesAt('afterCommit', output)) return;
    this.#committing = false;
    this.#host.release(now, output);
    if (this.#core) this.#sleep(this.#core);
  }

  /** Waits for inputs or for the next deadline, whichever is first. */
  #sleep(core: SteppedCore<Input, Effect>): void {
    const nowMs = this.#queue.nowMs;
    if (this.#inbox.length > 0) {
      this.#later(nowMs, () => this.#run());
      return;
    }
    const wakeMs = core.nextWakeMs();
    if (wakeMs === Number.POSITIVE_INFINITY) return;
    const atMs = Math.max(this.#clock.virtualAt(wakeMs), nowMs + 1);
    if (this.#wakeAtMs > nowMs && this.#wakeAtMs <= atMs) return;
    this.#wakeAtMs = atMs;
    this.#later(atMs, () => this.#run());
  }
}

/** What the elapsed clock showed at the last commit. */
export function storedElapsedMs(store: SimStore): number {
  const text = store.get(CLOCK_TABLE, CLOCK_KEY);
  return text === undefined ? 0 : (JSON.parse(text) as { elapsedMs: number }).elapsedMs;
}
