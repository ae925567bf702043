/** Puts an answer for a market into lots and devices for certain, and places what it left out. */
import {
  placementFits,
  placeReplicas,
  replicasThatFit,
  withPlacement,
} from '@sparegrid/core/order/fit';
import { type Placement, replicasOf } from '@sparegrid/core/order/placement';
import type { Lot } from '@sparegrid/core/order/sell-order';
import type { RefusalCode } from '@sparegrid/core/refusals';
import type { Assigned, Unfilled } from './answer.ts';
import { limitCost, type Market, type Suitable } from './market.ts';
import type { Wishes } from './market-wishes.ts';

/** Replicas of an order at a lot. */
export interface Wanted {
  order: number;
  lot: number;
  replicas: number;
}

export interface PlacedMarket {
  assignment: Assigned[];
  unfilled: Unfilled[];
  filled: number;
  /** Micro-credits: what is placed, and the limit price of every replica that is not. */
  cost: number;
  /** The same by the orders' wishes. */
  wish: number;
}

/**
 * Never more than is free in a lot or device, or than the budget pays, whatever `wanted` says; then
 * the most wanted lots first. An order whose wishes break its budget gets the cheapest instead.
 */
export function placeMarket(
  market: Market,
  suitable: readonly Suitable[],
  wishes: readonly Wishes[],
  wanted: readonly Wanted[],
): PlacedMarket {
  const free = market.lots.map(({ lot }) => lot);
  const given = market.orders.map(() => new Map<number, Placement[]>());
  const ordered = [...wanted].sort(
    (a, b) => sizeOf(market, b) - sizeOf(market, a) || a.order - b.order,
  );
  for (const { order, lot, replicas } of ordered) {
    const affordable = affordableOf(market, given, order, wishes[order] as Wishes, lot);
    give(market, free, given, order, lot, Math.min(replicas, affordable));
  }
  for (const i of market.orders.keys()) dropShort(market, free, given, i);
  for (const i of market.orders.keys()) {
    complete(market, free, given, i, wishes[i] as Wishes);
    dropShort(market, free, given, i);
    if (given[i]?.size !== 0 || market.orders[i]?.order.priority.kind === 'price') continue;
    complete(market, free, given, i, byPrice(wishes[i] as Wishes));
    dropShort(market, free, given, i);
  }
  return summary(market, suitable, wishes, given);
}

/** Whole devices first, then large shares: small ones fit in anywhere. */
function sizeOf({ orders }: Market, { order }: Wanted): number {
  const device = orders[order]?.order.replica.device;
  return device ? device.count * device.shareMilli : 0;
}

/** Per order the lots it is in, with what it holds there. */
type Given = Map<number, Placement[]>[];

function give(
  { orders }: Market,
  free: Lot[],
  given: Given,
  i: number,
  at: number,
  replicas: number,
): number {
  const request = orders[i]?.order.replica;
  const lot = free[at];
  const own = given[i];
  if (!request || !lot || !own || replicas < 1) return 0;
  const placement = placeReplicas(lot, request, replicasThatFit(lot, request, replicas));
  if (placement.replicas === 0) return 0;
  if (!placementFits(lot, request, placement)) throw new Error('broken invariant: placed too much');
  free[at] = withPlacement(lot, request, placement, -1);
  own.set(at, [...(own.get(at) ?? []), placement]);
  return placement.replicas;
}

function complete(market: Market, free: Lot[], given: Given, i: number, wishes: Wishes): void {
  const { order } = market.orders[i] as Market['orders'][number];
  const own = given[i] as Given[number];
  let missing = order.count.max - replicasIn(own);
  let left = Number(order.budgetMicro) - sumIn(own, wishes, wishes.cost);
  for (let k = 0; k < wishes.lot.length && missing > 0; k += 1) {
    const at = wishes.lot[k] as number;
    if (!own.has(at) && own.size >= order.maxLessors) continue;
    const cost = wishes.cost[k] as number;
    const affordable = cost > 0 ? Math.floor(left / cost) : missing;
    const taken = give(market, free, given, i, at, Math.min(missing, affordable));
    missing -= taken;
    left -= taken * cost;
  }
}

/** An order with fewer replicas than it wants at least gets none. */
function dropShort({ orders }: Market, free: Lot[], given: Given, i: number): void {
  const own = given[i] as Given[number];
  const order = orders[i]?.order;
  if (!order || own.size === 0 || replicasIn(own) >= order.count.min) return;
  for (const [at, placements] of own) {
    for (const placement of placements) {
      free[at] = withPlacement(free[at] as Lot, order.replica, placement, 1);
    }
  }
  own.clear();
}

function replicasIn(own: Given[number]): number {
  let sum = 0;
  for (const placements of own.values()) sum += replicasOf(placements);
  return sum;
}

/** What the order holds, at `each` per replica of the lots of its wishes. */
function sumIn(own: Given[number], { lot }: Wishes, each: Float64Array): number {
  let sum = 0;
  for (const [at, placements] of own) {
    sum += replicasOf(placements) * (each[lot.indexOf(at)] as number);
  }
  return sum;
}

function affordableOf({ orders }: Market, given: Given, i: number, wishes: Wishes, at: number) {
  const own = given[i] as Given[number];
  const left = Number(orders[i]?.order.budgetMicro) - sumIn(own, wishes, wishes.cost);
  const cost = wishes.cost[wishes.lot.indexOf(at)] as number;
  return cost > 0 ? Math.max(0, Math.floor(left / cost)) : Infinity;
}

function byPrice({ lot, cost, wish, units }: Wishes): Wishes {
  const sorted = Array.from(cost.keys()).sort(
    (a, b) => (cost[a] as number) - (cost[b] as number) || a - b,
  );
  return {
    lot: Int32Array.from(sorted, (k) => lot[k] as number),
    cost: Float64Array.from(sorted, (k) => cost[k] as number),
    wish: Float64Array.from(sorted, (k) => wish[k] as number),
    units: Int32Array.from(sorted, (k) => units[k] as number),
  };
}

function summary(
  { orders, lots }: Market,
  suitable: readonly Suitable[],
  wishes: readonly Wishes[],
  given: Given,
): PlacedMarket {
  const assignment: Assigned[] = [];
  const unfilled: Unfilled[] = [];
  let cost = 0;
  let wish = 0;
  for (const [i, { name, order }] of orders.entries()) {
    const own = given[i] as Given[number];
    const wanted = wishes[i] as Wishes;
    const leftOut = (order.count.max - replicasIn(own)) * limitCost(order);
    cost += sumIn(own, wanted, wanted.cost) + leftOut;
    wish += sumIn(own, wanted, wanted.wish) + leftOut;
    if (own.size === 0) unfilled.push({ order: name, code: whyNot(suitable[i], wanted) });
    for (const [at, placements] of own) {
      const lessor = lots[at]?.lessor ?? '';
      assignment.push({ order: name, lessor, replicas: replicasOf(placements) });
    }
  }
  return { assignment, unfilled, filled: orders.length - unfilled.length, cost, wish };
}

function whyNot(suits: Suitable | undefined, { lot }: Wishes): RefusalCode {
  if (!suits || suits.lot.length === 0) return 'MATCH_NO_CANDIDATE';
  return lot.length === 0 ? 'MATCH_PRICE' : 'MATCH_RESOURCES';
}
