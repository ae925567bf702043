/** What must come of an input that a node has to refuse. */
import type { RefusalCode } from '@sparegrid/core/refusals';
import type { AgreementId, HubId } from '@sparegrid/core/units/ids';

export interface Expectation {
  /** What was done, for the report: `replayed`, `forged signature`, ... */
  what: string;
  /** Codes of which one must be given; empty: any code. */
  codes: readonly RefusalCode[];
  /** False for input that may be ignored without a word, as long as nothing changes. */
  needsCode: boolean;
  /** A frame of a hub that is believed otherwise: its arrival may wake other business. */
  mayWake?: boolean;
  /** A hub meddles with a part; when it is no party of it, the records of that must not change. */
  meddling?: { liar: HubId; agreement: AgreementId; part: number };
}

export function expectCodes(what: string, ...codes: RefusalCode[]): Expectation {
  return { what, codes, needsCode: true };
}
