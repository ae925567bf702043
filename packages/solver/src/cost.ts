/** What an answer costs, order by order. */
import type { JointInstance } from '@sparegrid/core/joint/instance';

/** The sum of {@link costOfOrder}: whole, as all costs are. */
export function costOf(instance: JointInstance, units: Int32Array): number {
  let cost = 0;
  for (let i = 0; i < instance.orders; i++) cost += costOfOrder(instance, units, i);
  return cost;
}

/** What the order pays, and the penalty of what it misses. */
export function costOfOrder(instance: JointInstance, units: Int32Array, order: number): number {
  const { form, need, penalty } = instance;
  const { paid, served } = servedOf(instance, units, order);
  if (served === 0) return penalty[order]!;
  if (form === 'literal') return paid;
  return paid + (penalty[order]! / need[order]!) * (need[order]! - served);
}

/** Units of all pairs of the order, and what they cost. */
export function servedOf(
  { first, unitCost, fixedCost }: JointInstance,
  units: Int32Array,
  order: number,
): { paid: number; served: number } {
  let paid = 0;
  let served = 0;
  for (let e = first[order]!; e < first[order + 1]!; e++) {
    if (units[e] === 0) continue;
    paid += units[e]! * unitCost[e]! + fixedCost[e]!;
    served += units[e]!;
  }
  return { paid, served };
}
