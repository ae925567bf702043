/** The obvious heuristic: lessors by what a unit costs when fully used, until the demand is met. */
import type { SinkInstance } from '@sparegrid/core/single/sink-instance';

export function priceSortCost({ demand, capacity, unitCost, fixedCost }: SinkInstance): number {
  const rates = capacity.map(
    (has, i) => (unitCost[i] as number) + (fixedCost[i] as number) / Math.max(1, has),
  );
  const order = Uint32Array.from(rates.keys()).sort(
    (a, b) => (rates[a] as number) - (rates[b] as number),
  );
  let missing = demand;
  let cost = 0;
  for (const i of order) {
    if (missing === 0) break;
    const amount = Math.min(missing, capacity[i] as number);
    if (amount === 0) continue;
    cost += (unitCost[i] as number) * amount + (fixedCost[i] as number);
    missing -= amount;
  }
  return cost;
}
