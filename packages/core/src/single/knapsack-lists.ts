/** Lists of knapsack states: the undominated sets of full lessors, beside one partial lessor. */

/**
 * What the partial lessor does to a set of full ones of weight w: nothing is valid below `low`;
 * from there to `demand` it adds `unitCost` per missing unit; above, the surplus is given back.
 */
export interface Completion {
  low: number;
  demand: number;
  unitCost: number;
  fixedCost: number;
}

/** Remaining lessors cost at least `add` per unit to take in and save at most `drop` per unit. */
export interface Remaining {
  add: number;
  drop: number;
}

/** No completed set of a state of this weight and cost is cheaper, whatever the remaining do. */
export function stateBound(
  { low, demand, unitCost, fixedCost }: Completion,
  { add, drop }: Remaining,
  weight: number,
  cost: number,
): number {
  const spare = demand - low;
  if (weight < low) {
    return cost + fixedCost + add * (low - weight) + Math.min(add, unitCost) * spare;
  }
  const lower = drop > unitCost ? drop - unitCost : 0;
  if (weight > demand) return cost + fixedCost - drop * (weight - demand) - lower * spare;
  const missing = demand - weight;
  const filled = (add < unitCost ? add : unitCost) * missing;
  if (lower === 0) return cost + fixedCost + filled;
  return cost + fixedCost + Math.min(filled, unitCost * missing - lower * (weight - low));
}

export function completedCost(completion: Completion, weight: number, cost: number): number {
  if (weight < completion.low) return Number.POSITIVE_INFINITY;
  const missing = Math.max(0, completion.demand - weight);
  return cost + completion.fixedCost + completion.unitCost * missing;
}

/** States by descending weight and descending cost; `node` leads to the lessors flipped so far. */
export class StateList {
  weight = new Float64Array(1024);
  cost = new Float64Array(1024);
  node = new Int32Array(1024);
  size = 0;

  reserve(size: number): void {
    if (size <= this.weight.length) return;
    const length = 2 ** Math.ceil(Math.log2(size));
    const grow = <T extends Float64Array | Int32Array>(into: T, from: T): T => {
      into.set(from);
      return into;
    };
    this.weight = grow(new Float64Array(length), this.weight);
    this.cost = grow(new Float64Array(length), this.cost);
    this.node = grow(new Int32Array(length), this.node);
  }
}

/** How states came about: a tree of flipped lessors, kept so that the best one can be written out. */
export class FlipTree {
  #parent = new Int32Array(4096);
  #lessor = new Int32Array(4096);
  #size = 1;

  clear(): void {
    this.#size = 1;
  }

  /** The root is 0: nothing flipped. */
  add(parent: number, lessor: number): number {
    if (this.#size === this.#parent.length) {
      this.#parent = doubled(this.#parent);
      this.#lessor = doubled(this.#lessor);
    }
    const node = this.#size;
    this.#parent[node] = parent;
    this.#lessor[node] = lessor;
    this.#size = node + 1;
    return node;
  }

  flipsOf(node: number): number[] {
    const flips: number[] = [];
    for (let at = node; at !== 0; at = this.#parent[at] as number) {
      flips.push(this.#lessor[at] as number);
    }
    return flips;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
