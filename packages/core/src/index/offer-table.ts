/** Offers by lessor: found by name through a table of hashes, with validity and first lot. */

import { grownFloat64, grownInt32 } from '../units/growable.ts';
import { hashText } from '../units/hash-text.ts';
import type { ParticipantId } from '../units/ids.ts';

export class OfferTable {
  readonly lessors: string[] = [];
  /** First lot of the offer; -1 when it has none; next free offer in free ones. */
  firstOf = new Int32Array(64);
  validUntilMs = new Float64Array(64);
  #buckets = new Int32Array(64).fill(-1);
  #free = -1;
  #end = 0;
  #held = 0;

  /** Number of the lessor's offer, -1 when there is none. */
  find(lessor: ParticipantId): number {
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    for (let at = hashText(lessor) & mask; ; at = (at + 1) & mask) {
      const offer = buckets[at]!;
      if (offer < 0 || this.lessors[offer] === lessor) return offer;
    }
  }

  add(lessor: ParticipantId): number {
    let offer = this.#free;
    if (offer >= 0) this.#free = this.firstOf[offer]!;
    else offer = this.#end++;
    this.firstOf = grownInt32(this.firstOf, offer + 1);
    this.validUntilMs = grownFloat64(this.validUntilMs, offer + 1);
    this.lessors[offer] = lessor;
    this.firstOf[offer] = -1;
    this.#held += 1;
    if (this.#held * 4 > this.#buckets.length * 3) this.#grow();
    this.#enter(offer);
    return offer;
  }

  remove(offer: number): void {
    this.#leave(offer);
    this.#held -= 1;
    this.lessors[offer] = '';
    this.firstOf[offer] = this.#free;
    this.#free = offer;
  }

  get held(): number {
    return this.#held;
  }

  /** Typed arrays, and eight bytes for the reference to the lessor's name. */
  get bytes(): number {
    const { firstOf, validUntilMs, lessors } = this;
    const arrays = firstOf.byteLength + validUntilMs.byteLength + this.#buckets.byteLength;
    return arrays + 8 * lessors.length;
  }

  #enter(offer: number): void {
    const mask = this.#buckets.length - 1;
    let at = hashText(this.lessors[offer]!) & mask;
    while (this.#buckets[at]! >= 0) at = (at + 1) & mask;
    this.#buckets[at] = offer;
  }

  /** Takes the offer out and moves later ones up, so that no search ends too early. */
  #leave(offer: number): void {
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    let hole = hashText(this.lessors[offer]!) & mask;
    while (buckets[hole] !== offer) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; buckets[at]! >= 0; at = (at + 1) & mask) {
      const home = hashText(this.lessors[buckets[at]!]!) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      buckets[hole] = buckets[at]!;
      hole = at;
    }
    buckets[hole] = -1;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Int32Array(old.length * 2).fill(-1);
    for (const offer of old) if (offer >= 0) this.#enter(offer);
  }
}
