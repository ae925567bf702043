/** Anti-replay window: each (sender, session, seq) is accepted once, in bounded memory. */

/** How far a frame may lag behind the newest one of its session. */
export const REPLAY_WINDOW = 1024;

const MASK = (1n << BigInt(REPLAY_WINDOW)) - 1n;

/** Stored form; `seen` is a hexadecimal bitmap, bit k = seq `high - k`. */
export interface ReplayWindowRecord {
  high: number;
  seen: string;
  /** Elapsed time of the last acceptance, for forgetting sessions long silent. */
  lastMs: number;
}

/** A sequence number older than the window counts as seen: what cannot be checked is refused. */
export class ReplayWindow {
  high = -1;
  lastMs = 0;
  #seen = 0n;

  static restore(record: ReplayWindowRecord): ReplayWindow {
    const window = new ReplayWindow();
    window.high = record.high;
    window.#seen = BigInt(`0x${record.seen}`);
    window.lastMs = record.lastMs;
    return window;
  }

  /** True exactly once per `seq`. */
  accept(seq: number, nowMs: number): boolean {
    if (seq > this.high) {
      const shift = seq - this.high;
      this.#seen = shift >= REPLAY_WINDOW ? 1n : ((this.#seen << BigInt(shift)) & MASK) | 1n;
      this.high = seq;
    } else {
      const lag = this.high - seq;
      if (lag >= REPLAY_WINDOW) return false;
      const bit = 1n << BigInt(lag);
      if ((this.#seen & bit) !== 0n) return false;
      this.#seen |= bit;
    }
    this.lastMs = nowMs;
    return true;
  }

  record(): ReplayWindowRecord {
    return { high: this.high, seen: this.#seen.toString(16), lastMs: this.lastMs };
  }
}
