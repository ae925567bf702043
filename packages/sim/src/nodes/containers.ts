/** Model of a container runtime: it outlives its agent, starts late, fails, and takes time to stop. */
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { Rng } from '../kernel/rng.ts';
import { behaviourOf } from '../workload/behaviour.ts';
import { openedTask } from '../workload/seal.ts';
import type { FaultPlan } from '../world/fault-plan.ts';

/** Where engines start late: how often one is away when it shall stop something. */
const AWAY_PERMILLE = 400;

export interface SimContainer {
  id: ContainerId;
  state: 'starting' | 'running' | 'exited';
  exitCode: number | null;
  reason: 'exit' | 'stopped' | 'start-failed' | 'key-invalid' | null;
}

export interface RuntimeListener {
  started(container: SimContainer): void;
  exited(container: SimContainer): void;
  /** Its engine is away: it ends later than its agent wants it to. */
  outlives(container: SimContainer): void;
}

/** The runtime of one lessor. */
export class Containers {
  readonly known = new Map<ContainerId, SimContainer>();
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #plan: FaultPlan;
  readonly #stopTimeMs: number;
  readonly #listener: RuntimeListener;
  /** Apart, so that other draws stay what they were. */
  readonly #engineRng: Rng;

  constructor(
    queue: EventQueue,
    rng: Rng,
    plan: FaultPlan,
    stopTimeMs: number,
    listener: RuntimeListener,
  ) {
    this.#queue = queue;
    this.#rng = rng;
    this.#plan = plan;
    this.#stopTimeMs = stopTimeMs;
    this.#listener = listener;
    this.#engineRng = rng.fork('engine');
  }

  start(desired: DesiredContainer): void {
    const { id } = desired;
    const container: SimContainer = { id, state: 'starting', exitCode: null, reason: null };
    this.known.set(id, container);
    const task = openedTask(desired);
    const faulty = this.#queue.nowMs < this.#plan.untilMs;
    const isSlow = faulty && this.#rng.chance(this.#plan.slowStartPermille);
    const fails = faulty && this.#rng.chance(this.#plan.startFailurePermille);
    const delayMs = isSlow ? this.#rng.between(5_000, 40_000) : this.#rng.between(50, 1_500);
    this.#queue.after(delayMs, () => {
      if (container.state !== 'starting') return;
      if (task === null) this.#exit(container, null, 'key-invalid');
      else if (fails) this.#exit(container, null, 'start-failed');
      else this.#begin(container, task);
    });
  }

  #begin(container: SimContainer, task: string): void {
    container.state = 'running';
    this.#listener.started(container);
    const behaviour = behaviourOf(task);
    if (behaviour?.runMs == null) return;
    this.#queue.after(behaviour.runMs, () => {
      if (container.state === 'running') this.#exit(container, behaviour.exitCode, 'exit');
    });
  }

  stop(id: ContainerId): void {
    const container = this.known.get(id);
    if (!container || container.state === 'exited') return;
    const delayMs = this.#rng.between(10, Math.max(20, this.#stopTimeMs / 2));
    const awayMs = this.#engineAwayMs();
    if (awayMs > delayMs) this.#listener.outlives(container);
    this.#queue.after(Math.max(delayMs, awayMs), () => {
      if (container.state !== 'exited') this.#exit(container, null, 'stopped');
    });
  }

  /** An engine that starts late may be away as well when something is to be stopped. */
  #engineAwayMs(): number {
    const leftMs = this.#plan.untilMs - this.#queue.nowMs;
    const permille = this.#plan.slowStartPermille > 0 ? AWAY_PERMILLE : 0;
    if (leftMs <= 0 || !this.#engineRng.chance(permille)) return 0;
    return Math.min(leftMs, this.#engineRng.between(20_000, 90_000));
  }

  forget(id: ContainerId): void {
    this.known.delete(id);
  }

  #exit(
    container: SimContainer,
    exitCode: number | null,
    reason: Exclude<SimContainer['reason'], null>,
  ): void {
    container.state = 'exited';
    container.exitCode = exitCode;
    container.reason = reason;
    this.#listener.exited(container);
  }
}
