/** Markets that follow each other: of a ring of orders all but some are there, each time but others. */
import { generatePractical } from '@sparegrid/core/joint/generate';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { sharedInstance } from '@sparegrid/solver/shared-instance';

export class Markets {
  readonly #all: JointInstance;
  readonly #changed: number;

  /** @param sizes orders of each market, lessors, and orders that leave, and come, at each change. */
  constructor(sizes: { orders: number; lessors: number; changed: number; seed: number }) {
    const { orders, lessors, changed, seed } = sizes;
    this.#changed = changed;
    this.#all = generatePractical({ orders: orders + changed, lessors, seed });
  }

  /** The market after so many changes, with all lessors. */
  after(changes: number): JointInstance {
    return sharedInstance(withOrders(this.#all, this.#ordersAfter(changes)));
  }

  /** For each order of that market its number in the one before, -1 for one that came. */
  previous(changes: number): Int32Array {
    const before = this.#ordersAfter(changes - 1);
    return Int32Array.from(this.#ordersAfter(changes), (order) => before.indexOf(order));
  }

  #ordersAfter(changes: number): number[] {
    const { orders } = this.#all;
    const from = (changes * this.#changed + orders - this.#changed) % orders;
    const isThere = (order: number) => order < from || order >= from + this.#changed;
    return Array.from({ length: orders }, (_, order) => order).filter(isThere);
  }
}

function withOrders(instance: JointInstance, orders: readonly number[]): JointInstance {
  const { first: starts, dimensions } = instance;
  const pairs = orders.flatMap((order) => range(starts[order]!, starts[order + 1]!));
  const first = new Int32Array(orders.length + 1);
  orders.forEach((order, at) => {
    first[at + 1] = first[at]! + starts[order + 1]! - starts[order]!;
  });
  const requests = orders.flatMap((order) => range(order * dimensions, (order + 1) * dimensions));
  return {
    ...instance,
    orders: orders.length,
    first,
    lessor: Int32Array.from(pairs, (pair) => instance.lessor[pair]!),
    need: Int32Array.from(orders, (order) => instance.need[order]!),
    least: Int32Array.from(orders, (order) => instance.least[order]!),
    penalty: Float64Array.from(orders, (order) => instance.penalty[order]!),
    budget: Float64Array.from(orders, (order) => instance.budget[order]!),
    lessorsMost: Int32Array.from(orders, (order) => instance.lessorsMost[order]!),
    request: Float64Array.from(requests, (at) => instance.request[at]!),
    unitCost: Float64Array.from(pairs, (pair) => instance.unitCost[pair]!),
    fixedCost: Float64Array.from(pairs, (pair) => instance.fixedCost[pair]!),
    most: Int32Array.from(pairs, (pair) => instance.most[pair]!),
  };
}

function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, at) => from + at);
}
