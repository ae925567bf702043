/** The textbook way to the optimum: a table over every amount up to the demand, lessor by lessor. */
import type { SinkInstance } from '@sparegrid/core/single/sink-instance';

/** Work is lessors times demand: each row is the last one under a window as wide as a capacity. */
export function fullProgrammeCost({ demand, capacity, unitCost, fixedCost }: SinkInstance): number {
  let row = new Float64Array(demand + 1).fill(Number.POSITIVE_INFINITY);
  let next = new Float64Array(demand + 1);
  row[0] = 0;
  const queue = new Int32Array(demand + 1);
  for (let i = 0; i < capacity.length; i += 1) {
    const has = capacity[i] as number;
    const unit = unitCost[i] as number;
    const fixed = fixedCost[i] as number;
    let head = 0;
    let tail = 0;
    for (let at = 0; at <= demand; at += 1) {
      const own = (row[at] as number) - unit * at;
      while (tail > head) {
        const last = queue[tail - 1] as number;
        if ((row[last] as number) - unit * last < own) break;
        tail -= 1;
      }
      queue[tail++] = at;
      if ((queue[head] as number) < at - has) head += 1;
      const from = queue[head] as number;
      next[at] = Math.min(row[at] as number, (row[from] as number) + unit * (at - from) + fixed);
    }
    [row, next] = [next, row];
  }
  return row[demand] as number;
}
