/** The auditor can fail: it notices each of the faults that matter most. */
import { describe, expect, it } from 'vitest';
import { hunt, SEEDS_IN_TESTS } from './hunt.ts';
import { PLANTS_OF_THE_ISSUE } from './plants-of-the-issue.ts';

describe('the auditor', () => {
  it.each(PLANTS_OF_THE_ISSUE)('notices: $what', async (plant) => {
    const { violations } = await hunt(plant, SEEDS_IN_TESTS);
    expect(violations.filter((name) => plant.caughtBy.includes(name))).not.toEqual([]);
  });

  it('says nothing of the core as it is', async () => {
    expect(await hunt({ edits: [], caughtBy: [] }, [1])).toMatchObject({
      seed: null,
      violations: [],
    });
  });
});
