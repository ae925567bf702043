/** The auditor notices faults of joint rounds, and of keys of tasks and hubs; every fault can still be planted. */
import { describe, expect, it } from 'vitest';
import { hunt, SEEDS_IN_TESTS } from './hunt.ts';
import { applyEdit } from './plant.ts';
import { planted } from './planted-core.ts';
import { PLANTS } from './plants.ts';
import { PLANTS_OF_HUB_KEYS } from './plants-of-hub-keys.ts';
import { PLANTS_OF_KEYS } from './plants-of-keys.ts';
import { PLANTS_OF_ROUNDS } from './plants-of-rounds.ts';

describe('the auditor', () => {
  it.each([...PLANTS_OF_ROUNDS, ...PLANTS_OF_KEYS, ...PLANTS_OF_HUB_KEYS])(
    'notices: $what',
    async (plant) => {
      const { violations } = await hunt(plant, SEEDS_IN_TESTS);
      expect(violations.filter((name) => plant.caughtBy.includes(name))).not.toEqual([]);
    },
  );
});

it.each(PLANTS)('$name can still be planted', ({ edits }) => {
  expect(planted(edits).size).toBeGreaterThan(0);
});

it('a fault whose snippet does not stand in the source is an error', () => {
  const edit = { file: 'x.ts', find: 'not there', replace: '' };
  expect(() => applyEdit('const here = 1;', edit)).toThrow('found 0 times');
});
