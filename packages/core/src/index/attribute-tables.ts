/** Terms and traits of all lots, each held once, with their flags where the tree reads them. */
import type { Lot, SellOrder } from '../order/sell-order.ts';
import { grownUint32 } from '../units/growable.ts';
import { type Terms, type Traits, termsKey, termsOf, traitsKey, traitsOf } from './attributes.ts';
import { Interned } from './interned.ts';

/** Flags by number of the terms and of the traits. */
export interface AttributeFlags {
  ofTerms: Uint32Array<ArrayBuffer>;
  ofTraits: Uint32Array<ArrayBuffer>;
}

export class AttributeTables {
  readonly terms = new Interned<Terms>();
  readonly traits = new Interned<Traits>();
  readonly flags: AttributeFlags = {
    ofTerms: new Uint32Array(16),
    ofTraits: new Uint32Array(16),
  };

  acquireTerms(offer: SellOrder): number {
    const terms = termsOf(offer);
    const id = this.terms.acquire(termsKey(terms), () => terms);
    this.flags.ofTerms = grownUint32(this.flags.ofTerms, id + 1);
    this.flags.ofTerms[id] = terms.flags;
    return id;
  }

  acquireTraits(lot: Lot, efficiencyPermille: number): number {
    const traits = traitsOf(lot, efficiencyPermille);
    const id = this.traits.acquire(traitsKey(traits), () => traits);
    this.flags.ofTraits = grownUint32(this.flags.ofTraits, id + 1);
    this.flags.ofTraits[id] = traits.flags;
    return id;
  }

  get bytes(): number {
    return this.flags.ofTerms.byteLength + this.flags.ofTraits.byteLength;
  }
}
