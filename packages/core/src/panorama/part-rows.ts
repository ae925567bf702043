/** Rows of one part with their digest, which does not depend on the order in which they came. */
import type { Crypto } from '../units/document.ts';
import type { ParticipantId } from '../units/ids.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';
import { type DigestShare, NO_SHARE, shareOfFigures } from './digest-share.ts';
import type { Figures } from './figures.ts';
import type { LeaseRow, PanoramaRow, ResourceRow, RowForm } from './row.ts';
import { splitRow } from './row-form.ts';
import { contentOf, type PackedForm, type Rows, type RowTables } from './row-tables.ts';

export interface PreparedForm extends PackedForm {
  share: DigestShare;
}

export class PartRows {
  readonly #tables: RowTables;
  readonly #crypto: Crypto;
  /** Highest revision among the rows. */
  revisionMax = 0;
  /** How often a row came that is empty. */
  leftCount = 0;
  #digestHigh = 0;
  #digestLow = 0;
  /**
   * Whose rows changed since the digest was last brought up to date. Of a resource the share of its
   * form where that is known, of a lease whether only figures changed: then the share that its form
   * had is used again. Resources hardly ever change, so those of their forms are not kept.
   */
  readonly #unmixed = {
    resource: new Map<ParticipantId, DigestShare | null>(),
    lease: new Map<ParticipantId, boolean>(),
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

  /** @param onlyFigures it differs from the one before in figures at most. */
  set(row: PanoramaRow, onlyFigures = false): void {
    this.#tables.set(row);
    if (row.kind === 'lease') this.#noteLease(row.participant, row.revision, onlyFigures);
    else this.#noteResource(row.participant, row.revision, null);
    if (contentOf(row) === null) this.leftCount += 1;
  }

  /** Of a lease row that has figures: all else stays. */
  setFigures(participant: ParticipantId, revision: number, figures: Figures): void {
    this.#tables.setFigures(participant, revision, figures);
    this.#noteLease(participant, revision, true);
  }

  #noteLease(participant: ParticipantId, revision: number, onlyFigures: boolean): void {
    const { lease } = this.#unmixed;
    lease.set(participant, onlyFigures && lease.get(participant) !== false);
    this.revisionMax = Math.max(this.revisionMax, revision);
  }

  #noteResource(participant: ParticipantId, revision: number, form: DigestShare | null): void {
    this.#unmixed.resource.set(participant, form);
    this.revisionMax = Math.max(this.revisionMax, revision);
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
  putNewer(row: PanoramaRow, onlyFigures = false): boolean {
    const known = this.of(row.kind).revisionOf(row.participant);
    if (known !== undefined && known >= row.revision) return false;
    this.set(row, onlyFigures);
    return true;
  }

  /** A form made ready for all of its rows: it is packed and hashed once. */
  prepared(form: RowForm): PreparedForm {
    return { ...this.#tables.packed(form), share: this.#shareOfForm(form) };
  }

  /** The same as {@link putNewer} for a row in halves. */
  putShared(
    participant: ParticipantId,
    revision: number,
    prepared: PreparedForm,
    figures: Figures,
  ): boolean {
    const { kind } = prepared.form;
    const known = this.of(kind).revisionOf(participant);
    if (known !== undefined && known >= revision) return false;
    this.#tables.setShared(participant, revision, prepared, figures);
    if (kind === 'lease') {
      this.#tables.setFormShare(participant, prepared.share);
      this.#noteLease(participant, revision, true);
    } else this.#noteResource(participant, revision, prepared.share);
    return true;
  }

  /** These rows are not used any more. */
  release(): void {
    this.#tables.release();
  }

  /** Rows are hashed when it is asked for, not at each of the many changes in between. */
  digest(): string {
    const { resource, lease } = this.#unmixed;
    for (const [participant, form] of resource) this.#mix('resource', participant, form);
    for (const [participant, onlyFigures] of lease) {
      const form = onlyFigures ? this.#tables.formShareOf(participant) : null;
      const mixed = this.#mix('lease', participant, form);
      if (mixed && !form) this.#tables.setFormShare(participant, mixed);
    }
    resource.clear();
    lease.clear();
    return hex(this.#digestHigh) + hex(this.#digestLow);
  }

  /** Tells whether a participant's row has another content there, revision included. */
  comparedWith(other: PartRows): (kind: PanoramaRow['kind'], of: ParticipantId) => boolean {
    this.digest();
    other.digest();
    return (kind, participant) => {
      const [high, low] = this.#tables.shareOf(kind, participant);
      const [otherHigh, otherLow] = other.#tables.shareOf(kind, participant);
      return high !== otherHigh || low !== otherLow;
    };
  }

  /**
   * Takes the row's earlier form out of the digest and its present one in (exclusive or).
   *
   * @param known  the share of the row's form, null when it is to be hashed.
   * @returns that share; null for a row that is kept whole.
   */
  #mix(
    kind: PanoramaRow['kind'],
    participant: ParticipantId,
    known: DigestShare | null,
  ): DigestShare | null {
    const rows = this.of(kind);
    const revision = rows.revisionOf(participant);
    if (revision === undefined) return null;
    const [oldHigh, oldLow] = this.#tables.shareOf(kind, participant);
    const figures = rows.figuresOf(participant);
    const form = figures ? (known ?? this.#shareOfFormOf(rows.get(participant))) : null;
    // What changes all the time is mixed in without what does not.
    const share =
      figures && form
        ? shareOfFigures(form, kind, participant, revision, figures)
        : this.#shareOfWhole(rows.get(participant));
    this.#tables.setShare(kind, participant, share);
    this.#digestHigh ^= oldHigh ^ share[0];
    this.#digestLow ^= oldLow ^ share[1];
    return form;
  }

  #shareOfFormOf(row: PanoramaRow | undefined): DigestShare | null {
    const split = row && splitRow(row);
    return split ? this.#shareOfForm(split.form) : null;
  }

  #shareOfWhole(row: PanoramaRow | undefined): DigestShare {
    if (!row || contentOf(row) === null) return NO_SHARE;
    return this.#hash(canonicalJson(row as unknown as JsonValue));
  }

  #shareOfForm(form: RowForm): DigestShare {
    return this.#hash(canonicalJson(form as unknown as JsonValue));
  }

  #hash(text: string): DigestShare {
    const digest = this.#crypto.digest(text);
    const at = digest.indexOf(':') + 1;
    const word = (from: number) => Number.parseInt(digest.slice(from, from + 8), 16) | 0;
    return [word(at), word(at + 8)];
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
