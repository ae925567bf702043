/** What of an agent's containers its hub does not know yet: reports name that, and no more. */
import type { ContainerId } from '../units/ids.ts';

/**
 * A report names all that differed at any time since an acknowledged one, its base. So it is right on
 * top of whatever the hub took after that base, whichever reports were lost or overtaken meanwhile.
 */
export class ReportChanges {
  /** Number of the first report that tells the container as it is now; null until there is one. */
  readonly #toldIn = new Map<ContainerId, number | null>();
  #base: number | null = null;

  /** Its status is another one, or it was forgotten. */
  changed(id: ContainerId): void {
    this.#toldIn.set(id, null);
  }

  /** The hub may have lost what it knew: the next report is a full one. */
  startOver(): void {
    this.#base = null;
  }

  /** False until the hub has acknowledged a report of the container as it is now. */
  isKnown(id: ContainerId): boolean {
    return !this.#toldIn.has(id);
  }

  /**
   * What the report of this number is to name. Full reports say by their silence what is gone; it is
   * named all the same in later ones, until one of these is acknowledged: an earlier one may be before.
   */
  next(seq: number): { since: number | null; ids: ContainerId[] } {
    for (const [id, toldIn] of this.#toldIn) if (toldIn === null) this.#toldIn.set(id, seq);
    return { since: this.#base, ids: [...this.#toldIn.keys()] };
  }

  /** The hub took the report of this number: what it knows now, and did not before. */
  acknowledged(seq: number): ContainerId[] {
    this.#base = Math.max(this.#base ?? 0, seq);
    const known: ContainerId[] = [];
    for (const [id, toldIn] of this.#toldIn) {
      if (toldIn === null || toldIn > seq) continue;
      this.#toldIn.delete(id);
      known.push(id);
    }
    return known;
  }
}
