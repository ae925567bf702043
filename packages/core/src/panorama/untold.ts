/** What the owner has not told of its part yet: of each row its last form, or what changed of it. */
import type { ParticipantId } from '../units/ids.ts';
import { FIGURES_MAX, figuresOf, placesChanged } from './figures.ts';
import type { HubPart } from './hub-part.ts';
import type { LeaseChange, LeaseRow, PanoramaRow } from './row.ts';

interface Entry {
  row: PanoramaRow;
  /** Revision of the row as it was told last. */
  since: number;
  /** Every place that changed since then, also if it is as before now; null: the row goes whole. */
  places: Set<number> | null;
}

export class Untold {
  /** Revision of the part that all others were told of. */
  from = 0;
  readonly #entries = new Map<string, Entry>();

  /**
   * @param own the part as it is before the row is set.
   * @returns places in which the row differs from the one in the part; null: in more than figures.
   */
  add(own: HubPart, row: PanoramaRow): readonly number[] | null {
    if (this.#entries.size === 0) this.from = own.revision;
    const before = row.kind === 'lease' ? own.leases.get(row.participant) : undefined;
    const places = before && row.kind === 'lease' ? placesOf(before, row) : null;
    const name = `${row.kind} ${row.participant}`;
    const known = this.#entries.get(name);
    const since = known ? known.since : (before?.revision ?? 0);
    const all = known ? known.places : new Set<number>();
    for (const place of places ?? []) all?.add(place);
    // The last one to change comes last.
    this.#entries.delete(name);
    this.#entries.set(name, { row, since, places: places && all });
    return places;
  }

  /** In the order of their revisions. */
  take(): (PanoramaRow | LeaseChange)[] {
    const told = [...this.#entries.values()].map(({ row, since, places }) =>
      places && row.kind === 'lease' ? changeOf(row, since, places) : row,
    );
    this.#entries.clear();
    return told;
  }
}

function placesOf(before: LeaseRow, after: LeaseRow): number[] | null {
  return before.offer && after.offer && placesChanged(before.offer, after.offer);
}

function changeOf(
  row: LeaseRow,
  since: number,
  places: ReadonlySet<number>,
): LeaseChange | LeaseRow {
  const all = row.offer && figuresOf(row.offer);
  if (!all || 2 * places.size > FIGURES_MAX) return row;
  const participant: ParticipantId = row.participant;
  const figures = [...places].flatMap((place) => [place, all[place]!]);
  return { participant, since, revision: row.revision, figures };
}
