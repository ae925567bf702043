/** Promise 7 and 9: what a hub holds of another's part is what was published, and never goes back. */
import type { HubCore } from '@sparegrid/core/hub/hub-core';
import type { PanoramaRow } from '@sparegrid/core/panorama/row';
import type { HubId } from '@sparegrid/core/units/ids';
import type { Model } from './model.ts';
import type { Rows } from './rows.ts';
import { stableText } from './stored-text.ts';

interface Seen {
  epoch: number;
  revision: number;
}

export class Panoramas {
  readonly #model: Model;
  readonly #rows: Rows;
  /** What each holder had, by holder and owner (and row); forgotten when the holder dies. */
  readonly #seen = new Map<HubId, Map<string, Seen>>();

  constructor(model: Model, rows: Rows) {
    this.#model = model;
    this.#rows = rows;
  }

  /** A new life starts with empty panoramas: they are soft state. */
  died(holder: HubId): void {
    this.#seen.delete(holder);
  }

  check(holder: HubId, core: HubCore): void {
    let seen = this.#seen.get(holder);
    if (!seen) {
      seen = new Map();
      this.#seen.set(holder, seen);
    }
    for (const [owner, part] of core.panorama.parts) {
      if (owner === holder) continue;
      const { epoch, revision } = part;
      this.#checkForward(seen, holder, owner, { epoch, revision }, 'panorama.part-back');
      for (const kind of ['resource', 'lease'] as const) {
        const rows = kind === 'resource' ? part.resources : part.leases;
        for (const participant of rows.keys()) {
          const id = `${owner} ${kind} ${participant}`;
          const now = { epoch, revision: rows.revisionOf(participant) as number };
          const before = seen.get(id);
          if (before?.epoch === now.epoch && before.revision === now.revision) continue;
          this.#checkForward(seen, holder, id, now, 'panorama.row-back');
          this.#checkRow(holder, owner, epoch, rows.get(participant) as PanoramaRow);
        }
      }
    }
  }

  #checkForward(
    seen: Map<string, Seen>,
    holder: HubId,
    id: string,
    now: Seen,
    violation: string,
  ): void {
    const before = seen.get(id);
    seen.set(id, now);
    if (!before) return;
    const isBack =
      now.epoch < before.epoch || (now.epoch === before.epoch && now.revision < before.revision);
    if (isBack) {
      const detail = `was ${before.epoch}/${before.revision}, is ${now.epoch}/${now.revision}`;
      this.#model.violate(violation, holder, id, detail);
    }
  }

  #checkRow(holder: HubId, owner: HubId, epoch: number, row: PanoramaRow): void {
    const id = `${owner} ${row.kind} ${row.participant}@${epoch}/${row.revision}`;
    if (!row.participant.endsWith(`.${owner}`)) {
      this.#model.violate('panorama.foreign-row', holder, id, 'not a participant of that hub');
    }
    const published = this.#rows.published(owner, epoch, row);
    const isLie = this.#rows.isLiedAbout(owner, epoch, row.participant);
    if (published !== stableText(row) && !isLie) {
      const detail = published === undefined ? 'never published' : 'other than published';
      this.#model.violate('panorama.row-untrue', holder, id, detail);
    }
  }
}
