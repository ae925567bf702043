/** Checks an answer for one order against its instance; shares nothing with the solver. */
import type { SinkInstance } from './sink-instance.ts';

/** Why the amounts are no answer, or the cost is not theirs; null when all is well. */
export function sinkFlaw(
  { demand, capacity, unitCost, fixedCost }: SinkInstance,
  amounts: ArrayLike<number>,
  cost: number,
): string | null {
  if (amounts.length !== capacity.length) return `${amounts.length} amounts`;
  let sum = 0;
  let price = 0;
  for (const [lessor, has] of capacity.entries()) {
    const amount = amounts[lessor] ?? Number.NaN;
    if (!Number.isSafeInteger(amount) || amount < 0 || amount > has) {
      return `lessor ${lessor} has ${has} and gives ${amount}`;
    }
    if (amount === 0) continue;
    sum += amount;
    price += (unitCost[lessor] ?? Number.NaN) * amount + (fixedCost[lessor] ?? Number.NaN);
  }
  if (sum !== demand) return `${sum} given of ${demand}`;
  if (Math.abs(price - cost) <= 1e-9 * Math.max(1, Math.abs(price))) return null;
  return `costs ${price}, not ${cost}`;
}
