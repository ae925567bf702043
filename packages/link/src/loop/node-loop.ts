/** The loop around a node's core: drain, step, commit once, and only then tell anyone. */
import type { Send } from '@sparegrid/core/step';
import type { Now } from '@sparegrid/core/units/now';
import type { Write } from '@sparegrid/core/units/write';
import type { Store } from '../store/store.ts';
import type { ElapsedClock } from './elapsed-clock.ts';
import { Inbox } from './inbox.ts';

/** What a core gives out of one step. */
export interface CoreStep<Effect> {
  writes: readonly Write[];
  sends: readonly Send[];
  effects: readonly Effect[];
}

/** A whole-node reducer: the hub's or the participant's. */
export interface LoopCore<Input, Effect> {
  step(now: Now, inputs: readonly Input[], diskLow?: boolean): CoreStep<Effect>;
  /** Elapsed time of the next step that is due without inputs. */
  nextWakeMs(): number;
}

/**
 * Under load the next step waits: what arrives meanwhile shares its commit, its frames and their
 * signatures. Until there is enough to share, and no longer: more would only wait.
 */
export interface Gather<Input> {
  /** From the beginning of one step to that of the next, at most. */
  ms: number;
  /** With inputs of so much weight in the inbox it begins at once. */
  enough: number;
  weigh(input: Input): number;
}

export interface LoopSettings<Input, Effect> {
  core: LoopCore<Input, Effect>;
  store: Store;
  clock: ElapsedClock;
  /** Inputs that may wait for a step; beyond it those who offer wait. */
  inboxMax: number;
  /** With less space the core is told that the disk is low. */
  diskFreeBytesMin: number;
  /** None when left out: a step begins as soon as something is there. */
  gather?: Gather<Input>;
  /**
   * Makes messages ready, their frames and signatures, while the disk works; nothing may leave yet.
   * What it returns gives them away: called after the commit, in the order of the steps.
   */
  prepare(sends: readonly Send[], now: Now): () => void;
  /** Carries out one effect; called after the commit. */
  perform(effect: Effect): void;
  /** A failed commit or a broken invariant: the process must end, the loop does nothing more. */
  onFault(error: unknown): void;
}

/** `setTimeout` takes no longer delay. */
const DELAY_MAX_MS = 2 ** 31 - 1;
/** A step that writes as much is load; what one order by itself writes is less. */
const LOAD_WRITES = 16;

/**
 * One step and one commit at a time; meanwhile the inbox fills, so group commit comes by itself. A
 * disk that is fast would make many small steps of a busy node: after one that wrote much, the next
 * waits a little. While little happens nothing waits.
 * Nothing leaves before the step that made it is durable. A crash anywhere looks to all others like
 * lost messages.
 */
export class NodeLoop<Input, Effect> {
  readonly #settings: LoopSettings<Input, Effect>;
  readonly #inbox: Inbox<Input>;
  #timer: NodeJS.Timeout | undefined;
  #gatherTimer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  /** The steps under way; null while the loop waits. */
  #running: Promise<void> | null = null;
  #state: 'new' | 'open' | 'stopped' = 'new';
  /** Until then what arrives is gathered; on the clock of `performance`. */
  #gatherUntilMs = 0;

  constructor(settings: LoopSettings<Input, Effect>) {
    this.#settings = settings;
    this.#inbox = new Inbox(settings.inboxMax, settings.gather?.weigh);
  }

  /**
   * Takes the first step and commits it: a hub's new epoch is durable before anything leaves. What
   * was offered before goes into that step.
   *
   * @throws what the step or the commit throws; the loop is stopped then.
   */
  async start(): Promise<void> {
    this.#running = this.#step();
    try {
      await this.#running;
    } catch (error) {
      this.#state = 'stopped';
      throw error;
    }
    this.#running = null;
    this.#state = 'open';
    this.#sleep();
  }

  /**
   * Hands an input to the core. Undefined when it is in the inbox; when that is full, a promise that
   * whoever offers must await: a socket stops reading. Of a stopped loop it never resolves.
   */
  offer(input: Input): Promise<void> | undefined {
    if (this.#state === 'stopped') return new Promise(() => {});
    const taken = this.#inbox.offer(input);
    if (this.#state === 'open' && this.#running === null) this.#runWhenGathered();
    return taken;
  }

  /** Takes no more input; resolves once the commit under way is done and its messages are out. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#cancelRun();
    await this.#running;
  }

  /** What else arrives in this turn of the event loop comes along, under load even more. */
  #runWhenGathered(): void {
    if (!this.#isGathering()) this.#immediate ??= setImmediate(() => this.#run());
    else {
      const waitMs = this.#gatherUntilMs - performance.now();
      this.#gatherTimer ??= setTimeout(() => this.#run(), waitMs);
    }
  }

  #runAfter(delayMs: number): void {
    this.#timer = setTimeout(() => this.#run(), Math.min(Math.max(delayMs, 1), DELAY_MAX_MS));
  }

  #cancelRun(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#gatherTimer);
    clearImmediate(this.#immediate);
    this.#gatherTimer = undefined;
    this.#immediate = undefined;
  }

  #run(): void {
    this.#cancelRun();
    if (this.#state !== 'open' || this.#running !== null) return;
    this.#running = this.#steps()
      .then(() => {
        this.#running = null;
        this.#sleep();
      })
      .catch((error: unknown) => {
        this.#state = 'stopped';
        this.#settings.onFault(error);
      });
  }

  async #steps(): Promise<void> {
    do await this.#step();
    while (this.#inbox.size > 0 && this.#state === 'open' && !this.#isGathering());
  }

  #isGathering(): boolean {
    const { gather } = this.#settings;
    // A full inbox is as much as a step takes.
    if (!gather || this.#inbox.full || this.#inbox.weight >= gather.enough) return false;
    return this.#gatherUntilMs > performance.now();
  }

  async #step(): Promise<void> {
    const beganMs = performance.now();
    const { core, store, clock, prepare, perform, diskFreeBytesMin } = this.#settings;
    const diskLow = store.freeBytes() < diskFreeBytesMin;
    const now = clock.now();
    const { writes, sends, effects } = core.step(now, this.#inbox.drain(), diskLow);
    const commit = writes.length > 0 ? store.commit([...writes, clock.record(now)]) : null;
    const release = sends.length > 0 ? prepare(sends, now) : null;
    if (commit !== null) await commit;
    const busy = writes.length >= LOAD_WRITES;
    this.#gatherUntilMs = busy ? beganMs + (this.#settings.gather?.ms ?? 0) : 0;
    release?.();
    for (const effect of effects) perform(effect);
  }

  #sleep(): void {
    if (this.#state !== 'open') return;
    if (this.#inbox.size > 0) return this.#runWhenGathered();
    const { core, clock } = this.#settings;
    const wakeMs = core.nextWakeMs();
    if (wakeMs !== Number.POSITIVE_INFINITY) this.#runAfter(wakeMs - clock.now().elapsedMs);
  }
}
