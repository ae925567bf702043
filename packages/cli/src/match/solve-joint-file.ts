/** Solves a joint programme of a file; the independent checker reads every answer first. */
import type { SolveBudget } from '@sparegrid/core/joint/budget';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { fillFirst } from '@sparegrid/core/joint/objective';
import { type JointResult, solveJoint } from '@sparegrid/core/joint/solve';
import type { Assigned, Solved, SolveLimits } from './answer.ts';
import { budgetOf } from './budget.ts';

export function solveJointFile(instance: JointInstance, limits: SolveLimits): Solved {
  const result = solveChecked(instance, limits.objective, budgetOf(limits));
  const { status, cost, lowerBound, filled, certificate } = result;
  return {
    status,
    cost,
    lowerBound,
    filled,
    unfilled: [...result.unfilled],
    assignment: assignmentOf(instance, result.units),
    certificate: () => ({
      bound: lowerBound,
      pairPrices: Array.from(certificate.pairPrices),
      lessorPrices: Array.from(certificate.lessorPrices),
    }),
  };
}

/** @throws when the checker finds a fault: that is never printed as an answer */
export function solveChecked(
  instance: JointInstance,
  objective: SolveLimits['objective'],
  budget: SolveBudget,
): JointResult {
  const result = solveJoint(instance, { ...budget, objective });
  const solved = objective === 'fill-first' ? (fillFirst(instance) ?? instance) : instance;
  const fault = checkAnswer(solved, result);
  if (fault) throw new Error(`broken invariant: ${fault.kind} ${fault.index}: ${fault.detail}`);
  return result;
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
