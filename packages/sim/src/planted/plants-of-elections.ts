/** Faults in electing a master, and in passing rows on. */
import type { Plant } from './plant.ts';

const ELECTION = 'election/election.ts';

export const PLANTS_OF_ELECTIONS: readonly Plant[] = [
  {
    name: 'vote-not-recorded',
    what: 'A vote is given without being written down.',
    edits: [
      {
        file: ELECTION,
        find: "this.#ports.put('election', this.#settings.name, record);",
        replace: 'void record;',
      },
    ],
    caughtBy: ['told.vote-not-durable', 'election.two-masters'],
  },
  {
    name: 'minority-elects',
    what: 'One vote, the own one, makes a master.',
    edits: [
      {
        file: ELECTION,
        find: 'return 2 * count > this.#settings.voters().length;',
        replace: 'return count >= 1;',
      },
    ],
    caughtBy: ['election.two-masters', 'end.masters-differ'],
  },
  {
    name: 'rows-signed-by-the-master',
    what: 'The master writes down rows of others anew instead of passing on what the owner signed.',
    edits: [
      {
        file: 'hub/panorama-desk.ts',
        find: "if (update.type === 'snapshot') this.#passOnSnapshot(owner, update, document);",
        replace: `document = signDocument(env.crypto, owner, 'part-update', {
            owner,
            update: { ...update, complete: !update.complete },
          } as unknown as JsonValue);
          if (update.type === 'snapshot') this.#passOnSnapshot(owner, update, document);`,
      },
    ],
    caughtBy: ['row.passed-on-altered'],
  },
];
