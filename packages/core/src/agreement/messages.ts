/** Messages of the agreement protocol, between the first hub and one target hub. */
import type { LeaseRow } from '../panorama/row.ts';
import type { RefusalCode } from '../refusals.ts';
import type { SignedDocument } from '../units/document.ts';
import type { AgreementId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { PartOutcome } from './records.ts';

export type AgreementMessage =
  | { type: 'prepare'; document: SignedDocument }
  /**
   * `signature` is the voter's, over the text that the first hub signed and has. `row` is the lessor's
   * row after this vote, of the voter's `epoch`; null when it comes by itself in the same frame. `keys`
   * is the chain of its agent's keys, if it has shown any, sealed to the order's key: for the lessee to
   * open and verify.
   */
  | {
      type: 'vote-yes';
      agreement: AgreementId;
      part: number;
      signature: string;
      epoch: number;
      row: LeaseRow | null;
      keys: string | null;
    }
  | {
      type: 'vote-no';
      agreement: AgreementId;
      part: number;
      code: RefusalCode;
      hint: string;
      epoch: number;
      row: LeaseRow | null;
    }
  | { type: 'abort'; agreement: AgreementId; part: number; code: RefusalCode }
  | { type: 'aborted'; agreement: AgreementId; part: number }
  /** Comes again with `release`, the task's key sealed to the lessor's agent, once there is one. */
  | {
      type: 'activate';
      agreement: AgreementId;
      part: number;
      taskPrivate: string | null;
      release: string | null;
    }
  | { type: 'started'; agreement: AgreementId; part: number }
  | { type: 'all-started'; agreement: AgreementId; part: number }
  | { type: 'running'; agreement: AgreementId; part: number }
  | { type: 'end'; agreement: AgreementId; part: number; code: RefusalCode }
  | {
      type: 'part-ended';
      agreement: AgreementId;
      part: number;
      outcome: PartOutcome;
      billedMs: number;
      costMicro: Micro;
      /** Null when the part was never billed. */
      meter: SignedDocument | null;
      /** Its lessor's agent still tells of its containers. */
      lingers: boolean;
    }
  | { type: 'part-ended-ack'; agreement: AgreementId; part: number }
  | { type: 'settle'; agreement: AgreementId; part: number; costMicro: Micro }
  | { type: 'settled'; agreement: AgreementId; part: number };
