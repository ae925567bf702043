/** One order over n lessors, each with a fixed charge: what the exact solver reads and answers. */

/**
 * Find amounts x with sum x = `demand`, 0 <= x_i <= `capacity[i]`, all whole, that minimise the sum
 * of `unitCost[i] * x_i`, plus `fixedCost[i]` where x_i > 0. Every number is finite and not
 * negative; `demand` and capacities are whole.
 *
 * Costs that are all whole give an exact answer. Other costs are doubles: the answer is then proven
 * up to {@link RELATIVE_TOLERANCE}.
 */
export interface SinkInstance {
  demand: number;
  capacity: Float64Array;
  unitCost: Float64Array;
  fixedCost: Float64Array;
}

/** How far below the answer an unseen one may lie when the costs are not whole numbers. */
export const RELATIVE_TOLERANCE = 1e-11;

/** Sums of costs stay below this, so that bounds in doubles err by far less than one. */
export const COST_SUM_MAX = 2 ** 46;

/**
 * `optimal`: `lowerBound` equals `cost`. `feasible`: the stated limit came first. `infeasible`: the
 * lessors together have less than the demand; `amounts` is empty then.
 */
export interface SinkAnswer {
  status: 'optimal' | 'feasible' | 'infeasible';
  cost: number;
  lowerBound: number;
  /** Per lessor. */
  amounts: Float64Array;
  /** Knapsack states made: the work done. */
  states: number;
  /** Lessors for which a knapsack was solved. */
  knapsacks: number;
}

export interface SinkLimits {
  /** Largest number of knapsack states; 40 million when left out. */
  statesMax?: number;
  /** Asked now and then; true ends the search with the best answer so far. */
  timeIsUp?: () => boolean;
}

export function costOfAmounts(instance: SinkInstance, amounts: Float64Array): number {
  let cost = 0;
  for (let i = 0; i < amounts.length; i += 1) {
    const amount = amounts[i] as number;
    if (amount > 0)
      cost += amount * (instance.unitCost[i] as number) + (instance.fixedCost[i] as number);
  }
  return cost;
}
