/** Hubs that are after the same lots at the same moment: noticed, and then kept apart. */
import type { Nearer } from '../matching/match-share.ts';
import type { Panorama } from '../panorama/panorama.ts';
import { hashText } from '../units/hash-text.ts';
import type { HubId } from '../units/ids.ts';
import type { Now } from '../units/now.ts';

/** For so long after a lost race hubs expect another one; twice as long each time they were right. */
const AFTER_LOST_MS = 3_000;
const AFTER_LOST_MS_MAX = 48_000;

interface Hub {
  readonly self: HubId;
  readonly panorama: Panorama;
  now(): Now;
}

/**
 * Each hub chooses the best lots of one and the same market, so those of all orders of a moment are
 * the same, and most orders lose. A hub that loses races prefers the lessors that it is nearest to, by
 * a hash: hubs that know each other come to disjoint shares without a word. Nothing of it is durable or promised.
 */
export class Contention {
  readonly #context: Hub;
  #lostAtMs = -Infinity;
  /** How long after a lost race another one is expected. */
  #spanMs = AFTER_LOST_MS;

  constructor(context: Hub) {
    this.#context = context;
  }

  /**
   * By this hub, or by another one for a lessor of this one: whoever won will lose, too. Hubs that come
   * together again and race at once were parted too early.
   */
  raceLost(): void {
    const { elapsedMs } = this.#context.now();
    const sinceMs = elapsedMs - this.#lostAtMs;
    if (sinceMs >= 2 * this.#spanMs) this.#spanMs = AFTER_LOST_MS;
    else if (sinceMs >= this.#spanMs) this.#spanMs = Math.min(2 * this.#spanMs, AFTER_LOST_MS_MAX);
    this.#lostAtMs = elapsedMs;
  }

  /** What takes its time would be lost to another hub. */
  get lostLately(): boolean {
    return this.#context.now().elapsedMs < this.#lostAtMs + AFTER_LOST_MS;
  }

  get isExpected(): boolean {
    return this.#context.now().elapsedMs < this.#lostAtMs + this.#spanMs;
  }

  /** How many hubs are nearer to a lessor than this one; null: it has lost no race lately. */
  get nearer(): Nearer | null {
    if (!this.isExpected) return null;
    const { panorama, self } = this.#context;
    const others = [...panorama.parts.values()].filter(({ hub, stale }) => hub !== self && !stale);
    return (lessor) => {
      const own = hashText(`${self} ${lessor}`);
      return others.filter(({ hub }) => hashText(`${hub} ${lessor}`) > own).length;
    };
  }
}
