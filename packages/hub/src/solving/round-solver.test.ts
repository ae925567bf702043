import { setImmediate as turn } from 'node:timers/promises';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import { generatePractical } from '@sparegrid/core/joint/generate';
import type { SolveRequest } from '@sparegrid/core/rounds/round';
import { afterEach, expect, it } from 'vitest';
import { RoundSolver } from './round-solver.ts';

const faults: unknown[] = [];
let solver: RoundSolver;
afterEach(() => solver.close());

function ask(over: Partial<SolveRequest>) {
  solver = new RoundSolver((error) => faults.push(error));
  const instance = generatePractical({ orders: 60, lessors: 200, seed: 1 });
  const start = new Int32Array(instance.lessor.length);
  const request = { instance, start, seed: 1, iterations: null, solveMs: 500, ...over };
  return { request, solved: solver.solve(request) };
}

it('gives a sound answer when its time is up, and the loop turns meanwhile', async () => {
  const { request, solved } = ask({});
  let [turns, isOver] = [0, false];
  void solved.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await turn();
    turns += 1;
  }
  const answer = await solved;
  expect(answer && checkAnswer(request.instance, answer)).toBeUndefined();
  expect(answer?.lessorPrices).toHaveLength(request.instance.capacity.length);
  expect(turns).toBeGreaterThan(100);
});

it('gives equal answers for equal iterations', async () => {
  const first = await ask({ iterations: 500 }).solved;
  await solver.close();
  expect(await ask({ iterations: 500 }).solved).toEqual(first);
});

it('answers nothing once it is closed, which is no fault', async () => {
  const { request, solved } = ask({ solveMs: 60_000 });
  await solver.close();
  expect(await solved).toBeNull();
  expect(await solver.solve(request)).toBeNull();
  expect(faults).toEqual([]);
});
