/** Solves a joint programme of a file in the solver's threads, and says what its answer means. */
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { JointSolver, SolverOptions } from '@sparegrid/solver/joint-solver';
import type { Assigned, Solved, SolveLimits } from './answer.ts';

export async function solveJointFile(
  instance: JointInstance,
  limits: SolveLimits,
  solver: JointSolver,
): Promise<Solved> {
  const result = await solver.solve(instance, optionsOf(limits));
  const { status, cost, lowerBound, boundBy, boundByPrices, filled, certificate } = result;
  return {
    status,
    cost,
    lowerBound,
    boundBy,
    filled,
    unfilled: [...result.unfilled],
    assignment: assignmentOf(instance, result.units),
    certificate: () => ({
      bound: boundByPrices,
      pairPrices: Array.from(certificate.pairPrices),
      lessorPrices: Array.from(certificate.lessorPrices),
    }),
  };
}

export function optionsOf({ seed, iterations, seconds, objective }: SolveLimits): SolverOptions {
  return {
    seed,
    objective,
    ...(iterations !== null && { iterations }),
    ...(seconds !== null && { seconds }),
  };
}

function assignmentOf({ orders, first, lessor }: JointInstance, units: Int32Array): Assigned[] {
  const assignment: Assigned[] = [];
  for (let order = 0; order < orders; order += 1) {
    for (let e = first[order] as number; e < (first[order + 1] as number); e += 1) {
      const replicas = units[e] as number;
      if (replicas > 0) assignment.push({ order, lessor: lessor[e] as number, replicas });
    }
  }
  return assignment;
}
