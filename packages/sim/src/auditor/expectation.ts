/** What must come of an input that a node has to refuse. */
import type { RefusalCode } from '@sparegrid/core/refusals';

export interface Expectation {
  /** What was done, for the report: `replayed`, `forged signature`, ... */
  what: string;
  /** Codes of which one must be given; empty: any code. */
  codes: readonly RefusalCode[];
  /** False for input that may be ignored without a word, as long as nothing changes. */
  needsCode: boolean;
  /** The agreement that is meddled with; only its records must not change. */
  about?: string;
}

export function expectCodes(what: string, ...codes: RefusalCode[]): Expectation {
  return { what, codes, needsCode: true };
}
