/** The auditor can fail: it notices each of the faults that matter most. */
import { describe, expect, it } from 'vitest';
import { copyCore } from './core-copy.ts';
import { hunt } from './hunt.ts';
import { applyEdit } from './plant.ts';
import { PLANTS } from './plants.ts';
import { PLANTS_OF_KEYS } from './plants-of-keys.ts';
import { PLANTS_OF_ROUNDS } from './plants-of-rounds.ts';
import { PLANTS_OF_THE_ISSUE } from './plants-of-the-issue.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];

describe('the auditor', () => {
  it.each([...PLANTS_OF_THE_ISSUE, ...PLANTS_OF_ROUNDS, ...PLANTS_OF_KEYS])(
    'notices: $what',
    async (plant) => {
      const { violations } = await hunt(plant, SEEDS);
      expect(violations.filter((name) => plant.caughtBy.includes(name))).not.toEqual([]);
    },
    120_000,
  );

  it('says nothing of the core as it is', async () => {
    expect(await hunt({ edits: [] }, [1])).toMatchObject({ seed: null, violations: [] });
  }, 60_000);
});

it.each(PLANTS)('$name can still be planted', (plant) => {
  copyCore(plant).remove();
});

it('a fault whose snippet does not stand in the source is an error', () => {
  const edit = { file: 'x.ts', find: 'not there', replace: '' };
  expect(() => applyEdit('const here = 1;', edit)).toThrow('found 0 times');
});
