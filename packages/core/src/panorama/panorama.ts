/** Both panoramas of one hub: its own part, which it publishes, and the parts of the other hubs. */

import type { PublishedSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { Crypto } from '../units/document.ts';
import { compareIds, type HubId, hubOf, type ParticipantId } from '../units/ids.ts';
import { AMOUNT_FIELDS } from '../units/resources.ts';
import type { Figures } from './figures.ts';
import { HubPart } from './hub-part.ts';
import { applyChange } from './lease-change.ts';
import { Names } from './names.ts';
import type { PartRows } from './part-rows.ts';
import type {
  DeltaMessage,
  HeartbeatMessage,
  LeaseChange,
  LeaseRow,
  PanoramaRow,
  SharedRow,
  SnapshotMessage,
} from './row.ts';
import { chunksOf, type Fitting } from './snapshot-chunks.ts';
import { Untold } from './untold.ts';

/**
 * What became of a message about a part: `gap` and `unfit` ask for a snapshot, `unfit` because a
 * change does not build on what is here, which no honest owner brings about.
 */
export type Applied = 'applied' | 'old' | 'gap' | 'unfit';

interface Assembly {
  epoch: number;
  revision: number;
  rows: PartRows;
  chunks: number;
  /** Numbers of the chunks that came. */
  taken: Set<number>;
}

/** @patent [0037]-[0042] C1.2 C1.3 C4.1 C9.1 PAN-6 LSE-3 */
export class Panorama {
  readonly self: HubId;
  readonly own: HubPart;
  readonly parts = new Map<HubId, HubPart>();
  /** Whoever keeps something of a participant for long holds its name here. */
  readonly names = new Names();
  /** Lessors whose offer got better since this was last emptied: orders may fit now. */
  readonly improved = new Set<ParticipantId>();
  /** Participants of whom a row changed, or went, since this was last emptied. */
  readonly changed = new Set<ParticipantId>();
  /** Figures of offers in which nothing else changed since this was last emptied. */
  readonly refigured = new Map<ParticipantId, Figures>();
  /** The same for rows of snapshots, which are many at once; not yet counted as improved. */
  readonly arrived = new Set<ParticipantId>();
  readonly #crypto: Crypto;
  readonly #assemblies = new Map<HubId, Assembly>();
  readonly #untold = new Untold();

  constructor(self: HubId, epoch: number, peers: readonly HubId[], crypto: Crypto) {
    this.self = self;
    this.#crypto = crypto;
    for (const hub of [self, ...peers].sort(compareIds)) {
      this.parts.set(hub, new HubPart(hub, crypto, hub === self, this.names));
    }
    this.own = this.parts.get(self) as HubPart;
    this.own.epoch = epoch;
    this.own.stale = false;
  }

  /** A hub joined the network: it is stale until it is heard. */
  addHub(hub: HubId): void {
    if (this.parts.has(hub)) return;
    this.parts.set(hub, new HubPart(hub, this.#crypto, false, this.names));
  }

  /** Publishes the participant's resource information (null: it left). */
  publishResource(participant: ParticipantId, spec: PublishedSpec | null): void {
    if (!spec && !this.own.resources.get(participant)?.spec) return;
    if (spec) this.improved.add(participant);
    this.#publish({ kind: 'resource', participant, revision: 0, spec });
  }

  /** Publishes the lessor's offer with its free quantities (null: nothing is offered). */
  publishLease(participant: ParticipantId, offer: SellOrder | null): void {
    const old = this.own.leases.get(participant);
    if (!offer && !old?.offer) return;
    if (isImprovement(old?.offer ?? null, offer)) this.improved.add(participant);
    this.#publish({ kind: 'lease', participant, revision: 0, offer });
  }

  #publish(row: PanoramaRow): void {
    const { own } = this;
    row.revision = own.revision + 1;
    const places = this.#untold.add(own, row);
    own.revision = row.revision;
    own.putInOrder(row, places !== null);
    this.changed.add(row.participant);
  }

  setComplete(complete: boolean): void {
    this.own.complete = complete;
  }

  /**
   * What changed in the own part since the last call, for every other hub, in one delta or more.
   *
   * @param fitting how many of the first rows and changes fit one message: at least one.
   */
  takeDeltas(fitting: Fitting): DeltaMessage[] {
    const { epoch, complete } = this.own;
    const deltas: DeltaMessage[] = [];
    let from = this.#untold.from;
    for (const told of batches(this.#untold.take(), fitting)) {
      const to = told.at(-1)!.revision;
      const rows = told.filter((one) => isWhole(one));
      const changes = told.filter((one) => !isWhole(one)) as LeaseChange[];
      deltas.push({ type: 'delta', epoch, from, to, complete, rows, changes });
      from = to;
    }
    return deltas;
  }

  /** The own part in chunks (one empty chunk when there are no rows). */
  snapshot(fitting: Fitting): SnapshotMessage[] {
    const { epoch, revision, complete } = this.own;
    const base = { type: 'snapshot', epoch, revision, complete } as const;
    const all = chunksOf(this.own.rows(), fitting);
    return all.map((rows, chunk) => ({ ...base, chunk, chunks: all.length, ...rows }));
  }

  /** True when every row belongs to a participant of that hub, and its content to the same one. */
  ownsRows(hub: HubId, rows: readonly (PanoramaRow | LeaseChange | SharedRow)[]): boolean {
    return rows.every((row) => {
      const content = !isWhole(row) ? null : row.kind === 'lease' ? row.offer : row.spec;
      const isOwn = content === null || content.participant === row.participant;
      return isOwn && hubOf(row.participant) === hub;
    });
  }

  applyDelta(hub: HubId, delta: DeltaMessage): Applied {
    const part = this.#peer(hub);
    if (delta.epoch < part.epoch) return 'old';
    if (delta.epoch > part.epoch || delta.from > part.revision) return 'gap';
    if (delta.to <= part.revision) return 'old';
    // Rows carry their own revisions, so an overlapping delta cannot take anything back.
    for (const row of delta.rows) this.#apply(part, row, true);
    let fits = true;
    for (const change of delta.changes) fits = this.#applyChange(part, change, delta.from) && fits;
    // What fitted is right and stays; the revision does not rise, so that the whole part is asked for.
    if (!fits) return 'unfit';
    part.revision = delta.to;
    part.complete = delta.complete;
    return 'applied';
  }

  applySnapshot(hub: HubId, snapshot: SnapshotMessage): Applied {
    const part = this.#peer(hub);
    const { epoch, revision } = snapshot;
    if (epoch < part.epoch || (epoch === part.epoch && revision < part.revision)) return 'old';
    let assembly = this.#assemblies.get(hub);
    const fits = assembly?.epoch === epoch && assembly.revision === revision;
    if (!assembly || !fits || assembly.chunks !== snapshot.chunks) {
      if (assembly && isBefore(snapshot, assembly)) return 'old';
      assembly?.rows.release();
      const { chunks } = snapshot;
      assembly = { epoch, revision, rows: part.gather(), chunks, taken: new Set() };
      this.#assemblies.set(hub, assembly);
    }
    // Rows are packed and hashed chunk by chunk: the last one must not cost as much as all.
    if (snapshot.chunk < assembly.chunks && !assembly.taken.has(snapshot.chunk)) {
      assembly.taken.add(snapshot.chunk);
      const { rows } = assembly;
      for (const row of snapshot.rows) rows.putNewer(row);
      const forms = snapshot.forms.map((form) => rows.prepared(form));
      for (const { participant, revision: own, form, figures } of snapshot.shared) {
        rows.putShared(participant, own, forms[form]!, figures);
      }
      rows.digest();
    }
    if (assembly.taken.size < assembly.chunks) return 'applied';
    this.#assemblies.delete(hub);
    for (const participant of part.replace(epoch, revision, snapshot.complete, assembly.rows)) {
      this.arrived.add(participant);
      this.refigured.delete(participant);
    }
    return 'applied';
  }

  /** A row that came with a vote: right at once, without waiting for the delta. */
  applyRow(hub: HubId, epoch: number, row: LeaseRow): void {
    const part = this.#peer(hub);
    if (epoch === part.epoch && this.ownsRows(hub, [row])) this.#apply(part, row, false);
  }

  #apply(part: HubPart, row: PanoramaRow, inOrder: boolean): void {
    const old = row.kind === 'lease' ? part.leases.get(row.participant)?.offer : null;
    const stored = inOrder ? part.putInOrder(row) : part.put(row);
    if (stored) {
      this.changed.add(row.participant);
      this.refigured.delete(row.participant);
    }
    if (stored && (row.kind === 'resource' || isImprovement(old ?? null, row.offer))) {
      this.improved.add(row.participant);
    }
  }

  #applyChange(part: HubPart, change: LeaseChange, from: number): boolean {
    const { participant } = change;
    const became = applyChange(part, change, from);
    if (became === 'unfit') return false;
    if (became === 'old') return true;
    if (became.isOther) this.refigured.set(participant, became.figures);
    if (became.isImprovement) this.improved.add(participant);
    return true;
  }

  /** Compares the owner's word with what is known here. */
  checkHeartbeat(hub: HubId, heartbeat: Pick<HeartbeatMessage, 'version'>): Applied {
    const part = this.#peer(hub);
    const { epoch, revision, complete, digest } = heartbeat.version;
    if (epoch < part.epoch || (epoch === part.epoch && revision < part.revision)) return 'old';
    if (epoch > part.epoch || revision > part.revision) return 'gap';
    part.complete = complete;
    if (part.rowRevisionMax <= revision && part.digest() !== digest) return 'gap';
    return 'applied';
  }

  /** Notes a sign of life; rows that were stale count as improved. */
  heard(hub: HubId, nowMs: number): void {
    const part = this.#peer(hub);
    part.lastHeardMs = nowMs;
    if (!part.stale) return;
    part.stale = false;
    for (const participant of part.leases.presentKeys()) this.improved.add(participant);
  }

  markStale(hub: HubId): void {
    this.#peer(hub).stale = true;
  }

  lease(participant: ParticipantId): LeaseRow | undefined {
    return this.parts.get(hubOf(participant))?.leases.get(participant);
  }

  /** Addressing: the hub that owns the participant, if both panoramas know it. @patent [0032] TOP-3 */
  resolve(participant: ParticipantId): HubId | undefined {
    const hub = hubOf(participant);
    return this.parts.get(hub)?.resources.get(participant)?.spec ? hub : undefined;
  }

  #peer(hub: HubId): HubPart {
    const part = this.parts.get(hub);
    if (!part) throw new Error(`not a hub of the network: ${hub}`);
    return part;
  }
}

function isWhole(row: PanoramaRow | LeaseChange | SharedRow): row is PanoramaRow {
  return 'kind' in row;
}

function batches<T>(rows: T[], fitting: Fitting): T[][] {
  const all: T[][] = [];
  for (let rest = rows; rest.length > 0; ) {
    const count = fitting(rest);
    all.push(rest.slice(0, count));
    rest = rest.slice(count);
  }
  return all;
}

function isBefore(a: { epoch: number; revision: number }, b: { epoch: number; revision: number }) {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.revision < b.revision);
}

/** Whether an order that did not fit the old offer might fit the new one. */
function isImprovement(old: SellOrder | null, offer: SellOrder | null): boolean {
  if (!offer) return false;
  if (!old || old.termsRevision !== offer.termsRevision) return true;
  const before = new Map(old.lots.map((lot) => [lot.id, lot]));
  return offer.lots.some((lot) => {
    const was = before.get(lot.id);
    if (!was || AMOUNT_FIELDS.some((field) => lot.amounts[field] > was.amounts[field])) return true;
    return lot.devices.some((device) => {
      const had = was.devices.find((candidate) => candidate.id === device.id);
      return !had || device.milli > had.milli;
    });
  });
}
