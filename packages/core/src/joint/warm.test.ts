import { expect, it } from 'vitest';
import { generatePractical } from './generate.ts';
import { columnsOf, type JointInstance } from './instance.ts';
import { solveJoint } from './solve.ts';
import { carryOver, nearOf } from './warm.ts';

/** All orders but the first. */
function withoutFirst(instance: JointInstance): JointInstance {
  const { dimensions, first } = instance;
  const from = first[1]!;
  return {
    ...instance,
    orders: instance.orders - 1,
    first: first.slice(1).map((offset) => offset - from),
    lessor: instance.lessor.slice(from),
    need: instance.need.slice(1),
    least: instance.least.slice(1),
    penalty: instance.penalty.slice(1),
    budget: instance.budget.slice(1),
    lessorsMost: instance.lessorsMost.slice(1),
    request: instance.request.slice(dimensions),
    unitCost: instance.unitCost.slice(from),
    fixedCost: instance.fixedCost.slice(from),
    most: instance.most.slice(from),
  };
}

it('what an order that left had is room that the orders of its lessors are near', () => {
  const before = generatePractical({ orders: 40, lessors: 160, seed: 1 });
  const after = withoutFirst(before);
  const result = solveJoint(before, { seed: 1, iterations: 200 });
  const had: number[] = [];
  for (let e = 0; e < before.first[1]!; e++) if (result.units[e]! > 0) had.push(before.lessor[e]!);
  expect(had.length).toBeGreaterThan(0);
  const previous = Int32Array.from({ length: after.orders }, (_, i) => i + 1);
  const warm = carryOver(before, result, after, previous);
  expect([...warm.changed]).toEqual([]);
  expect([...warm.freed]).toEqual(had.sort((a, b) => a - b));
  const isNear = nearOf(after, columnsOf(after), warm);
  for (let i = 0; i < after.orders; i++) {
    const own = after.lessor.subarray(after.first[i]!, after.first[i + 1]!);
    expect(isNear[i] === 1).toBe(had.some((lessor) => own.includes(lessor)));
  }
});
