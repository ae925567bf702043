/** Faults about the keys of tasks. */
import type { Plant } from './plant.ts';

export const PLANTS_OF_KEYS: readonly Plant[] = [
  {
    name: 'started-without-key',
    what: 'A hub asks its agents for containers whose key was not released.',
    edits: [
      {
        file: 'hub/desired-sets.ts',
        find: "(part.state === 'active' && !awaitsKey(part)) || part.state === 'running'",
        replace: "part.state === 'active' || part.state === 'running'",
      },
    ],
    caughtBy: ['key.started-without', 'desired.incomplete'],
  },
  {
    name: 'second-key-taken',
    what: 'A first hub takes a second release of a part for the first one.',
    edits: [
      {
        file: 'agreement/first-hub.ts',
        find: 'part.release === null && this.#hooks.taskPrivate',
        replace: 'this.#hooks.taskPrivate',
      },
    ],
    caughtBy: ['key.changed', 'key.two-accepted'],
  },
  {
    name: 'key-forgotten-on-restart',
    what: 'A target hub does not write down the release that it was told.',
    edits: [
      {
        file: 'agreement/target-hub.ts',
        find: `part.release = release; this.#save(part);
          this.#lessors.desiredChanged(part);`,
        replace: `part.release = release;
          this.#lessors.desiredChanged(part);`,
      },
    ],
    caughtBy: ['desired.incomplete', 'key.started-with-another', 'told.desired-not-durable'],
  },
];
