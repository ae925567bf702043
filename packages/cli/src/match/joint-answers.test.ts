import { jointBound } from '@sparegrid/core/joint/bound';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import { generateLiteral, generatePractical } from '@sparegrid/core/joint/generate';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { JointSolver } from '@sparegrid/solver/joint-solver';
import { afterAll, describe, expect, it } from 'vitest';
import type { Solved } from './answer.ts';
import { solveJointFile } from './solve-joint-file.ts';

const solver = new JointSolver();
afterAll(() => solver.close());

const LIMITS = { seed: 1, iterations: 2_000, seconds: null, objective: 'welfare' } as const;

/** Units per pair, from the lines of the answer alone. */
function unitsOf({ first, lessor }: JointInstance, { assignment }: Solved): Int32Array {
  const units = new Int32Array(lessor.length);
  for (const { order, lessor: at, replicas } of assignment) {
    const start = first[Number(order)] as number;
    const end = first[Number(order) + 1] as number;
    units[start + lessor.subarray(start, end).indexOf(Number(at))] = replicas ?? 0;
  }
  return units;
}

describe.each([
  ['literal', generateLiteral],
  ['practical', generatePractical],
] as const)('an answer for the %s form', (_form, generate) => {
  const instance = generate({ orders: 40, lessors: 120, seed: 5 });

  it('holds by its lines alone, and its bound by its certificate alone', async () => {
    const solved = await solveJointFile(instance, LIMITS, solver);
    const { cost, lowerBound, filled, unfilled } = solved;
    const answer = {
      units: unitsOf(instance, solved),
      cost: cost ?? 0,
      lowerBound: lowerBound ?? 0,
    };
    expect(checkAnswer(instance, answer)).toBeUndefined();
    expect(filled + unfilled.length).toBe(40);
    const proof = JSON.parse(JSON.stringify(solved.certificate()));
    const certificate = {
      pairPrices: Float64Array.from(proof.pairPrices),
      lessorPrices: Float64Array.from(proof.lessorPrices),
    };
    expect(jointBound(instance, certificate).lowerBound).toBe(lowerBound);
  });

  it('is the same for the same seed and iterations', async () => {
    const { certificate, ...solved } = await solveJointFile(instance, LIMITS, solver);
    const { certificate: again, ...second } = await solveJointFile(instance, LIMITS, solver);
    expect(second).toEqual(solved);
    expect(again()).toEqual(certificate());
  });

  it('fills as many as it can first when told so', async () => {
    const welfare = await solveJointFile(instance, LIMITS, solver);
    const fill = await solveJointFile(instance, { ...LIMITS, objective: 'fill-first' }, solver);
    expect(fill.filled).toBeGreaterThanOrEqual(welfare.filled - 1);
    expect(fill.lowerBound ?? 0).toBeLessThanOrEqual(fill.cost ?? 0);
  });
});
