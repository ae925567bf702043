/** Faults about hubs that change their signing key. */
import type { Plant } from './plant.ts';

const DESK = 'hub/admission-desk.ts';

export const PLANTS_OF_HUB_KEYS: readonly Plant[] = [
  {
    name: 'former-hub-key-refused',
    what: 'A hub believes the first of the keys that are listed for another one, and no other.',
    edits: [
      {
        file: DESK,
        find: 'hubKeys.set(hub, keys);',
        replace: 'hubKeys.set(hub, keys.slice(0, 1));',
      },
    ],
    caughtBy: ['frame.refused-listed-key'],
  },
  {
    name: 'hub-keys-not-restored',
    what: 'A restart knows only the keys of the configuration.',
    edits: [
      {
        file: DESK,
        find: 'restoreHubs(record: HubListRecord): void { this.#takeHubs(record);',
        replace: 'restoreHubs(record: HubListRecord): void { this.#hubList = record;',
      },
    ],
    caughtBy: ['frame.refused-listed-key'],
  },
  {
    name: 'shown-hub-key-refused',
    what: 'A hub does not believe a key of another one before it has the list that names it.',
    edits: [
      {
        file: 'hub/hub-core.ts',
        find: 'return shown.length > 0 ? [...keys, ...shown] : keys;',
        replace: 'return shown.length > 0 ? keys : [...keys];',
      },
    ],
    seed: 3,
    caughtBy: ['frame.refused-listed-key'],
  },
  {
    name: 'own-former-key-forgotten',
    what: 'A hub does not know what it signed with its former key, such as its vote for the master.',
    faults: 'restores',
    seed: 4,
    edits: [
      {
        file: DESK,
        find: 'hubKeys.set(self, [...new Set([...(hubKeys.get(self) ?? []), ...keys])]);',
        replace: '',
      },
    ],
    caughtBy: ['end.no-master'],
  },
];
