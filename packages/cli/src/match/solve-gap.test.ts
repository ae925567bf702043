import { generateGap } from '@sparegrid/core/joint/gap/generate';
import { describe, expect, it } from 'vitest';
import { gapFlaw, solveGapFile } from './solve-gap.ts';

const LIMITS = { seed: 1, iterations: 2_000, seconds: null, objective: 'welfare' } as const;

describe('a generalised assignment of a file', () => {
  it('gets an agent for every job, a valid bound, and the same answer every time', () => {
    const instance = generateGap({ type: 'c', agents: 5, jobs: 40, seed: 3 });
    const solved = solveGapFile(instance, LIMITS);
    expect(solved.assignment).toHaveLength(40);
    expect(solved.lowerBound).toBeLessThanOrEqual(solved.cost as number);
    const again = solveGapFile(instance, LIMITS);
    expect(again.assignment).toEqual(solved.assignment);
    expect(again.certificate()).toEqual(solved.certificate());
  });

  it('is infeasible when the jobs weigh more than all agents hold', () => {
    const instance = generateGap({ type: 'c', agents: 5, jobs: 40, seed: 3 });
    instance.capacity.fill(1);
    const { status, cost, unfilled } = solveGapFile(instance, LIMITS);
    expect({ status, cost }).toEqual({ status: 'infeasible', cost: null });
    expect(unfilled).toHaveLength(40);
  });

  it('is checked by a sum over the numbers of the file', () => {
    const numbers = { cost: Int32Array.of(1, 2, 3, 4), weight: Int32Array.of(5, 5, 5, 5) };
    const instance = { agents: 2, jobs: 2, capacity: Int32Array.of(5, 5), ...numbers };
    expect(gapFlaw(instance, [0, 1], 5)).toBeNull();
    expect(gapFlaw(instance, [0, 1], 6)).toContain('costs 5');
    expect(gapFlaw(instance, [0, 0], 3)).toContain('agent 0');
    expect(gapFlaw(instance, [0, 2], 3)).toContain('job 1');
    expect(gapFlaw(instance, [0], 1)).toContain('1 of 2');
  });
});
