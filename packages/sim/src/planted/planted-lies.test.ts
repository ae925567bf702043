/** The auditor notices when a lie is believed, or when who is slow or goes by another clock harms others. */
import { describe, expect, it } from 'vitest';
import { hunt } from './hunt.ts';
import { PLANTS_OF_LIARS } from './plants-of-liars.ts';

/** In the first two a hub lies. */
const SEEDS = [5, 14, 1, 2, 3];

describe('the auditor', () => {
  it.each(PLANTS_OF_LIARS)(
    'notices: $what',
    async (plant) => {
      const { violations } = await hunt(plant, SEEDS);
      expect(violations.filter((name) => plant.caughtBy.includes(name))).not.toEqual([]);
    },
    120_000,
  );
});
