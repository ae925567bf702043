import { jointBound } from '@sparegrid/core/joint/bound';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import { generatePractical } from '@sparegrid/core/joint/generate';
import { afterAll, describe, expect, it } from 'vitest';
import { leastCost, sideBySide, tinyInstance } from '../test/instances.ts';
import { JointSolver } from './joint-solver.ts';
import { Thread } from './thread.ts';

const MANY_SECONDS = 600;
const solver = new JointSolver({ threads: 2 });
afterAll(() => solver.close());

const large = generatePractical({ orders: 200, lessors: 800, seed: 3 });

describe.each(['practical', 'literal'] as const)('small %s programmes', (form) => {
  it('are solved to the proven optimum of brute force, and end then', async () => {
    for (let seed = 101; seed <= 110; seed++) {
      const instance = tinyInstance(form, seed);
      const result = await solver.solve(instance, { seed, seconds: MANY_SECONDS });
      expect(checkAnswer(instance, result)).toBeUndefined();
      expect(result.status).toBe('optimal');
      expect(result.cost).toBe(leastCost(instance));
    }
  });
});

describe('a programme that falls apart', () => {
  it('is proven optimal part by part, and ends then', async () => {
    const parts = Array.from({ length: 25 }, (_, k) => tinyInstance('practical', 200 + k));
    const instance = sideBySide(parts);
    const result = await solver.solve(instance, { seed: 1, seconds: 20 });
    expect(checkAnswer(instance, result)).toBeUndefined();
    expect(result.cost).toBe(parts.reduce((sum, part) => sum + leastCost(part), 0));
    expect(result.status).toBe('optimal');
    const { lowerBound } = jointBound(instance, result.certificate);
    expect(result.boundByPrices).toBe(lowerBound);
    expect(result.boundBy).toBe(result.lowerBound > lowerBound ? 'highs' : 'prices');
  });
});

describe('an answer', () => {
  it('is the same for the same seed and iterations, whatever the threads', async () => {
    const instance = generatePractical({ orders: 12, lessors: 40, seed: 3 });
    const options = { seed: 7, iterations: 500 };
    const first = await solver.solve(instance, options);
    const alone = new JointSolver({ threads: 1 });
    expect(await alone.solve(instance, options)).toEqual(first);
    await alone.close();
    expect(checkAnswer(instance, first)).toBeUndefined();
  });

  it('is the best so far when the work is called off', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const solving = solver.solve(large, { seed: 1, seconds: MANY_SECONDS, signal });
    setTimeout(() => controller.abort(), 100);
    expect(checkAnswer(large, await solving)).toBeUndefined();
  });
});

describe('a solver', () => {
  it('begins nothing that was called off before', async () => {
    const solving = solver.solve(large, { seed: 1, signal: AbortSignal.abort() });
    await expect(solving).rejects.toMatchObject({ code: 'SOLVER_ABORTED' });
  });

  it('answers the next call after a thread failed', async () => {
    const broken = { ...large, lessors: -1 };
    const failing = solver.solve(broken, { seed: 1, seconds: 1 });
    await expect(failing).rejects.toMatchObject({ code: 'SOLVER_THREAD_LOST', retryable: true });
    const result = await solver.solve(tinyInstance('practical', 1), {
      seed: 1,
      seconds: MANY_SECONDS,
    });
    expect(result.status).toBe('optimal');
  });

  it('rejects what is under way when it is closed, and everything afterwards', async () => {
    const other = new JointSolver();
    const running = other.solve(large, { seed: 1, seconds: MANY_SECONDS });
    const waiting = other.solve(large, { seed: 1, seconds: MANY_SECONDS });
    const both = [running, waiting].map((one) =>
      expect(one).rejects.toMatchObject({ code: 'SOLVER_CLOSED' }),
    );
    await Promise.resolve();
    await other.close();
    await Promise.all(both);
  });
});

describe('a thread', () => {
  it('that ends under way rejects what it was asked, and says so from then on', async () => {
    const thread = new Thread('search-worker');
    const asked = expect(thread.ask({})).rejects.toMatchObject({ code: 'SOLVER_THREAD_LOST' });
    await thread.end();
    await asked;
    expect(thread.isLost).toBe(true);
    await expect(thread.ask({})).rejects.toMatchObject({ code: 'SOLVER_THREAD_LOST' });
  });
});
