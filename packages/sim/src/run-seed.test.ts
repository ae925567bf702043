/** The simulator in CI size: promises hold under swarm faults, and a seed is a seed. */
import { describe, expect, it } from 'vitest';
import { type Outcome, runSeed } from './run-seed.ts';

const SIZE = { hubs: 3, participants: 9, orders: 60 };
const SEEDS = [5, 16, 101, 102, 103, 104, 105, 3366, 3393, 3467];

describe('a seed with swarm faults', () => {
  const outcomes = new Map<number, Outcome>();

  it.each(SEEDS)('%i breaks no promise and comes to rest', (seed) => {
    const { outcome, violations } = runSeed({ seed, size: SIZE, faults: 'swarm' });
    outcomes.set(seed, outcome);
    expect(violations).toEqual([]);
    expect(outcome.converged).toBe(true);
    for (const count of Object.values(outcome.crashes)) expect(count).toBeGreaterThan(0);
    expect(outcome.filled).toBeGreaterThan(0);
  });

  it('gives the same result every time, and another one than other seeds', () => {
    const seed = SEEDS[0] as number;
    const again = runSeed({ seed, size: SIZE, faults: 'swarm' }).outcome;
    expect(again).toEqual(outcomes.get(seed));
    expect(new Set([...outcomes.values()].map(({ traceHash }) => traceHash)).size).toBe(
      SEEDS.length,
    );
  });
});

/** Each once showed a fault of recovery, or of what the auditor knew of it. */
const RESTORED = [2, 3, 5, 7, 12, 28, 30, 35];

describe('a seed in which hubs come back on older copies of their stores', () => {
  it.each(RESTORED)('%i loses nothing that two hubs signed and comes to rest', (seed) => {
    const { outcome, violations } = runSeed({ seed, size: SIZE, faults: 'restores' });
    expect(violations).toEqual([]);
    expect(outcome.converged).toBe(true);
    expect(outcome.recovered).toBeGreaterThan(0);
  });
});

it('without faults every order that can be met is met without loss or crash', () => {
  const { outcome, violations } = runSeed({ seed: 1, size: SIZE, faults: 'none' });
  expect(violations).toEqual([]);
  expect(outcome.messages.lost).toBe(0);
  expect(outcome.converged).toBe(true);
});
