/** The auditor notices lies that are believed, harm by who is slow or skewed, and wrong deletions. */
import { describe, expect, it } from 'vitest';
import { hunt } from './hunt.ts';
import { PLANTS_OF_LIARS } from './plants-of-liars.ts';
import { PLANTS_OF_RETENTION } from './plants-of-retention.ts';

/** In the first two a hub lies; in the last two records are deleted. */
const SEEDS = [5, 11, 1, 4, 8];

describe('the auditor', () => {
  it.each([...PLANTS_OF_LIARS, ...PLANTS_OF_RETENTION])('notices: $what', async (plant) => {
    const { violations } = await hunt(plant, SEEDS);
    expect(violations.filter((name) => plant.caughtBy.includes(name))).not.toEqual([]);
  });
});
