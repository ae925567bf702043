/** Where the rows of one hub's part are kept: as objects for the own part, packed for the others. */
import type { ParticipantId } from '../units/ids.ts';
import { type DigestShare, NO_SHARE } from './digest-share.ts';
import type { Figures } from './figures.ts';
import type { LeaseRow, PanoramaRow, ResourceRow, RowForm } from './row.ts';
import { joinRow, splitRow } from './row-form.ts';

/** Rows of one kind by participant; rows that left are there as tombstones, with null content. */
export interface Rows<R extends PanoramaRow> {
  get(participant: ParticipantId): R | undefined;
  /** Like `get`, without the cost of the row's content. */
  revisionOf(participant: ParticipantId): number | undefined;
  /** None when there is no such row, it has no content, or numbers in it are no figures. */
  figuresOf(participant: ParticipantId): Figures | undefined;
  keys(): Iterable<ParticipantId>;
  /** Participants whose row has content. */
  presentKeys(): Iterable<ParticipantId>;
  values(): Iterable<R>;
}

export interface PackedForm {
  form: RowForm;
  /** None where rows are kept as objects. */
  bytes: Uint8Array | null;
}

export interface RowTables {
  readonly resources: Rows<ResourceRow>;
  readonly leases: Rows<LeaseRow>;
  set(row: PanoramaRow): void;
  /** A form as these tables keep it, for all the rows of that form that are set next. */
  packed(form: RowForm): PackedForm;
  setShared(participant: ParticipantId, revision: number, form: PackedForm, figures: Figures): void;
  /** Of a lease row that has figures: all else stays. */
  setFigures(participant: ParticipantId, revision: number, figures: Figures): void;
  /** Of the own part only. */
  remove(kind: PanoramaRow['kind'], participant: ParticipantId): void;
  /** What `setShare` was told last. */
  shareOf(kind: PanoramaRow['kind'], participant: ParticipantId): DigestShare;
  setShare(kind: PanoramaRow['kind'], participant: ParticipantId, share: DigestShare): void;
  /** The same for the form of a lease row that has figures. */
  formShareOf(participant: ParticipantId): DigestShare;
  setFormShare(participant: ParticipantId, share: DigestShare): void;
  /** Gives up what is shared with other tables: these are not used any more. */
  release(): void;
}

export class PlainTables implements RowTables {
  readonly resources = new PlainRows<ResourceRow>();
  readonly leases = new PlainRows<LeaseRow>();
  readonly #shares = new Map<string, DigestShare>();
  readonly #forms = new Map<ParticipantId, DigestShare>();

  set(row: PanoramaRow): void {
    if (row.kind === 'resource') this.resources.set(row.participant, row);
    else this.leases.set(row.participant, row);
  }

  packed(form: RowForm): PackedForm {
    return { form, bytes: null };
  }

  setShared(
    participant: ParticipantId,
    revision: number,
    { form }: PackedForm,
    figures: Figures,
  ): void {
    this.set(joinRow(participant, revision, form, figures));
  }

  setFigures(participant: ParticipantId, revision: number, figures: Figures): void {
    const split = splitRow(this.leases.get(participant) as LeaseRow);
    if (!split) throw new Error(`broken invariant: no figures of ${participant}`);
    this.set(joinRow(participant, revision, split.form, figures));
  }

  remove(kind: PanoramaRow['kind'], participant: ParticipantId): void {
    (kind === 'resource' ? this.resources : this.leases).delete(participant);
    this.#shares.delete(`${kind} ${participant}`);
    if (kind === 'lease') this.#forms.delete(participant);
  }

  shareOf(kind: PanoramaRow['kind'], participant: ParticipantId): DigestShare {
    return this.#shares.get(`${kind} ${participant}`) ?? NO_SHARE;
  }

  setShare(kind: PanoramaRow['kind'], participant: ParticipantId, share: DigestShare): void {
    this.#shares.set(`${kind} ${participant}`, share);
  }

  formShareOf(participant: ParticipantId): DigestShare {
    return this.#forms.get(participant) ?? NO_SHARE;
  }

  setFormShare(participant: ParticipantId, share: DigestShare): void {
    this.#forms.set(participant, share);
  }

  release(): void {}
}

class PlainRows<R extends PanoramaRow> extends Map<ParticipantId, R> implements Rows<R> {
  revisionOf(participant: ParticipantId): number | undefined {
    return this.get(participant)?.revision;
  }

  figuresOf(participant: ParticipantId): Figures | undefined {
    const row = this.get(participant);
    return (row && splitRow(row))?.figures;
  }

  *presentKeys(): Generator<ParticipantId> {
    for (const [participant, row] of this) if (contentOf(row) !== null) yield participant;
  }
}

export function contentOf(row: PanoramaRow) {
  return row.kind === 'resource' ? row.spec : row.offer;
}
