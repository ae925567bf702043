/** A buy order at its first hub, from acceptance to its end. */
import type { RefusalCode } from '../refusals.ts';
import type { SignedDocument } from '../units/document.ts';
import type { AgreementId, OrderId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { BuyOrder } from './buy-order.ts';

/**
 * `open`: waits for a match. `signing`: an agreement is being prepared. `awaiting-key`: frozen, and
 * some lessor waits for the task's key, which only the lessee can release. `starting`: parts start. `running`: every part runs and is billed.
 * `cancelling`: cancelled, and something of it has not ended yet. The other four are final.
 */
export type OrderState =
  | 'open'
  | 'signing'
  | 'awaiting-key'
  | 'starting'
  | 'running'
  | 'cancelling'
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelled';

export const FINAL_ORDER_STATES: ReadonlySet<OrderState> = new Set([
  'completed',
  'failed',
  'expired',
  'cancelled',
]);

/** One step in the life of an order, shown by `order explain`. `atMs` is wall time, for people. */
export interface OrderEvent {
  atMs: number;
  name:
    | 'accepted'
    | 'unmatched'
    | 'matched'
    | 'lost-race'
    | 'aborted'
    | 'frozen'
    | 'key-released'
    | 'started'
    | 'part-ended'
    | 'unconfirmed'
    | 'void'
    | 'ended';
  detail: string;
}

/** At most this many events are kept per order; repeated ones are merged. */
export const ORDER_EVENTS_MAX = 64;

/** What the last joint round said of an order; of the others' only the round's gap and time. */
export interface OrderRound {
  /** Counts the rounds of one life of the hub. */
  round: number;
  /** Null when it was filled. */
  code: RefusalCode | null;
  replicas: number;
  /** What it pays at most for the whole duration. */
  costMicro: Micro;
  /** The least it could have paid with nobody else there: its share of the bound. Null: no lot suits. */
  aloneMicro: Micro | null;
  /** Of the round: how far its cost may be above the best, in millionths; null without a bound. */
  gapPpm: number | null;
  /** Of the round: from the first order collected to the last one placed. */
  ms: number;
}

export interface OrderRecord {
  id: OrderId;
  digest: string;
  document: SignedDocument;
  order: BuyOrder;
  /** The task's private part, sealed; its digest is in the order. */
  taskPrivate: string | null;
  state: OrderState;
  /** Position in the hub's order of acceptance. */
  acceptedSeq: number;
  /** Elapsed clock; the wall-time expiry was turned into it at acceptance. */
  expiresAtElapsedMs: number;
  /** Number of agreements tried so far; the next agreement's id uses it. */
  attempts: number;
  /** Rises with every lost race: older orders are matched first. */
  age: number;
  /** Live and past agreements, oldest first. */
  agreements: AgreementId[];
  events: OrderEvent[];
  /** Why the last try to match failed; null when none failed. */
  lastCode: RefusalCode | null;
  lastHint: string;
  cancelled: boolean;
  /** What the last joint round said of it; null (or missing in old records): it was in none. */
  round?: OrderRound | null;
}
