/** One hub's part of the resource panorama and the lease panorama, as one holder sees it. */
import type { Crypto } from '../units/document.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';
import type { LeaseRow, PanoramaRow, PartVersion, ResourceRow } from './row.ts';

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
  readonly resources = new Map<ParticipantId, ResourceRow>();
  readonly leases = new Map<ParticipantId, LeaseRow>();
  /** Highest revision among the rows: above `revision` when a vote brought a row early. */
  rowRevisionMax = 0;
  readonly #crypto: Crypto;
  #digestHigh = 0;
  #digestLow = 0;
  /** Rows that the digest includes, by table and participant, with their share of it. */
  readonly #mixed = new Map<string, readonly [high: number, low: number]>();
  /** Rows that changed since the digest was last asked for. */
  readonly #unmixed = new Map<string, PanoramaRow>();

  constructor(hub: HubId, crypto: Crypto) {
    this.hub = hub;
    this.#crypto = crypto;
  }

  /** Revision of the row as known here; rows never seen count as of the part's own revision. */
  #knownRevision(row: PanoramaRow): number {
    const known = this.#table(row).get(row.participant);
    return known ? known.revision : this.revision;
  }

  #table(row: PanoramaRow): Map<ParticipantId, PanoramaRow> {
    return row.kind === 'resource' ? this.resources : this.leases;
  }

  /** Replaces the row if this one is newer; returns whether it did. */
  put(row: PanoramaRow): boolean {
    if (row.revision <= this.#knownRevision(row)) return false;
    this.#store(row);
    return true;
  }

  /** Sets a row out of a delta that is known to come next: rows seen before stay as they are. */
  putInOrder(row: PanoramaRow): boolean {
    const known = this.#table(row).get(row.participant);
    if (known && known.revision >= row.revision) return false;
    this.#store(row);
    return true;
  }

  #store(row: PanoramaRow): void {
    const table = this.#table(row);
    table.set(row.participant, row);
    this.#unmixed.set(`${row.kind} ${row.participant}`, row);
    this.rowRevisionMax = Math.max(this.rowRevisionMax, row.revision);
  }

  /**
   * Replaces everything by a snapshot, but keeps rows that are newer than it.
   *
   * @returns participants of whom a row is other than before.
   */
  replace(
    epoch: number,
    revision: number,
    complete: boolean,
    rows: readonly PanoramaRow[],
  ): Set<ParticipantId> {
    const changed = new Set([...this.resources.keys(), ...this.leases.keys()]);
    const newer =
      epoch === this.epoch
        ? [...this.resources.values(), ...this.leases.values()].filter((r) => r.revision > revision)
        : [];
    this.resources.clear();
    this.leases.clear();
    this.#digestHigh = 0;
    this.#digestLow = 0;
    this.#mixed.clear();
    this.#unmixed.clear();
    this.rowRevisionMax = 0;
    this.epoch = epoch;
    this.revision = revision;
    this.complete = complete;
    for (const row of [...rows, ...newer]) {
      this.putInOrder(row);
      changed.add(row.participant);
    }
    return changed;
  }

  /** Rows that exist, resource rows first. */
  rows(): PanoramaRow[] {
    const present = (row: PanoramaRow) =>
      row.kind === 'resource' ? row.spec !== null : row.offer !== null;
    return [...this.resources.values(), ...this.leases.values()].filter(present);
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

  /** Rows are hashed when it is asked for, not at each of the many changes in between. */
  digest(): string {
    for (const [key, row] of this.#unmixed) this.#mix(key, row);
    this.#unmixed.clear();
    return hex(this.#digestHigh) + hex(this.#digestLow);
  }

  /** Takes the row's earlier form out of the digest and its present one in (exclusive or). */
  #mix(key: string, row: PanoramaRow): void {
    const [oldHigh, oldLow] = this.#mixed.get(key) ?? [0, 0];
    const [high, low] = this.#shareOf(row);
    this.#mixed.set(key, [high, low]);
    this.#digestHigh ^= oldHigh ^ high;
    this.#digestLow ^= oldLow ^ low;
  }

  #shareOf(row: PanoramaRow): readonly [number, number] {
    const content = row.kind === 'resource' ? row.spec : row.offer;
    if (content === null) return [0, 0];
    const text = this.#crypto.digest(canonicalJson(row as unknown as JsonValue));
    const at = text.indexOf(':') + 1;
    return [
      Number.parseInt(text.slice(at, at + 8), 16),
      Number.parseInt(text.slice(at + 8, at + 16), 16),
    ];
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
