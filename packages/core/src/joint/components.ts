/** Splits a programme into parts that share no lessor, and gives each part as a programme of its own. */
import type { JointInstance } from './instance.ts';

export interface Components {
  readonly count: number;
  /** The component of each order, numbered by first appearance. */
  readonly ofOrder: Int32Array;
}

/** Union-find over the pairs: time linear in them, practically. */
export function componentsOf({ orders, lessors, first, lessor }: JointInstance): Components {
  const parent = Int32Array.from({ length: orders + lessors }, (_, k) => k);
  const rootOf = (node: number): number => {
    let root = node;
    while (parent[root] !== root) root = parent[root]!;
    for (let k = node; parent[k] !== root; ) {
      const next = parent[k]!;
      parent[k] = root;
      k = next;
    }
    return root;
  };
  for (let i = 0; i < orders; i++) {
    for (let e = first[i]!; e < first[i + 1]!; e++) {
      const [a, b] = [rootOf(i), rootOf(orders + lessor[e]!)];
      // The smaller root wins: orders come before lessors, and numbering follows the orders.
      if (a < b) parent[b] = a;
      else parent[a] = b;
    }
  }
  const number = new Int32Array(orders + lessors).fill(-1);
  const ofOrder = new Int32Array(orders);
  let count = 0;
  for (let i = 0; i < orders; i++) {
    const root = rootOf(i);
    if (number[root] === -1) number[root] = count++;
    ofOrder[i] = number[root]!;
  }
  return { count, ofOrder };
}

export interface Part {
  readonly instance: JointInstance;
  /** The whole programme's order and pair behind each of the part's. */
  readonly order: Int32Array;
  readonly pair: Int32Array;
}

/** The programme of some of the orders, with all their lessors renumbered. */
export function partOf(instance: JointInstance, order: Int32Array): Part {
  const { first, dimensions, form } = instance;
  const pairs: number[] = [];
  const offsets = [0];
  for (const i of order) {
    for (let e = first[i]!; e < first[i + 1]!; e++) pairs.push(e);
    offsets.push(pairs.length);
  }
  const pair = Int32Array.from(pairs);
  const lessors = [...new Set(pairs.map((e) => instance.lessor[e]!))].sort((a, b) => a - b);
  const renumbered = new Map(lessors.map((j, k) => [j, k]));
  const vectors = (source: Float64Array, rows: ArrayLike<number>): Float64Array => {
    const picked = new Float64Array(rows.length * dimensions);
    for (let k = 0; k < rows.length; k++) {
      const from = rows[k]! * dimensions;
      picked.set(source.subarray(from, from + dimensions), k * dimensions);
    }
    return picked;
  };
  const part: JointInstance = {
    form,
    orders: order.length,
    lessors: lessors.length,
    dimensions,
    first: Int32Array.from(offsets),
    lessor: pair.map((e) => renumbered.get(instance.lessor[e]!)!),
    need: order.map((i) => instance.need[i]!),
    least: order.map((i) => instance.least[i]!),
    penalty: Float64Array.from(order, (i) => instance.penalty[i]!),
    budget: Float64Array.from(order, (i) => instance.budget[i]!),
    lessorsMost: order.map((i) => instance.lessorsMost[i]!),
    request: form === 'literal' ? new Float64Array(0) : vectors(instance.request, order),
    capacity: vectors(instance.capacity, lessors),
    weight: form === 'literal' ? pair.map((e) => instance.weight[e]!) : new Int32Array(0),
    unitCost: Float64Array.from(pair, (e) => instance.unitCost[e]!),
    fixedCost: Float64Array.from(pair, (e) => instance.fixedCost[e]!),
    most: pair.map((e) => instance.most[e]!),
  };
  return { instance: part, order, pair };
}
