/** Offers by the number of their lessor's name, with validity and first lot. */
import type { Names } from '../panorama/names.ts';
import { grownFloat64, grownInt32 } from '../units/growable.ts';
import type { ParticipantId } from '../units/ids.ts';

/** First lot where there is no offer. */
const ABSENT = -2;

export class OfferTable {
  /** By offer. */
  readonly lessors: readonly ParticipantId[];
  /** First lot of the offer; -1 when it has none. */
  firstOf = new Int32Array(0);
  validUntilMs = new Float64Array(0);
  readonly #names: Names;
  #held = 0;

  constructor(names: Names) {
    this.#names = names;
    this.lessors = names.list;
  }

  /** Number of the lessor's offer, -1 when there is none. */
  find(lessor: ParticipantId): number {
    const offer = this.#names.find(lessor);
    return offer >= 0 && offer < this.firstOf.length && this.firstOf[offer] !== ABSENT ? offer : -1;
  }

  add(lessor: ParticipantId): number {
    const offer = this.#names.hold(lessor);
    const { length } = this.firstOf;
    this.firstOf = grownInt32(this.firstOf, offer + 1);
    if (this.firstOf.length > length) this.firstOf.fill(ABSENT, length);
    this.validUntilMs = grownFloat64(this.validUntilMs, offer + 1);
    this.firstOf[offer] = -1;
    this.#held += 1;
    return offer;
  }

  remove(offer: number): void {
    this.#names.release(offer);
    this.firstOf[offer] = ABSENT;
    this.#held -= 1;
  }

  get held(): number {
    return this.#held;
  }

  /** Typed arrays; names are counted where they are kept. */
  get bytes(): number {
    return this.firstOf.byteLength + this.validUntilMs.byteLength;
  }
}
