/** Faults of a hub that comes back on an older copy of its store; seeds with restores must show them. */
import type { Plant } from './plant.ts';

const RECOVERY = 'hub/recovery-desk.ts';

const PLANTS: readonly Omit<Plant, 'faults'>[] = [
  {
    name: 'told-parts-forgotten',
    what: 'A hub that recovers does not take over what it had voted for.',
    edits: [
      {
        file: RECOVERY,
        find: "this.#mergeParts(told.filter(({ yours }) => yours === 'target'));",
        replace: "this.#mergeParts(told.filter(({ yours }) => yours === 'target').slice(0, 0));",
      },
    ],
    caughtBy: ['recovery.forgotten'],
  },
  {
    name: 'decides-before-it-is-told',
    what: 'A hub on an older copy goes on before it has heard a peer.',
    edits: [
      {
        file: 'hub/hub-core.ts',
        find: 'if (!this.#context.isSure && DECIDING.has(kind)) {',
        replace: 'if (this.#heldBack.size < 0 && DECIDING.has(kind)) {',
      },
    ],
    caughtBy: ['recovery.decided'],
  },
  {
    name: 'ids-used-again',
    what: 'After a recovery agreements, and containers with them, get ids that the lost past had used.',
    edits: [
      {
        file: 'hub/order-book.ts',
        find: 'const id = agreementIdOf(record.id, record.attempts, this.#context.recovered);',
        replace: 'const id = agreementIdOf(record.id, record.attempts, 0);',
      },
    ],
    seed: 3,
    caughtBy: ['container.started-twice', 'part.state-back', 'key.two-accepted', 'terms.altered'],
  },
];

export const PLANTS_OF_RESTORES: readonly Plant[] = PLANTS.map((plant) => ({
  ...plant,
  faults: 'restores',
}));
