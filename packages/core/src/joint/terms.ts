/** Whether units keep an order's own terms, whatever others have. */
import type { JointInstance } from './instance.ts';

/** `units`: counted from the order's first pair. No units at all keep any terms. */
export function keepsTerms(
  instance: JointInstance,
  order: number,
  units: ArrayLike<number>,
): boolean {
  const { first, form, most, need, least, weight, unitCost, fixedCost } = instance;
  let served = 0;
  let lessors = 0;
  let cost = 0;
  for (let e = first[order]!, p = 0; e < first[order + 1]!; e++, p++) {
    if (units[p]! > most[e]!) return false;
    if (units[p] === 0) continue;
    lessors++;
    served += form === 'literal' ? weight[e]! : units[p]!;
    cost += units[p]! * unitCost[e]! + fixedCost[e]!;
  }
  if (lessors === 0) return true;
  if (served < (form === 'literal' ? need[order]! : least[order]!)) return false;
  if (form === 'practical' && served > need[order]!) return false;
  return lessors <= instance.lessorsMost[order]! && cost <= instance.budget[order]!;
}
