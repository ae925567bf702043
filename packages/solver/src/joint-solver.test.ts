import { checkAnswer } from '@sparegrid/core/joint/checker';
import { generatePractical } from '@sparegrid/core/joint/generate';
import { afterEach, describe, expect, it } from 'vitest';
import { JointSolver } from './joint-solver.ts';

let solver: JointSolver;
afterEach(() => solver.close());

describe('the joint solver', () => {
  const instance = generatePractical({ orders: 60, lessors: 240, seed: 3 });

  it('gives the same answer for the same seed and iterations', async () => {
    solver = new JointSolver();
    const options = { seed: 7, iterations: 3_000 };
    const first = await solver.solve(instance, options);
    expect(await solver.solve(instance, options)).toEqual(first);
    expect(checkAnswer(instance, first)).toBeUndefined();
  });

  it('refuses to begin what was called off, and everything once it is closed', async () => {
    solver = new JointSolver();
    const aborted = solver.solve(instance, { seed: 1, signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'SOLVER_ABORTED' });
    const running = solver.solve(instance, { seed: 1, seconds: 60 });
    const closed = expect(running).rejects.toMatchObject({ code: 'SOLVER_CLOSED' });
    await solver.close();
    await closed;
    const late = solver.solve(instance, { seed: 1 });
    await expect(late).rejects.toMatchObject({ code: 'SOLVER_CLOSED' });
  });

  it('answers with the best it has when it is called off', async () => {
    solver = new JointSolver();
    const controller = new AbortController();
    const solving = solver.solve(instance, { seed: 1, seconds: 60, signal: controller.signal });
    setTimeout(() => controller.abort(), 200);
    const result = await solving;
    expect(checkAnswer(instance, result)).toBeUndefined();
  });
});
