/** The auditor notices what a hub does wrong that comes back on an older copy of its store. */
import { describe, expect, it } from 'vitest';
import { hunt } from './hunt.ts';
import { PLANTS_OF_RESTORES } from './plants-of-restores.ts';

const SEEDS = [1, 3];

describe('the auditor', () => {
  it.each(PLANTS_OF_RESTORES)('notices: $what', async (plant) => {
    const { violations } = await hunt(plant, SEEDS);
    expect(violations.filter((name) => plant.caughtBy.includes(name))).not.toEqual([]);
  });
});
