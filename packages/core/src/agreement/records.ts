/** Durable records of agreements: the first hub's side, the target hub's side, and their states. */
import type { BuyOrder, DisconnectRule, TaskSpec } from '../order/buy-order.ts';
import type { FieldDigests } from '../order/field-digests.ts';
import type { Placement } from '../order/placement.ts';
import type { RefusalCode } from '../refusals.ts';
import type { SignedDocument } from '../units/document.ts';
import type { AgreementId, HubId, OrderId, PartId, ParticipantId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { ReplicaRequest } from '../units/resources.ts';

/**
 * What both hubs of one part sign: the first hub in PREPARE, the target hub in the transaction that
 * freezes. It never holds the lessee's limit price or budget.
 */
export interface AgreementPartTerms {
  agreement: AgreementId;
  part: number;
  /** Number of parts that are prepared together. */
  partCount: number;
  orderDigest: string;
  /** What of the order stays hidden, provable field by field. */
  orderFields: FieldDigests;
  firstHub: HubId;
  targetHub: HubId;
  /** Pseudonyms, each resolved by its own hub only; so are the ids of lots and devices. */
  lessee: ParticipantId;
  lessor: ParticipantId;
  kind: BuyOrder['kind'];
  replica: ReplicaRequest;
  /** Rank of this part's first replica within the agreement, and the agreement's replica total. */
  replicaOffset: number;
  replicaTotal: number;
  task: TaskSpec;
  placements: Placement[];
  /** Of the whole part; the frozen asks of the offer at `termsRevision`. */
  priceMicroPerHour: Micro;
  termsRevision: number;
  durationMs: number;
  holdMs: number;
  startGraceMs: number;
  atomic: boolean;
  disconnect: DisconnectRule;
}

/**
 * Target hub's state of one part. Only forward:
 * `held` -> `active` -> `running` -> `stopping` -> `ended`; `held` -> `ended` (abort, hold expired);
 * `active` -> `stopping`. The quantity is frozen in every state but `ended`, and there while it lingers.
 */
export type PartState = 'held' | 'active' | 'running' | 'stopping' | 'ended';

/** How a part ended: normally, or by which code. */
export type PartOutcome = 'completed' | RefusalCode;

/** One container of a part that was, or shall be, started again. */
export interface Restart {
  /** Number of the container within the part. */
  replica: number;
  /** The start that is ordered now: restarts so far. */
  attempt: number;
  /** When the next start is ordered; null while none is due. */
  dueAtMs: number | null;
}

/** A part at its target hub. Times are the hub's elapsed milliseconds. */
export interface PartRecord {
  id: PartId;
  terms: AgreementPartTerms;
  /** Countersigned by both hubs; null for an abort tombstone of a part never prepared here. */
  document: SignedDocument;
  state: PartState;
  heldAtMs: number;
  activeAtMs: number | null;
  /** When ALL_STARTED became durable here: billing begins. */
  runningAtMs: number | null;
  /** When stopping began. */
  stoppedAtMs: number | null;
  endedAtMs: number | null;
  /** All containers were reported started. */
  started: boolean;
  taskPrivate: string | null;
  /** The key of the private part, sealed to the lessor's agent: nothing starts without. The first one counts. */
  release: string | null;
  /** Containers that failed and were started again. */
  restarts: Restart[];
  /** Set when stopping begins. */
  outcome: PartOutcome | null;
  billedMs: number;
  costMicro: Micro;
  /** Usage as billed, signed by the target hub when the part ends. */
  meter: SignedDocument | null;
  /** The first hub has our end on record. */
  endAcknowledged: boolean;
  /** Final figure by the first hub (0 when the agreement is void); null until settled. */
  settledMicro: Micro | null;
  /**
   * Over and billed, although its agent still tells of its containers: an engine that is away ends
   * nothing. What they take stays frozen until they are gone.
   */
  lingers?: boolean;
}

/** Until then nothing of what it took is anybody else's. */
export function holdsQuantity({ state, lingers }: PartRecord): boolean {
  return state !== 'ended' || lingers === true;
}

/** A target hub's proof against itself that it will never vote for this part (any more). */
export interface PartTombstone {
  id: PartId;
  firstHub: HubId;
  code: RefusalCode;
  atMs: number;
}

/**
 * First hub's state of an agreement. `preparing` -> `aborted` | `committed`; `committed` ->
 * `running` (every part started) | `ending`; `running` -> `ending` -> `ended`.
 */
export type AgreementState = 'preparing' | 'aborted' | 'committed' | 'running' | 'ending' | 'ended';

/**
 * What the first hub knows of a part: `asked` -> `yes` | `refused`; `yes` -> `started` -> `running`
 * -> `ended`; any -> `ended`. For refused and aborted parts `closed` once the target hub confirmed.
 */
export type PartStatus = 'asked' | 'yes' | 'refused' | 'started' | 'running' | 'ended' | 'closed';

export interface AgreementPart {
  terms: AgreementPartTerms;
  /** Signed by the first hub; by both once voted yes. */
  document: SignedDocument;
  status: PartStatus;
  /** Whose key the release must be sealed to, as the target hub told with its vote. */
  keys: string | null;
  /** What the lessee released for this part; the first one counts. */
  release: string | null;
  /** END was decided for this part (its code), whether or not the target hub confirmed it yet. */
  endCode: RefusalCode | null;
  outcome: PartOutcome | null;
  billedMs: number;
  costMicro: Micro;
  meter: SignedDocument | null;
  /** Decided figure to settle; null until decided. */
  settleMicro: Micro | null;
  settled: boolean;
}

/** What a part is before its target hub has told anything of it. */
export const UNANSWERED: Readonly<Omit<AgreementPart, 'terms' | 'document'>> = {
  status: 'asked',
  keys: null,
  release: null,
  endCode: null,
  outcome: null,
  billedMs: 0,
  costMicro: 0n,
  meter: null,
  settleMicro: null,
  settled: false,
};

/** An agreement at its first hub. Times are the hub's elapsed milliseconds. */
export interface AgreementRecord {
  id: AgreementId;
  order: OrderId;
  attempt: number;
  state: AgreementState;
  atomic: boolean;
  /** With fewer replicas than this voted (or left before the start) it is aborted or ended. */
  minReplicas: number;
  createdAtMs: number;
  decidedAtMs: number | null;
  runningAtMs: number | null;
  endedAtMs: number | null;
  parts: AgreementPart[];
  /** Why it was aborted or ended early. */
  code: RefusalCode | null;
}

/** States that the API shows, named by the Dataspace Protocol. */
export type LeaseState = 'REQUESTED' | 'STARTED' | 'SUSPENDED' | 'COMPLETED' | 'TERMINATED';
export type NegotiationState =
  | 'REQUESTED'
  | 'OFFERED'
  | 'ACCEPTED'
  | 'AGREED'
  | 'VERIFIED'
  | 'FINALIZED'
  | 'TERMINATED';
