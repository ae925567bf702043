/** Turns a market into the practical form: lots are its lessors, resources and devices dimensions. */
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import { AMOUNT_FIELDS, type ReplicaRequest } from '@sparegrid/core/units/resources';
import { limitCost, type Market, type MarketLot } from './market.ts';
import type { Wishes } from './market-wishes.ts';

/** The amounts of a lot, and thousandths of devices. */
const DIMENSIONS = AMOUNT_FIELDS.length + 1;
/** Pairs of all orders together, about; every order has at least the most wanted ones. */
const PAIRS_ABOUT = 1_500_000;
const WANTED_LEAST = 32;

export interface MarketInstance {
  instance: JointInstance;
  /** False: only some of the lots that an order wishes for are pairs. */
  complete: boolean;
}

export function instanceOf(market: Market, wishes: readonly Wishes[]): MarketInstance {
  const { orders, lots } = market;
  const limits = orders.map(({ order }) => limitCost(order));
  const counts = wishes.map(({ lot }) => lot.length);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const perOrder = all <= PAIRS_ABOUT ? Infinity : Math.floor(PAIRS_ABOUT / orders.length);
  const first = new Int32Array(orders.length + 1);
  const pairs: number[] = [];
  for (const [i, count] of counts.entries()) {
    for (const at of spread(count, Math.max(WANTED_LEAST, perOrder), i)) pairs.push(at);
    first[i + 1] = pairs.length;
  }
  const owner = (each: (i: number, at: number) => number) =>
    ownersOf(first).map((i, e) => each(i, pairs[e] as number));
  const need = Int32Array.from(orders, ({ order }) => order.count.max);
  const { request, capacity } = amountsOf(market);
  const instance: JointInstance = {
    form: 'practical',
    orders: orders.length,
    lessors: lots.length,
    dimensions: DIMENSIONS,
    first,
    lessor: Int32Array.from(owner((i, at) => wishes[i]?.lot[at] as number)),
    need,
    least: Int32Array.from(orders, ({ order }) => order.count.min),
    penalty: Float64Array.from(limits, (limit, i) => limit * (need[i] as number)),
    budget: Float64Array.from(orders, ({ order }) => budgetOf(order)),
    lessorsMost: Int32Array.from(orders, ({ order }) => order.maxLessors),
    request,
    capacity,
    weight: new Int32Array(0),
    unitCost: Float64Array.from(owner((i, at) => wishes[i]?.wish[at] as number)),
    fixedCost: new Float64Array(pairs.length),
    most: Int32Array.from(
      owner((i, at) => Math.min(need[i] as number, wishes[i]?.units[at] as number)),
    ),
  };
  return { instance, complete: pairs.length === all };
}

/**
 * More than can be paid exactly is no limit; with other wishes than the price costs are no money,
 * and placing alone keeps to the budget.
 */
function budgetOf({ budgetMicro, priority }: BuyOrder): number {
  if (priority.kind !== 'price') return Infinity;
  return budgetMicro > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(budgetMicro);
}

/** The most wanted positions, then others evenly, from another start for every order. */
function* spread(count: number, most: number, order: number): Generator<number> {
  const near = Math.min(
    count,
    count <= most ? count : Math.max(WANTED_LEAST, Math.floor(most / 4)),
  );
  for (let at = 0; at < near; at += 1) yield at;
  const rest = Math.min(count - near, most - near);
  if (rest <= 0) return;
  const step = (count - near) / rest;
  const start = (order * 0.618034) % 1;
  let last = near - 1;
  for (let k = 0; k < rest; k += 1) {
    const at = Math.min(count - 1, near + Math.floor((k + start) * step));
    if (at > last) yield at;
    last = at;
  }
}

/** The order of each pair. */
function ownersOf(first: Int32Array): number[] {
  const owners: number[] = [];
  for (let i = 0; i + 1 < first.length; i += 1) {
    for (let e = first[i] as number; e < (first[i + 1] as number); e += 1) owners.push(i);
  }
  return owners;
}

/** Requests and capacities in the largest units that keep every request whole. */
function amountsOf({ orders, lots }: Market): { request: Float64Array; capacity: Float64Array } {
  const request = new Float64Array(orders.length * DIMENSIONS);
  const capacity = new Float64Array(lots.length * DIMENSIONS);
  for (const [i, { order }] of orders.entries())
    request.set(requestOf(order.replica), i * DIMENSIONS);
  for (const [j, lot] of lots.entries()) capacity.set(capacityOf(lot), j * DIMENSIONS);
  for (let d = 0; d < DIMENSIONS; d += 1) {
    let unit = 0;
    for (let at = d; at < request.length; at += DIMENSIONS) {
      unit = commonDivisor(request[at] as number, unit);
    }
    if (unit <= 1) continue;
    for (let at = d; at < request.length; at += DIMENSIONS) {
      request[at] = (request[at] as number) / unit;
    }
    for (let at = d; at < capacity.length; at += DIMENSIONS) {
      capacity[at] = Math.floor((capacity[at] as number) / unit);
    }
  }
  return { request, capacity };
}

function requestOf(replica: ReplicaRequest): number[] {
  const devices = replica.device ? replica.device.count * replica.device.shareMilli : 0;
  return [...AMOUNT_FIELDS.map((field) => replica[field]), devices];
}

function capacityOf({ lot }: MarketLot): number[] {
  const devices = lot.devices.reduce((sum, device) => sum + device.milli, 0);
  return [...AMOUNT_FIELDS.map((field) => lot.amounts[field]), devices];
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
