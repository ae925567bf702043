/** One hub's part of the resource panorama and the lease panorama, as one holder sees it. */
import type { Crypto } from '../units/document.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';
import type { Figures } from './figures.ts';
import type { Names } from './names.ts';
import { PackedTables } from './packed-tables.ts';
import { PartRows } from './part-rows.ts';
import type { LeaseRow, PanoramaRow, PartVersion, ResourceRow } from './row.ts';
import { contentOf, PlainTables, type Rows } from './row-tables.ts';

/**
 * Rows of one hub. The owner sets revisions; everybody else only ever replaces a row by one of a
 * higher revision. A row that left stays as a tombstone until the next snapshot, so that a late
 * message cannot bring it back.
 *
 * @patent [0037] [0041] [0042] LSE-5
 */
export class HubPart {
  readonly hub: HubId;
  epoch = 0;
  revision = 0;
  complete = false;
  /** The owner has not been heard of lately; its rows are left out of matching. */
  stale = true;
  lastHeardMs = 0;
  readonly #crypto: Crypto;
  readonly #names: Names;
  #rows: PartRows;

  /** @param isOwn the own rows are used all the time and stay objects. */
  constructor(hub: HubId, crypto: Crypto, isOwn: boolean, names: Names) {
    this.hub = hub;
    this.#crypto = crypto;
    this.#names = names;
    this.#rows = isOwn ? new PartRows(new PlainTables(), crypto) : this.gather();
  }

  get resources(): Rows<ResourceRow> {
    return this.#rows.resources;
  }

  get leases(): Rows<LeaseRow> {
    return this.#rows.leases;
  }

  /** Highest revision among the rows: above `revision` when a vote brought a row early. */
  get rowRevisionMax(): number {
    return this.#rows.revisionMax;
  }

  /** Replaces the row if this one is newer; returns whether it did. */
  put(row: PanoramaRow): boolean {
    // Rows never seen count as of the part's own revision.
    const known = this.#rows.of(row.kind).revisionOf(row.participant) ?? this.revision;
    if (row.revision <= known) return false;
    this.#rows.set(row);
    return true;
  }

  /**
   * Sets a row out of a delta that is known to come next: rows seen before stay as they are.
   *
   * @param onlyFigures it differs from the one before in figures at most.
   */
  putInOrder(row: PanoramaRow, onlyFigures = false): boolean {
    return this.#rows.putNewer(row, onlyFigures);
  }

  /** Of a lease row that has figures: all else stays. */
  setFigures(participant: ParticipantId, revision: number, figures: Figures): void {
    this.#rows.setFigures(participant, revision, figures);
  }

  /** An empty set of rows to gather a snapshot in, see {@link replace}. */
  gather(): PartRows {
    return new PartRows(new PackedTables(this.#names.of(this.hub)), this.#crypto);
  }

  /**
   * Replaces everything by a snapshot, but keeps rows that are newer than it.
   *
   * @returns participants of whom a row is other than before.
   */
  replace(epoch: number, revision: number, complete: boolean, rows: PartRows): Set<ParticipantId> {
    const old = this.#rows;
    const isSameEpoch = epoch === this.epoch;
    const changed = new Set<ParticipantId>();
    // An owner that told two contents under one revision must not leave the other one anywhere.
    const isOther = old.comparedWith(rows);
    for (const kind of ['resource', 'lease'] as const) {
      const [before, now] = [old.of(kind), rows.of(kind)];
      for (const participant of before.keys()) {
        const known = before.revisionOf(participant) as number;
        if (isSameEpoch && known > revision) {
          const row = before.get(participant);
          if (row) rows.putNewer(row);
        } else if (now.revisionOf(participant) === undefined) changed.add(participant);
      }
      for (const participant of now.presentKeys()) {
        const known = before.revisionOf(participant);
        const isNew = !isSameEpoch || known !== now.revisionOf(participant);
        if (isNew || isOther(kind, participant)) changed.add(participant);
      }
    }
    this.#rows = rows;
    old.release();
    this.epoch = epoch;
    this.revision = revision;
    this.complete = complete;
    return changed;
  }

  /** Owner only: drops the empty rows of a participant that does not come back under this name. */
  forget(participant: ParticipantId): void {
    this.#rows.forget(participant);
  }

  /** Rows that left since the last snapshot: each is remembered until the next one. */
  get leftCount(): number {
    return this.#rows.leftCount;
  }

  /** Rows that exist, resource rows first. */
  rows(): PanoramaRow[] {
    const all: PanoramaRow[] = [...this.resources.values(), ...this.leases.values()];
    return all.filter((row) => contentOf(row) !== null);
  }

  version(): PartVersion {
    return {
      hub: this.hub,
      epoch: this.epoch,
      revision: this.revision,
      complete: this.complete,
      digest: this.digest(),
    };
  }

  digest(): string {
    return this.#rows.digest();
  }
}
