/** The two clocks of one node: elapsed time that only goes on, wall time that may jump. */
import type { Now } from '@sparegrid/core/step';

/** Wall time at the beginning of every simulation: 2026-01-01T00:00:00Z. */
export const WALL_START_MS = 1_767_225_600_000;

/** Elapsed time stands while the node is down and continues from what its store remembers. */
export class NodeClock {
  #elapsedAtStartMs = 0;
  #startedAtMs = 0;
  #wallOffsetMs: number;

  constructor(wallOffsetMs: number) {
    this.#wallOffsetMs = wallOffsetMs;
  }

  /** Begins a life of the node at virtual time `nowMs` with `elapsedMs` on its elapsed clock. */
  start(nowMs: number, elapsedMs: number): void {
    this.#startedAtMs = nowMs;
    this.#elapsedAtStartMs = elapsedMs;
  }

  read(nowMs: number): Now {
    return {
      elapsedMs: this.#elapsedAtStartMs + (nowMs - this.#startedAtMs),
      wallMs: this.wallMs(nowMs),
    };
  }

  wallMs(nowMs: number): number {
    return WALL_START_MS + nowMs + this.#wallOffsetMs;
  }

  /** Virtual time at which the elapsed clock of this life shows `elapsedMs`. */
  virtualAt(elapsedMs: number): number {
    return this.#startedAtMs + (elapsedMs - this.#elapsedAtStartMs);
  }

  /** How far the wall clock is from the true time. */
  get wallOffsetMs(): number {
    return this.#wallOffsetMs;
  }

  setWallOffset(offsetMs: number): void {
    this.#wallOffsetMs = offsetMs;
  }
}
