/** What the agreement room needs from the hub around it: time, records, messages, deadlines. */
import type { KeyChain } from '../identity/statements.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { LeaseRow } from '../panorama/row.ts';
import type { Crypto } from '../units/document.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';
import type { Kept } from '../units/kept.ts';
import type { Now } from '../units/now.ts';
import type { StepSignatures } from '../units/step-signatures.ts';
import type { Inventory } from './inventory.ts';
import type { AgreementMessage } from './messages.ts';
import type { AgreementPartTerms, PartRecord } from './records.ts';
import type { Timing } from './timing.ts';

export interface AgreementPorts {
  readonly self: HubId;
  readonly timing: Timing;
  readonly crypto: Crypto;
  /** Of what is signed in this step. */
  readonly signatures: StepSignatures;
  now(): Now;
  /** Records durably; `live` false keeps the record in the store only. */
  put(table: string, key: string, record: object, live?: boolean): void;
  /** Records durably: the first time all of it, then what changes. */
  keep<T extends object>(kind: Kept<T>, key: string, record: T): void;
  /** Keeps the record in the store only. */
  archive<T extends object>(kind: Kept<T>, key: string, record: T): void;
  /** It left memory for good: the store may give it up, much later. */
  ended(kind: 'part' | 'tombstone', id: string): void;
  /** Takes a record as the store had it. */
  restored(record: object): void;
  send(to: HubId, message: AgreementMessage): void;
  /** Sets or moves a deadline on the elapsed clock. */
  wakeAt(name: string, atMs: number): void;
  cancelWake(name: string): void;
}

/** What a target hub's parts need to know of the lessors in its subnet. */
export interface Lessors {
  inventory(lessor: ParticipantId): Inventory | undefined;
  /** The lessor's valid sell order, undefined when it offers nothing (any more). */
  offer(lessor: ParticipantId): SellOrder | undefined;
  /** What the lessor's agent showed of its keys: sealed to the lessee before it leaves this hub. */
  keyChainOf(lessor: ParticipantId): KeyChain | null;
  isConnected(lessor: ParticipantId): boolean;
  /** Elapsed time at which the lessor's agent was last heard. */
  lastHeardMs(lessor: ParticipantId): number;
  /** The lessor's row as published, with all changes of this step. */
  row(lessor: ParticipantId): LeaseRow | null;
  /** Rows that change go to every other hub at the end of the step, not over a master hub. */
  tellsRowsItself(): boolean;
  epoch(): number;
  /** Another hub came too late for something here. */
  raceLost(): void;
  /** Free quantities changed: publish them. */
  stockChanged(lessor: ParticipantId): void;
  /** Draws the conclusions from what the lessor's agent reported last of this part, once more. */
  followReports(part: PartRecord): void;
  /** Which containers of the part shall run changed: returns the new revision of the lessor's set. */
  desiredChanged(part: PartRecord): number;
  /** Reads a signed agreement part. */
  readTerms(payload: string): AgreementPartTerms | undefined;
  /** Keys of that hub that are valid now: none for a stranger. */
  keysOf(hub: HubId): readonly string[];
  /** Elapsed time at which that hub was last heard. */
  hubHeardMs(hub: HubId): number;
}
