/** Turns a round into the practical form: lots are its lessors, resources and devices dimensions. */
import type { JointInstance } from '../joint/instance.ts';
import { costOf } from '../units/money.ts';
import { AMOUNT_FIELDS, type ReplicaRequest } from '../units/resources.ts';
import type { Filled } from './filling.ts';
import type { Round, RoundLot, RoundOrder } from './market.ts';
import { limitCost } from './wishes.ts';

/** The amounts of a lot, and thousandths of devices. */
const DIMENSIONS = AMOUNT_FIELDS.length + 1;
/** Sums of all costs stay exact, with room for what a solver adds. */
const COST_SUM_MOST = 2 ** 49;
/** An order that lost this often counts as much as one can. */
const AGE_MOST = 7;

/** An order that single matching leaves out counts with this part of its costs and its limit. */
const LEFT_OUT_SHARE = 64;

/** Pairs are the orders' wishes, in their order. */
export interface RoundInstance {
  instance: JointInstance;
  /** Costs of the instance are micro-credits divided by this and rounded up. */
  quantum: number;
  /** Per dimension: how many base units are one of the instance. */
  units: readonly number[];
}

/** How much an order weighs beside others: more with every race and round that it lost. */
export function weightOf({ age }: Pick<RoundOrder, 'age'>): number {
  return 1 + Math.min(age, AGE_MOST);
}

/**
 * Nobody loses by being solved jointly. An order that single matching, one by one in fair order,
 * would fill (`alone` > 0 replicas) must get as many replicas here: leaving it out costs more than
 * everything else together. Then what these orders cost together is least. The others are worth a
 * small share of what they pay at most, older ones more: they get what is left.
 *
 * @param alone  per order the replicas that single matching would give it, 0 for none.
 * @patent [0053]-[0056] C10.1 C10.2 MAT-8
 */
export function instanceOf(
  { orders, lots, wishes }: Round,
  alone: readonly number[],
): RoundInstance {
  const first = new Int32Array(orders.length + 1);
  for (const [i, { lot }] of wishes.entries()) first[i + 1] = (first[i] as number) + lot.length;
  const pairs = first[orders.length] as number;
  const lessor = new Int32Array(pairs);
  const unitCost = new Float64Array(pairs);
  const most = new Int32Array(pairs);
  const dearest = new Float64Array(orders.length);
  let worst = 1;
  for (const [i, { lot, preference, replicas }] of wishes.entries()) {
    const { order, want } = orders[i] as RoundOrder;
    const share = alone[i] === 0 ? LEFT_OUT_SHARE : 1;
    let e = first[i] as number;
    for (let k = 0; k < lot.length; k += 1) {
      lessor[e] = lot[k] as number;
      unitCost[e] = Math.ceil((preference[k] as number) / share);
      most[e] = Math.min(replicas[k] as number, alone[i] || want.max);
      dearest[i] = Math.max(dearest[i] as number, unitCost[e] as number);
      e += 1;
    }
    const limit = alone[i] === 0 ? Math.ceil(limitCost(order) / share) : 0;
    dearest[i] = Math.max(dearest[i] as number, limit) + 1;
    worst += (dearest[i] as number) * want.max * weightOf(orders[i] as RoundOrder);
  }
  const filled = alone.filter((replicas) => replicas > 0).length;
  const quantum = quantumFor(worst * (filled + 1));
  for (let e = 0; quantum > 1 && e < pairs; e += 1) {
    unitCost[e] = Math.ceil((unitCost[e] as number) / quantum);
  }
  const penalty = orders.map((order, i) =>
    alone[i] === 0
      ? Math.ceil((dearest[i] as number) / quantum) * weightOf(order) * order.want.max
      : Math.ceil(worst / quantum) + pairs,
  );
  const need = orders.map(({ want }, i) => alone[i] || want.max);
  const { request, capacity, units } = amountsOf(orders, lots);
  const instance: JointInstance = {
    form: 'practical',
    orders: orders.length,
    lessors: lots.length,
    dimensions: DIMENSIONS,
    first,
    lessor,
    need: Int32Array.from(need),
    least: Int32Array.from(orders, ({ want }, i) => alone[i] || want.min),
    penalty: Float64Array.from(penalty),
    budget: Float64Array.from(orders, (order, i) => budgetOf(order, alone[i] === 0, quantum)),
    lessorsMost: Int32Array.from(orders, ({ order }) => order.maxLessors),
    request,
    capacity,
    weight: new Int32Array(0),
    unitCost,
    fixedCost: new Float64Array(pairs),
    most,
  };
  return { instance, quantum, units };
}

/** Units per pair of what orders hold. */
export function unitsOf({ first, lessor }: JointInstance, { held }: Filled): Int32Array {
  const units = new Int32Array(lessor.length);
  for (const [i, own] of held.entries()) {
    for (const { wish, placement } of own) units[(first[i] as number) + wish] = placement.replicas;
  }
  return units;
}

function quantumFor(sum: number): number {
  let quantum = 1;
  while (sum / quantum > COST_SUM_MOST) quantum *= 2;
  return quantum;
}

/**
 * Only a budget that may bind is a row; with other preferences than the price costs are no money,
 * and placing alone keeps to the budget.
 */
function budgetOf({ order, want }: RoundOrder, isLeftOut: boolean, quantum: number): number {
  const highest = costOf(order.limitMicroPerReplicaHour * BigInt(want.max), order.durationMs);
  if (want.budgetMicro >= highest + BigInt(want.max)) return Infinity;
  if (order.priority.kind !== 'price') return Infinity;
  // What counts with a share of its cost keeps to its budget when it is laid out.
  if (isLeftOut) return Infinity;
  return Math.max(0, Math.floor(Number(want.budgetMicro) / quantum));
}

/** Requests and capacities in the largest units that keep every request whole. */
function amountsOf(
  orders: readonly RoundOrder[],
  lots: readonly RoundLot[],
): { request: Float64Array; capacity: Float64Array; units: number[] } {
  const request = new Float64Array(orders.length * DIMENSIONS);
  const capacity = new Float64Array(lots.length * DIMENSIONS);
  for (const [i, { order }] of orders.entries()) {
    request.set(requestOf(order.replica), i * DIMENSIONS);
  }
  for (const [j, lot] of lots.entries()) capacity.set(capacityOf(lot), j * DIMENSIONS);
  const units: number[] = [];
  for (let d = 0; d < DIMENSIONS; d += 1) {
    let unit = 0;
    for (let at = d; at < request.length; at += DIMENSIONS) {
      unit = commonDivisor(request[at] as number, unit);
    }
    units.push(Math.max(1, unit));
    if (unit <= 1) continue;
    for (let at = d; at < request.length; at += DIMENSIONS) {
      request[at] = (request[at] as number) / unit;
    }
    for (let at = d; at < capacity.length; at += DIMENSIONS) {
      capacity[at] = Math.floor((capacity[at] as number) / unit);
    }
  }
  return { request, capacity, units };
}

function requestOf(replica: ReplicaRequest): number[] {
  const devices = replica.device ? replica.device.count * replica.device.shareMilli : 0;
  return [...AMOUNT_FIELDS.map((field) => replica[field]), devices];
}

function capacityOf({ lot }: RoundLot): number[] {
  const devices = lot.devices.reduce((sum, device) => sum + device.milli, 0);
  return [...AMOUNT_FIELDS.map((field) => lot.amounts[field]), devices];
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
