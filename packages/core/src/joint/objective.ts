/** What the programme optimises: welfare as given, or as much filled as possible before the cost. */
import type { JointInstance } from './instance.ts';

export type Objective = 'welfare' | 'fill-first';

const PENALTY_SUM_MOST = 2 ** 50;

/**
 * The same programme with penalties so high that one unit (practical: replica, literal: amount)
 * more filled outweighs every cost. Undefined when such penalties would not stay exact.
 */
export function fillFirst(instance: JointInstance): JointInstance | undefined {
  const { orders, first, need, unitCost, fixedCost, most } = instance;
  let worst = 1;
  let units = 0;
  for (let i = 0; i < orders; i++) {
    let dearest = 0;
    let fixed = 0;
    let all = 0;
    for (let e = first[i]!; e < first[i + 1]!; e++) {
      dearest = Math.max(dearest, unitCost[e]!);
      fixed += fixedCost[e]!;
      all += unitCost[e]! * most[e]!;
    }
    worst += fixed + (instance.form === 'literal' ? all : Math.min(all, dearest * need[i]!));
    units += need[i]!;
  }
  if (worst * units > PENALTY_SUM_MOST) return undefined;
  return { ...instance, penalty: Float64Array.from(need, (count) => count * worst) };
}
