/** What a solver of single orders is asked and answers: the cheapest bundle at given prices. */

/** What a bundle must not exceed besides the instance's own limits. */
export interface BundleTerms {
  /** Per level (see `levels.ts`): cost of that unit on top of `unitCost`. */
  readonly surcharge: Float64Array;
  /** Factor on the surcharge; 0 ignores it. */
  readonly share: number;
  /** Per pair: most units; absent: the instance's `most`. */
  readonly limit?: Int32Array;
  /** Added to the cost of every pair used, to make bundles use fewer lessors. */
  readonly perLessor: number;
}

export interface Bundles {
  /** Units per pair of the last order asked for, counted from its first pair. */
  readonly units: Int32Array;
  /**
   * The least cost of serving the order, surcharges and penalty of what is missing included.
   * Ignores the order's budget and its limit of lessors, which makes it a lower bound with them.
   */
  cheapest(order: number, terms: BundleTerms): number;
}
