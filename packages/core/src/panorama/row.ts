/** Rows of the two panoramas as hubs exchange them; each row has one writer, its own hub. */
import type { PublishedSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { SignedDocument } from '../units/document.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';
import type { Terms } from './figures.ts';

/** A participant's resource information; null when the participant left. */
export interface ResourceRow {
  kind: 'resource';
  participant: ParticipantId;
  /** Revision of the hub's part at which this row last changed. */
  revision: number;
  spec: PublishedSpec | null;
}

/**
 * A lessor's sell order with what is free of it now: amounts and device shares of `offer.lots` are
 * the offered ones less the frozen ones. Null when nothing is offered.
 */
export interface LeaseRow {
  kind: 'lease';
  participant: ParticipantId;
  revision: number;
  offer: SellOrder | null;
}

export type PanoramaRow = ResourceRow | LeaseRow;

/**
 * What changed of a known lease row since `since`, a revision of that row: places among the figures of
 * its offer (see `figures.ts`) and the numbers there now, in turn. It names every place that differed
 * at any time in between: so it builds on every form that the row had since then.
 */
export interface LeaseChange {
  participant: ParticipantId;
  since: number;
  revision: number;
  figures: number[];
}

/** Where a hub's part of the panoramas stands. */
export interface PartVersion {
  hub: HubId;
  /** A life of the hub's store. */
  epoch: number;
  revision: number;
  /** True when every admitted participant of the subnet has reported. @patent [0037] PAN-5 */
  complete: boolean;
  /** Order-independent digest over the rows, for anti-entropy. */
  digest: string;
}

/** Anti-entropy: where the sender's part stands, where its store does, and what it knows of ours. */
export interface HeartbeatMessage {
  type: 'heartbeat';
  version: PartVersion;
  /** Signed by the sender: how far its store has come. */
  mark: SignedDocument;
  /** Signed by the receiver, earlier: how far its store has come as the sender was told. */
  known: SignedDocument[];
}

/**
 * Rows that changed between two revisions of the sender's part: whole, or only what changed of them.
 */
export interface DeltaMessage {
  type: 'delta';
  epoch: number;
  from: number;
  to: number;
  complete: boolean;
  rows: PanoramaRow[];
  changes: LeaseChange[];
}

/**
 * One chunk of the sender's whole part at one revision: what many rows have in common stands once in
 * each chunk; `rows` are those that are not of any form.
 */
export interface SnapshotMessage {
  type: 'snapshot';
  epoch: number;
  revision: number;
  complete: boolean;
  chunk: number;
  chunks: number;
  rows: PanoramaRow[];
  forms: RowForm[];
  shared: SharedRow[];
}

/** A row without what is its own, see `row-form.ts`: the same for all machines of one kind. */
export type RowForm = { kind: 'resource'; spec: SpecForm } | { kind: 'lease'; terms: Terms };

/** What a participant owns, whoever it is; its only figure is the revision. */
export type SpecForm = Omit<PublishedSpec, 'participant' | 'revision'>;

/** A row of the form of that number in the same chunk, with its own figures. */
export interface SharedRow {
  participant: ParticipantId;
  revision: number;
  form: number;
  figures: number[];
}

/** Asks for the whole part of hub `of`: of that hub itself, or of the master hub, which gets it. */
export interface SnapshotRequest {
  type: 'snapshot-request';
  of: HubId;
}

/** Rows of one hub as that hub signs them, so that another hub can pass them on. */
export interface SignedUpdate {
  owner: HubId;
  update: DeltaMessage | SnapshotMessage;
}

/**
 * Master mode: from the owner to the master hub, and from there, unchanged, to all others. The
 * document is a signed {@link SignedUpdate}; `term` is that of the election that the sender follows.
 */
export interface PartUpdate {
  type: 'part-update';
  term: number;
  document: SignedDocument;
}
