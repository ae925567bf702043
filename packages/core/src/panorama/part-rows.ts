/** Rows of one part with their digest, which does not depend on the order in which they came. */
import type { Crypto } from '../units/document.ts';
import type { ParticipantId } from '../units/ids.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';
import type { LeaseRow, PanoramaRow, ResourceRow } from './row.ts';
import { contentOf, type DigestShare, type Rows, type RowTables } from './row-tables.ts';

export class PartRows {
  readonly #tables: RowTables;
  readonly #crypto: Crypto;
  /** Highest revision among the rows. */
  revisionMax = 0;
  /** How often a row came that is empty. */
  leftCount = 0;
  #digestHigh = 0;
  #digestLow = 0;
  /** Participants whose rows changed since the digest was last brought up to date. */
  readonly #unmixed = {
    resource: new Set<ParticipantId>(),
    lease: new Set<ParticipantId>(),
  };

  constructor(tables: RowTables, crypto: Crypto) {
    this.#tables = tables;
    this.#crypto = crypto;
  }

  get resources(): Rows<ResourceRow> {
    return this.#tables.resources;
  }

  get leases(): Rows<LeaseRow> {
    return this.#tables.leases;
  }

  of(kind: PanoramaRow['kind']): Rows<PanoramaRow> {
    return kind === 'resource' ? this.resources : this.leases;
  }

  set(row: PanoramaRow): void {
    this.#tables.set(row);
    this.#unmixed[row.kind].add(row.participant);
    this.revisionMax = Math.max(this.revisionMax, row.revision);
    if (contentOf(row) === null) this.leftCount += 1;
  }

  /** Drops empty rows; what has content stays. */
  forget(participant: ParticipantId): void {
    // Their earlier contents must be out of the digest first.
    this.digest();
    for (const kind of ['resource', 'lease'] as const) {
      const row = this.of(kind).get(participant);
      if (row && contentOf(row) === null) this.#tables.remove(kind, participant);
    }
  }

  /** Sets the row unless one of at least its revision is there; returns whether it did. */
  putNewer(row: PanoramaRow): boolean {
    const known = this.of(row.kind).revisionOf(row.participant);
    if (known !== undefined && known >= row.revision) return false;
    this.set(row);
    return true;
  }

  /** Rows are hashed when it is asked for, not at each of the many changes in between. */
  digest(): string {
    for (const kind of ['resource', 'lease'] as const) {
      for (const participant of this.#unmixed[kind]) this.#mix(kind, participant);
      this.#unmixed[kind].clear();
    }
    return hex(this.#digestHigh) + hex(this.#digestLow);
  }

  /** Takes the row's earlier form out of the digest and its present one in (exclusive or). */
  #mix(kind: PanoramaRow['kind'], participant: ParticipantId): void {
    const row = this.of(kind).get(participant);
    const [oldHigh, oldLow] = this.#tables.shareOf(kind, participant);
    const share = row ? this.#shareOf(row) : NOTHING;
    this.#tables.setShare(kind, participant, share);
    this.#digestHigh ^= oldHigh ^ share[0];
    this.#digestLow ^= oldLow ^ share[1];
  }

  #shareOf(row: PanoramaRow): DigestShare {
    if (contentOf(row) === null) return NOTHING;
    const text = this.#crypto.digest(canonicalJson(row as unknown as JsonValue));
    const at = text.indexOf(':') + 1;
    return [
      Number.parseInt(text.slice(at, at + 8), 16),
      Number.parseInt(text.slice(at + 8, at + 16), 16),
    ];
  }
}

const NOTHING: DigestShare = [0, 0];

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
