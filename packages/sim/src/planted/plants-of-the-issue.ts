/** The eight faults that the issue names. */
import type { Plant } from './plant.ts';

export const PLANTS_OF_THE_ISSUE: readonly Plant[] = [
  {
    name: 'freeze-skipped',
    what: 'A part is voted for and recorded, but its quantity is not frozen.',
    edits: [
      {
        file: 'agreement/target-hub.ts',
        find: `this.#lessors.inventory(terms.lessor)?.freeze(terms.replica, terms.placements);
          this.#lessors.stockChanged(terms.lessor);`,
        replace: 'this.#lessors.stockChanged(terms.lessor);',
      },
    ],
    caughtBy: ['capacity.oversold', 'capacity.device-oversold', 'row.not-conserved', 'core.threw'],
  },
  {
    name: 'hold-ignored',
    what: 'A hold that ran out is not released.',
    edits: [
      {
        file: 'agreement/target-hub.ts',
        find: 'nowMs >= part.heldAtMs + part.terms.holdMs) {',
        replace: 'nowMs >= part.heldAtMs + 100 * part.terms.holdMs) {',
      },
      {
        file: 'agreement/target-hub.ts',
        find: 'times.push(part.heldAtMs + terms.holdMs);',
        replace: 'times.push(part.heldAtMs + 100 * terms.holdMs);',
      },
    ],
    caughtBy: ['hold.overdue', 'end.part-open'],
  },
  {
    name: 'decision-told-before-durable',
    what: 'ACTIVATE leaves although the decision is not in the store.',
    edits: [
      {
        file: 'agreement/first-hub.ts',
        find: 'this.#save(agreement); this.#hooks.committed(agreement);',
        replace: 'this.#hooks.committed(agreement);',
      },
    ],
    caughtBy: ['told.activate-not-durable', 'part.active-undecided'],
  },
  {
    name: 'replayed-delta-accepted',
    what: 'A delta that was applied before is applied again.',
    edits: [
      {
        file: 'panorama/panorama.ts',
        find: "if (delta.to <= part.revision) return 'old';",
        replace: '',
      },
    ],
    caughtBy: ['panorama.part-back', 'panorama.row-back'],
  },
  {
    name: 'released-twice',
    what: 'The end of a part gives its quantity back twice.',
    edits: [
      {
        file: 'agreement/target-hub.ts',
        find: 'this.#lessors.inventory(lessor)?.release(replica, placements);',
        replace: `this.#lessors.inventory(lessor)?.release(replica, placements);
          try {
            this.#lessors.inventory(lessor)?.release(replica, placements);
          } catch {}`,
      },
    ],
    caughtBy: ['row.not-conserved', 'capacity.oversold'],
  },
  {
    name: 'nonce-forgotten-on-restart',
    what: 'A hub starts without the nonces that it had on record.',
    edits: [
      {
        file: 'hub/hub-core.ts',
        find: "each<WindowRecord>('window', (record, key) => this.#gate.restore(key, record));",
        replace: '',
      },
    ],
    caughtBy: ['frame.accepted-twice'],
  },
  {
    name: 'terms-compared-by-stock-revision',
    what: 'A target hub compares the revision of the stock instead of that of the terms.',
    edits: [
      {
        file: 'agreement/target-hub.ts',
        find: 'if (offer.termsRevision !== terms.termsRevision) {',
        replace: 'if (offer.revision !== terms.termsRevision) {',
      },
    ],
    caughtBy: ['refusal.untrue'],
  },
  {
    name: 'abort-tombstone-missing',
    what: 'An ABORT for a part that never came leaves no tombstone.',
    edits: [
      {
        file: 'agreement/target-hub.ts',
        find: 'if (!part) this.#bury(id, from, code);',
        replace: 'if (!part) void code;',
      },
    ],
    caughtBy: ['told.aborted-not-durable'],
  },
];
