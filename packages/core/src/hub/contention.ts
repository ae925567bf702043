/** Hubs that are after the same lots at the same moment: noticed, and then kept apart. */
import type { Nearer } from '../matching/match-share.ts';
import type { Panorama } from '../panorama/panorama.ts';
import { hashText } from '../units/hash-text.ts';
import type { HubId } from '../units/ids.ts';
import type { Now } from '../units/now.ts';

/** For so long after a lost race hubs expect another one. */
const AFTER_LOST_MS = 3_000;

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
  #untilMs = 0;

  constructor(context: Hub) {
    this.#context = context;
  }

  /** By this hub, or by another one for a lessor of this one: whoever won will lose, too. */
  raceLost(): void {
    this.#untilMs = this.#context.now().elapsedMs + AFTER_LOST_MS;
  }

  get isExpected(): boolean {
    return this.#context.now().elapsedMs < this.#untilMs;
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
