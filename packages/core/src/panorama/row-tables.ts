/** Where the rows of one hub's part are kept: as objects for the own part, packed for the others. */
import type { ParticipantId } from '../units/ids.ts';
import { type Figures, figuresOf, offerFrom, termsOf } from './figures.ts';
import type { LeaseRow, PanoramaRow, ResourceRow } from './row.ts';

/** Rows of one kind by participant; rows that left are there as tombstones, with null content. */
export interface Rows<R extends PanoramaRow> {
  get(participant: ParticipantId): R | undefined;
  /** Like `get`, without the cost of the row's content. */
  revisionOf(participant: ParticipantId): number | undefined;
  keys(): Iterable<ParticipantId>;
  /** Participants whose row has content. */
  presentKeys(): Iterable<ParticipantId>;
  values(): Iterable<R>;
}

export interface LeaseRows extends Rows<LeaseRow> {
  /** None when nothing is offered, or the offer has numbers that are no figures. */
  figuresOf(participant: ParticipantId): number[] | undefined;
}

/** A row's share of the digest: zero for a row without content. */
export type DigestShare = readonly [high: number, low: number];

export interface RowTables {
  readonly resources: Rows<ResourceRow>;
  readonly leases: LeaseRows;
  set(row: PanoramaRow): void;
  /** Of a lease row that has figures: all else stays. */
  setFigures(participant: ParticipantId, revision: number, figures: Figures): void;
  /** Of the own part only. */
  remove(kind: PanoramaRow['kind'], participant: ParticipantId): void;
  /** What `setShare` was told last. */
  shareOf(kind: PanoramaRow['kind'], participant: ParticipantId): DigestShare;
  setShare(kind: PanoramaRow['kind'], participant: ParticipantId, share: DigestShare): void;
  /** The same for the terms of a lease row. */
  termsShareOf(participant: ParticipantId): DigestShare;
  setTermsShare(participant: ParticipantId, share: DigestShare): void;
}

const NO_SHARE: DigestShare = [0, 0];

export class PlainTables implements RowTables {
  readonly resources = new PlainRows<ResourceRow>();
  readonly leases = new PlainLeases();
  readonly #shares = new Map<string, DigestShare>();

  set(row: PanoramaRow): void {
    if (row.kind === 'resource') this.resources.set(row.participant, row);
    else this.leases.set(row.participant, row);
  }

  setFigures(participant: ParticipantId, revision: number, figures: Figures): void {
    const offer = this.leases.get(participant)?.offer;
    if (!offer) throw new Error(`broken invariant: nothing is offered by ${participant}`);
    const renewed = offerFrom(participant, termsOf(offer), figures);
    this.leases.set(participant, { kind: 'lease', participant, revision, offer: renewed });
  }

  remove(kind: PanoramaRow['kind'], participant: ParticipantId): void {
    (kind === 'resource' ? this.resources : this.leases).delete(participant);
    this.#shares.delete(`${kind} ${participant}`);
    if (kind === 'lease') this.#shares.delete(`terms ${participant}`);
  }

  shareOf(kind: PanoramaRow['kind'], participant: ParticipantId): DigestShare {
    return this.#shares.get(`${kind} ${participant}`) ?? NO_SHARE;
  }

  setShare(kind: PanoramaRow['kind'], participant: ParticipantId, share: DigestShare): void {
    this.#shares.set(`${kind} ${participant}`, share);
  }

  termsShareOf(participant: ParticipantId): DigestShare {
    return this.#shares.get(`terms ${participant}`) ?? NO_SHARE;
  }

  setTermsShare(participant: ParticipantId, share: DigestShare): void {
    this.#shares.set(`terms ${participant}`, share);
  }
}

class PlainRows<R extends PanoramaRow> extends Map<ParticipantId, R> implements Rows<R> {
  revisionOf(participant: ParticipantId): number | undefined {
    return this.get(participant)?.revision;
  }

  *presentKeys(): Generator<ParticipantId> {
    for (const [participant, row] of this) if (contentOf(row) !== null) yield participant;
  }
}

class PlainLeases extends PlainRows<LeaseRow> implements LeaseRows {
  figuresOf(participant: ParticipantId): number[] | undefined {
    const offer = this.get(participant)?.offer;
    return (offer && figuresOf(offer)) ?? undefined;
  }
}

export function contentOf(row: PanoramaRow) {
  return row.kind === 'resource' ? row.spec : row.offer;
}
