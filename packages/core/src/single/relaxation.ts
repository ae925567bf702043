/** The linear relaxation of an order over lessors: price order, break, bound, fixed lessors. */
import type { SinkInstance } from './sink-instance.ts';
import { sortedOrder } from './sorted-order.ts';

/**
 * Lessors that have anything, by ascending `rate`: what a unit costs when the lessor is used fully.
 * Every array has one entry per such lessor; capacities above the demand are cut to it.
 */
export interface Lessors {
  demand: number;
  count: number;
  /** Position in the instance. */
  source: Uint32Array;
  capacity: Float64Array;
  unitCost: Float64Array;
  fixedCost: Float64Array;
  /** Cost of the whole capacity. */
  fullCost: Float64Array;
  rate: Float64Array;
}

/** The first lessors are taken fully, then `breakAt` partly. */
export interface Relaxation {
  breakAt: number;
  /** Capacity and cost of the lessors before `breakAt`. */
  weight: number;
  cost: number;
  /** Rate of the lessor at the break: the price of one unit of demand. */
  price: number;
  bound: number;
}

export function lessorsOf(instance: SinkInstance): Lessors {
  const { demand } = instance;
  const used: number[] = [];
  for (let i = 0; i < instance.capacity.length; i += 1) {
    if ((instance.capacity[i] as number) > 0) used.push(i);
  }
  const count = used.length;
  const rates = new Float64Array(count);
  for (let at = 0; at < count; at += 1) {
    const i = used[at] as number;
    const capacity = Math.min(demand, instance.capacity[i] as number);
    rates[at] = (instance.unitCost[i] as number) + (instance.fixedCost[i] as number) / capacity;
  }
  const order = sortedOrder(rates);
  const lessors: Lessors = {
    demand,
    count,
    source: new Uint32Array(count),
    capacity: new Float64Array(count),
    unitCost: new Float64Array(count),
    fixedCost: new Float64Array(count),
    fullCost: new Float64Array(count),
    rate: new Float64Array(count),
  };
  for (let at = 0; at < count; at += 1) {
    const i = used[order[at] as number] as number;
    const capacity = Math.min(demand, instance.capacity[i] as number);
    const unitCost = instance.unitCost[i] as number;
    const fixedCost = instance.fixedCost[i] as number;
    lessors.source[at] = i;
    lessors.capacity[at] = capacity;
    lessors.unitCost[at] = unitCost;
    lessors.fixedCost[at] = fixedCost;
    lessors.fullCost[at] = unitCost * capacity + fixedCost;
    lessors.rate[at] = rates[order[at] as number] as number;
  }
  return lessors;
}

/** The demand is above 0 and at most what all lessors have. */
export function relax({ demand, count, capacity, fullCost, rate }: Lessors): Relaxation {
  let weight = 0;
  let cost = 0;
  let at = 0;
  while (at < count - 1 && weight + (capacity[at] as number) <= demand) {
    weight += capacity[at] as number;
    cost += fullCost[at] as number;
    at += 1;
  }
  const price = rate[at] as number;
  return { breakAt: at, weight, cost, price, bound: cost + price * (demand - weight) };
}
