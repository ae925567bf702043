/** When hub processes took in an offer, or rows of each other, on a clock that all processes share. */
import type { ChildProcess } from 'node:child_process';

/** A step of a hub that took in an offer or rows: from its end on they can be matched there. */
export interface RowStep {
  /** The frame that brought them was there, and not yet read. */
  cameMs: number;
  beganMs: number;
  endedMs: number;
  /** What it sends begins to leave, after its commit; the end of a step that sends nothing. */
  releasedMs: number;
}

/** The machine's monotonic clock: the same in each process. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Waits for such steps of one hub. */
export class RowSteps {
  #steps: RowStep[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(hub: ChildProcess) {
    hub.on('message', ({ steps }: { steps?: RowStep[] }) => {
      if (!steps) return;
      this.#steps.push(...steps);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
  }

  /** The first that began after that; earlier ones are forgotten. */
  async after(sinceMs: number): Promise<RowStep> {
    for (;;) {
      this.#steps = this.#steps.filter(({ beganMs }) => beganMs >= sinceMs);
      const [first] = this.#steps;
      if (first) return first;
      await this.#changed.promise;
    }
  }
}
