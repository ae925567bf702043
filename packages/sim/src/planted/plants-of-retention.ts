/** Faults in giving up what ended long ago. */
import type { Plant } from './plant.ts';

const DESK = 'hub/retention-desk.ts';

export const PLANTS_OF_RETENTION: readonly Plant[] = [
  {
    name: 'deleted-too-early',
    what: 'Records are deleted after a fifth of the time for which they are to be kept.',
    edits: [
      {
        file: DESK,
        find: 'return this.#context.config.limits.recordKeepMs;',
        replace: 'return this.#context.config.limits.recordKeepMs / 5;',
      },
    ],
    seed: 8,
    caughtBy: ['record.deleted'],
  },
  {
    name: 'deletion-not-noted',
    what: 'Nobody can tell later what was deleted.',
    edits: [
      {
        file: DESK,
        find: 'this.#context.put(DELETION_TABLE, this.#nextKey(), record, false);',
        replace: 'this.#nextKey();',
      },
    ],
    seed: 8,
    caughtBy: ['record.deleted-unnoted'],
  },
  {
    name: 'never-deleted',
    what: 'What ended stays in the store for ever.',
    edits: [
      {
        file: DESK,
        find: 'if (!isDue) continue;',
        replace: 'if (isDue || !isDue) continue;',
      },
    ],
    seed: 8,
    caughtBy: ['end.not-deleted'],
  },
  {
    name: 'part-given-up-when-it-starts',
    what: 'The time for which a part is kept counts from its start, whatever still runs.',
    edits: [
      {
        file: 'hub/hub-core.ts',
        find: "if (kind === 'part') return this.#parts.parts.has(id);",
        replace: "if (kind === 'part') return false;",
      },
      {
        file: 'agreement/target-hub.ts',
        find: "case 'all-started':",
        replace: `case 'all-started':
          this.#ports.ended('part', partIdOf(message.agreement, message.part));`,
      },
    ],
    seed: 8,
    caughtBy: ['record.deleted-in-use', 'record.deleted'],
  },
];
