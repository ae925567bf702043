/** A change of a lease row put in place, if it builds on the row that is here. */
import { type Figures, mayBe, meaningOf } from './figures.ts';
import type { HubPart } from './hub-part.ts';
import type { LeaseChange } from './row.ts';

export interface Changed {
  /** Of the row as it is now. */
  figures: Figures;
  /** Whether anything is other than the offer's own number. */
  isOther: boolean;
  /** Orders that did not fit may fit now. */
  isImprovement: boolean;
}

/**
 * The row must be the very one that the change builds on, or a later one that came early, with a vote:
 * the change then names all that differs, too. Nothing is changed by a change that does not fit.
 *
 * @param from the part's revision that the delta builds on.
 */
export function applyChange(
  part: HubPart,
  change: LeaseChange,
  from: number,
): Changed | 'old' | 'unfit' {
  const { participant, since, revision } = change;
  const known = part.leases.revisionOf(participant);
  if (known === undefined) return 'unfit';
  if (known >= revision) return 'old';
  const cameEarly = known > since && known > from;
  if (known !== since && !cameEarly) return 'unfit';
  const figures = part.leases.figuresOf(participant)?.slice();
  if (!figures || change.figures.length % 2 !== 0) return 'unfit';
  const changed: Changed = { figures, isOther: false, isImprovement: false };
  for (let at = 0; at < change.figures.length; at += 2) {
    const [place, value] = [change.figures[at]!, change.figures[at + 1]!];
    if (place < 1 || place >= figures.length || !mayBe(figures, place, value)) return 'unfit';
    note(changed, meaningOf(figures, place), value - figures[place]!);
    figures[place] = value;
  }
  part.setFigures(participant, revision, figures);
  return changed;
}

function note(changed: Changed, meaning: ReturnType<typeof meaningOf>, rise: number): void {
  if (rise === 0 || meaning === 'count') return;
  changed.isOther = true;
  if (meaning === 'terms' || rise > 0) changed.isImprovement = true;
}
