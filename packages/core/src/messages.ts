/** Messages between nodes as typed data; `link` holds the schemas of the same names. */
import type { AgreementMessage } from './agreement/messages.ts';
import type { LeaseState, NegotiationState, PartOutcome } from './agreement/records.ts';
import type { Testimony } from './agreement/testimony.ts';
import type { ElectionMessage } from './election/messages.ts';
import type { KeyChain } from './identity/statements.ts';
import type { Explanation } from './matching/explain.ts';
import type { TaskSpec } from './order/buy-order.ts';
import type { OrderEvent, OrderRound, OrderState } from './order/order-record.ts';
import type { Placement } from './order/placement.ts';
import type { PublishedSpec } from './order/resource-spec.ts';
import type { SellOrder } from './order/sell-order.ts';
import type {
  DeltaMessage,
  HeartbeatMessage,
  PartUpdate,
  PartVersion,
  SnapshotMessage,
  SnapshotRequest,
} from './panorama/row.ts';
import type { RefusalCode } from './refusals.ts';
import type { RoundStatus } from './rounds/report.ts';
import type { SignedDocument } from './units/document.ts';
import type {
  AgreementId,
  ContainerId,
  HubId,
  NodeId,
  OrderId,
  PartId,
  ParticipantId,
} from './units/ids.ts';
import type { Micro } from './units/money.ts';
import type { DeviceShare, ResourceAmounts } from './units/resources.ts';

/**
 * The signed unit between two nodes: what one step of the sender tells one receiver. `session` is
 * one life of the sending process; `(from, session, seq)` is the nonce. `epoch` is the fence of a
 * hub (0 for participants).
 */
export interface Frame {
  v: 1;
  from: NodeId;
  to: NodeId;
  session: string;
  seq: number;
  epoch: number;
  sentAtMs: number;
  expiresAtMs: number;
  messages: Message[];
}

/** A decoded frame with the very text that was signed. */
export interface SignedFrame {
  frame: Frame;
  text: string;
  signature: string;
}

/**
 * Which list of hubs the sender has (0: none), and with `document` that list, as the operator signed
 * it: whoever has an older one takes it, from whomever it comes. Agents get it whole, before they are
 * welcomed: it says which keys their hub signs with.
 */
export interface HubListMessage {
  type: 'hub-list';
  revision: number;
  document: SignedDocument | null;
}

// ---- hub to hub ----

export type HubMessage =
  | HeartbeatMessage
  | DeltaMessage
  | SnapshotRequest
  | SnapshotMessage
  | PartUpdate
  | ElectionMessage
  | HubListMessage
  /** From a hub whose store lost some of its past: what do you hold of agreements with me? */
  | { type: 'recovery-request' }
  | {
      type: 'recovery-answer';
      /** Elapsed time of the answering hub: chunks of one answer have the same. */
      asOf: number;
      /** Highest term of the master election that it knows. */
      term: number;
      chunk: number;
      chunks: number;
      testimonies: Testimony[];
    }
  | AgreementMessage
  | ({ type: 'part-log'; agreement: AgreementId; part: number } & LogChunk)
  | { type: 'part-log-ack'; container: ContainerId; seq: number }
  | { type: 'relay'; from: ParticipantId; to: ParticipantId; payload: string };

/**
 * Everything that one container leaves goes one way, in order and once; `seq` counts its chunks from
 * 1 without gaps. The texts of one stream, joined, are:
 * - `stdout`, `stderr`: what the program printed; each chunk sealed, see `order/sealed-chunk.ts`.
 * - `life`: what happened to the container, one JSON object per line, for people and hubs.
 * - `usage`: what it used, one JSON object per line.
 * - `result`: the tar archive of its result directory; each chunk sealed. To its reader a chunk is
 *   base64 by itself, the last one is empty.
 */
export interface LogChunk {
  container: ContainerId;
  seq: number;
  stream: 'stdout' | 'stderr' | LeaseStream | 'result';
  text: string;
}

/** A chunk as its lessee's hub keeps it. */
export interface KeptChunk extends LogChunk {
  /** Wall time at which it got there. */
  atMs: number;
}

/** Streams about the lease rather than of the program. @patent [0063] MON-2 */
export type LeaseStream = 'life' | 'usage';

// ---- participant to hub ----

export type ParticipantMessage =
  /** `keys`: what the organisation of an agent says of its keys; hubs hand it to its lessees. */
  | { type: 'hello'; role: 'agent' | 'lessee'; keys?: KeyChain | undefined }
  | { type: 'resource'; document: SignedDocument }
  | { type: 'offer'; document: SignedDocument }
  /** Pull mode: something changed in the local table; the hub collects it. */
  | { type: 'changed'; what: 'resource' | 'offer' }
  | {
      type: 'status';
      /** Counts this session's reports; the hub's acknowledgement names it. */
      seq: number;
      /** Version of the desired set that the agent has applied. */
      epoch: number;
      revision: number;
      /** An acknowledged report: all that changed since then is named. Null: every container is. */
      since: number | null;
      containers: ContainerStatus[];
      /** Forgotten since then; empty in a full report. */
      gone: ContainerId[];
    }
  | ({ type: 'log' } & LogChunk)
  | { type: 'request'; requestId: string; request: Request }
  | { type: 'relay-send'; to: ParticipantId; payload: string };

/** State of one container at the agent; `exitCode` and `reason` are set when it exited. */
export interface ContainerStatus {
  id: ContainerId;
  /** Which start of the container this is about, from 0; each restart counts one up. */
  attempt: number;
  state: 'starting' | 'running' | 'exited';
  exitCode: number | null;
  /** Why it is not (any more) running: its own exit, an end by the agent, or a failure to start. */
  reason: RuntimeReason | 'duration' | 'disconnect' | 'grace' | null;
  /** Whether it ran at all, in this attempt or an earlier one. */
  started: boolean;
  /** How long ago it exited, on the agent's clock: nobody pays for the time until it could tell. */
  exitedAgoMs: number | null;
}

/** Why a container ended, as its runtime saw it; the second row names what it took too much of. */
export type RuntimeReason =
  | 'exit'
  | 'stopped'
  | 'start-failed'
  /** No key came with it that opens the task: it was not started. */
  | 'key-invalid'
  | 'out-of-memory'
  | 'out-of-storage';

export type Request =
  | { op: 'order.submit'; document: SignedDocument; taskPrivate: string | null }
  | { op: 'order.get'; order: OrderId }
  | { op: 'order.list'; after: PageMark }
  /** `payload` is the text of a buy order that nobody signed: it cannot be made into one. */
  | { op: 'order.plan'; payload: string; after: PageMark }
  | { op: 'order.explain'; order: OrderId; after: PageMark }
  | { op: 'order.cancel'; order: OrderId }
  /** Which lessors wait for the key of the order's task. */
  | { op: 'order.keys'; order: OrderId }
  /** The key, sealed to each of them; the first release of a part is the one that counts. */
  | { op: 'order.release'; order: OrderId; releases: KeyRelease[] }
  | { op: 'order.logs'; order: OrderId; after: LogCursor }
  | { op: 'lease.list'; after: PageMark }
  | { op: 'lease.get'; lease: AgreementId }
  | { op: 'lease.stop'; lease: AgreementId }
  | { op: 'lease.records'; order: OrderId; stream: LeaseStream; after: LogCursor }
  | { op: 'result.list'; order: OrderId }
  | { op: 'result.read'; order: OrderId; container: ContainerId; after: number }
  | { op: 'result.drop'; order: OrderId; container: ContainerId }
  | { op: 'panorama.offers'; after: PageMark }
  | { op: 'panorama.resources'; after: PageMark }
  | { op: 'directory.resolve'; participant: ParticipantId }
  | { op: 'hub.status' };

/** The key of a task, sealed to the agent that runs one part of it. */
export interface KeyRelease {
  part: PartId;
  release: string;
}

/** A part that waits for the key. */
export interface AwaitedKey {
  part: PartId;
  lessor: ParticipantId;
  /**
   * The chain of its agent's keys, sealed to the order's key; to be opened and verified before
   * anything is sealed to it. Null: the lessor's agent showed none.
   */
  keys: string | null;
}

/**
 * Lists come in pages that fit a frame, sorted by id: null asks for the first page; `next` of a reply
 * is the mark for the following one, null when there is none.
 */
export type PageMark = string | null;

/** For each container the last chunk already seen. */
export type LogCursor = Record<ContainerId, number>;

// ---- hub to participant ----

export type HubToParticipantMessage =
  | { type: 'welcome'; hub: HubId; epoch: number; collect: 'push' | 'pull' }
  | HubListMessage
  | { type: 'collect'; what: 'resource' | 'offer' }
  | { type: 'accepted'; what: 'resource' | 'offer'; revision: number }
  | {
      type: 'rejected';
      what: 'resource' | 'offer';
      code: RefusalCode;
      hint: string;
      /** Revision of what was refused (0 when it could not be read), and the one on record. */
      revision: number;
      knownRevision: number;
    }
  /** The agent counts its disconnection from when it sent the last acknowledged report. */
  | { type: 'status-ack'; seq: number }
  /**
   * What the agent shall run: all of it, or what changed since that revision of the same epoch, and is
   * `gone`. Who has not come as far as that ignores it: its report shows what it lacks.
   */
  | {
      type: 'desired';
      epoch: number;
      revision: number;
      since: number | null;
      containers: DesiredContainer[];
      gone: ContainerId[];
    }
  | { type: 'log-ack'; container: ContainerId; seq: number }
  | { type: 'reply'; requestId: string; reply: Reply }
  | { type: 'order-event'; order: OrderId; state: OrderState; event: OrderEvent }
  /** More of the order's output is stored than a moment ago. */
  | { type: 'output'; order: OrderId }
  | { type: 'relayed'; from: ParticipantId; payload: string };

/** One container that the agent shall run. The agent alone enforces its end. */
export interface DesiredContainer {
  id: ContainerId;
  /** The hub's order to start it (again): each number is started at most once. */
  attempt: number;
  part: PartId;
  /** Rank within the whole agreement and the number of replicas there. */
  rank: number;
  size: number;
  lotId: string;
  amounts: ResourceAmounts;
  devices: DeviceShare[];
  task: TaskSpec;
  /** Sealed, and the key to it sealed to this agent. */
  taskPrivate: string | null;
  release: string | null;
  durationMs: number;
  startGraceMs: number;
  stopAfterMs: number;
  /** Billing began: from when the agent first sees this, the duration counts. */
  running: boolean;
}

export type Reply =
  | { ok: true; op: 'order.submit'; order: OrderId }
  | { ok: true; op: 'order.get'; order: OrderView }
  | {
      ok: true;
      op: 'order.list';
      orders: OrderSummary[];
      next: PageMark;
    }
  | { ok: true; op: 'order.plan'; plan: OrderPlan; lessors: Explanation[]; next: PageMark }
  | { ok: true; op: 'order.explain'; order: OrderView; lessors: Explanation[]; next: PageMark }
  | { ok: true; op: 'order.cancel'; order: OrderId }
  /** With the order as the lessee signed it: any client of its key can go on from here. */
  | { ok: true; op: 'order.keys'; document: SignedDocument; waiting: AwaitedKey[] }
  | { ok: true; op: 'order.release'; order: OrderId }
  | { ok: true; op: 'order.logs'; chunks: KeptChunk[]; ended: boolean }
  | { ok: true; op: 'lease.list'; leases: LeaseView[]; next: PageMark }
  | { ok: true; op: 'lease.get'; lease: LeaseView }
  | { ok: true; op: 'lease.stop'; lease: AgreementId }
  | { ok: true; op: 'lease.records'; chunks: KeptChunk[]; ended: boolean }
  | { ok: true; op: 'result.list'; results: ResultView[] }
  /** `last`: there is nothing after these chunks. */
  | { ok: true; op: 'result.read'; chunks: LogChunk[]; last: boolean }
  | { ok: true; op: 'result.drop'; container: ContainerId }
  | {
      ok: true;
      op: 'panorama.offers';
      offers: { hub: HubId; stale: boolean; offer: SellOrder }[];
      next: PageMark;
    }
  | {
      ok: true;
      op: 'panorama.resources';
      specs: { hub: HubId; spec: PublishedSpec }[];
      next: PageMark;
    }
  | { ok: true; op: 'directory.resolve'; participant: ParticipantId; hub: HubId }
  | { ok: true; op: 'hub.status'; status: HubStatus }
  | { ok: false; code: RefusalCode; hint: string };

/** One line of a list of orders. `acceptedAtMs` is wall time, for people. */
export interface OrderSummary {
  id: OrderId;
  state: OrderState;
  acceptedAtMs: number;
  image: string;
  replicas: { min: number; max: number };
}

/** Whom an order would go to if it were accepted and matched now; nothing is kept of it. */
export interface OrderPlan {
  /** Why nothing would be signed; null when it would. */
  code: RefusalCode | null;
  hint: string;
  parts: {
    lessor: ParticipantId;
    targetHub: HubId;
    replicas: number;
    placements: Placement[];
    priceMicroPerHour: Micro;
  }[];
  priceMicroPerHour: Micro;
  /** The bill if everything runs for the whole duration. */
  costMicroMax: Micro;
}

/** An agreement that was concluded, with the order that it serves. */
export interface LeaseView extends AgreementView {
  order: OrderId;
}

/** What one container left in its result directory, kept at its lessee's hub. */
export interface ResultView {
  container: ContainerId;
  /** Size of the tar archive, as far as it has arrived. */
  bytes: number;
  /** `partial`: still arriving. `too-large`: more than the hub keeps; nothing of it is kept. */
  state: 'partial' | 'complete' | 'too-large';
  /** How long it is kept from now on. */
  expiresInMs: number;
}

/** An order as its lessee sees it. */
export interface OrderView {
  id: OrderId;
  state: OrderState;
  events: OrderEvent[];
  lastCode: RefusalCode | null;
  lastHint: string;
  /** Sum of what its agreements cost so far; final once the order ended. */
  costMicro: Micro;
  /** What the last joint round said of it; null when it was in none. */
  round: OrderRound | null;
  /** Oldest first; of many aborted ones only the latest. */
  agreements: AgreementView[];
}

/** An agreement (and its lease) as its lessee sees it, with Dataspace Protocol state names. */
export interface AgreementView {
  id: AgreementId;
  negotiation: NegotiationState;
  lease: LeaseState;
  /** Who has the right to use, until when (wall time); null before the lease runs. @patent [0058] EXE-4 */
  userOf: ParticipantId | null;
  userExpiresMs: number | null;
  /** When all parts were frozen (wall time); null before. Absent in views that were archived without. */
  signedAtMs?: number | null | undefined;
  code: RefusalCode | null;
  parts: {
    part: number;
    lessor: ParticipantId;
    targetHub: HubId;
    replicas: number;
    placements: Placement[];
    priceMicroPerHour: Micro;
    billedMs: number;
    costMicro: Micro;
    outcome: PartOutcome | null;
    /** `awaited`: AWAITING_KEY, the lessor waits for the task's key. Absent: there is none to wait for. */
    key?: 'awaited' | 'released' | undefined;
  }[];
}

/** How panoramas travel. `term` is 0 and `master` null in full mesh, and while nobody is elected. */
export interface PanoramaStatus {
  mode: 'mesh' | 'master';
  master: HubId | null;
  term: number;
}

/** Of a hub whose store lost some of its past: whose word it still waits for. */
export interface RecoveryStatus {
  waitingFor: HubId[];
}

export interface HubStatus {
  hub: HubId;
  epoch: number;
  /** Null: it serves. Otherwise it decides nothing. */
  recovery: RecoveryStatus | null;
  panorama: PanoramaStatus;
  /** What this hub knows of every hub's part, its own included. */
  parts: (PartVersion & { stale: boolean; participants: number; offers: number })[];
  orders: number;
  agreements: number;
  leases: number;
  /** Agreements of orders here that wait for votes, and orders that wait for their turn. */
  preparing: number;
  queued: number;
  rounds: RoundStatus;
}

// ---- either way ----

/** Tells the sender of a frame why it was refused; never answered. */
export type RefusedMessage = {
  type: 'refused';
  code: RefusalCode;
  hint: string;
  /** For hubs: the highest epoch of the receiver of this message that its sender knows. */
  knownEpoch: number;
};

export type Message = HubMessage | ParticipantMessage | HubToParticipantMessage | RefusedMessage;
export type MessageType = Message['type'];
