/** One order of equal replicas over lots of many lessors: how many, where, and how near the best. */
import { CELLS_MAX, type Placed } from './count-programme.ts';
import { type Curves, costAt, curvesOf, type SuitableLots } from './lessor-curves.ts';
import { type Solved, solveCount } from './solve-count.ts';

/**
 * An order of `least` to `need` replicas (equal: all or nothing), 1 <= least <= need <=
 * {@link REPLICAS_MAX}, from at most `lessorsMost` lessors, for at most `budget` in all. Costs are
 * whole numbers whose sums stay below 2^53.
 *
 * `fill-first`: as many replicas as possible, then the cheapest. `welfare`: every replica left out
 * costs `replicaValue`; nothing at all is always allowed.
 */
export interface OrderToPlace {
  need: number;
  least: number;
  lessorsMost: number;
  budget: number;
  objective: { kind: 'fill-first' } | { kind: 'welfare'; replicaValue: number };
  lots: SuitableLots;
  /** Per lessor: what using it costs, whatever it runs. */
  fixedCost: Float64Array;
  /** Size of the table, which is the work: a second at the {@link CELLS_MAX} that stand for nothing. */
  cellsMax?: number;
}

export const REPLICAS_MAX = 10_000;

/**
 * `optimal`: nothing better exists. `feasible`: something better may exist, but with as many
 * replicas none costs below `lowerBound`. `infeasible`: not even `least` replicas can be placed.
 */
export interface PlacedOrder {
  status: 'optimal' | 'feasible' | 'infeasible';
  replicas: number;
  /** What the replicas cost; the value of those left out is not in it. */
  cost: number;
  /** Of `cost`, or with `welfare` of cost and value left out together. */
  lowerBound: number;
  /** Replicas per lot, as the lots were given. */
  units: Int32Array;
}

/**
 * How many replicas of a vector fit into what is free; in Infinity's place stands `most`.
 */
export function unitsOf(free: ArrayLike<number>, request: ArrayLike<number>, most: number): number {
  let units = most;
  for (let d = 0; d < request.length; d += 1) {
    const need = request[d] as number;
    if (need > 0) units = Math.min(units, Math.floor((free[d] as number) / need));
  }
  return Math.max(0, units);
}

/**
 * Places the order: exactly, unless the lots that may matter times replicas times lessors are more
 * than a table can hold; then by prices, with a bound.
 *
 * @patent [0055] C1.6 MAT-9 MAT-10
 */
export function placeOrder(order: OrderToPlace): PlacedOrder {
  const { need, least, objective, budget } = order;
  const curves = curvesOf(order.lots, order.fixedCost);
  const most = Math.min(need, mostReplicas(curves, order.lessorsMost));
  let sure = true;
  const solve = (count: number, spare: number): Solved | null =>
    solveCount(curves, order.cellsMax ?? CELLS_MAX, {
      count,
      lessorsMost: order.lessorsMost,
      outside: {
        units: spare,
        unitCost: objective.kind === 'welfare' ? objective.replicaValue : 0,
      },
    });
  // More replicas never cost less: the largest affordable count is found by halving.
  let low = least - 1;
  let high = most;
  let best: Solved | null = null;
  let first = true;
  while (low < high) {
    const middle = first ? high : Math.ceil((low + high) / 2);
    first = false;
    const solved = solve(middle, 0);
    if (solved && solved.cost <= budget) {
      low = middle;
      best = solved;
    } else {
      if (solved && solved.lowerBound <= budget) sure = false;
      high = middle - 1;
    }
  }
  if (objective.kind === 'welfare') {
    return welfareOf(order, curves, best ? low : 0, sure, solve);
  }
  if (!best) return nothing(order, sure ? 'infeasible' : 'feasible', 0);
  return written(order, curves, best, low, sure && best.exact, best.lowerBound);
}

function welfareOf(
  order: OrderToPlace,
  curves: Curves,
  affordable: number,
  sure: boolean,
  solve: (count: number, spare: number) => Solved | null,
): PlacedOrder {
  const value = order.objective.kind === 'welfare' ? order.objective.replicaValue : 0;
  const empty = order.need * value;
  const solved = affordable > 0 ? solve(affordable, affordable - order.least) : null;
  const beyond = (order.need - affordable) * value;
  // Where a limit left the affordable count open, only the bound of everything holds.
  const open = sure ? null : solve(order.need, order.need);
  const bound = Math.min(
    empty,
    open ? open.lowerBound : solved ? solved.lowerBound + beyond : empty,
  );
  if (!solved || solved.cost + beyond >= empty) {
    return nothing(order, sure && (solved?.exact ?? true) ? 'optimal' : 'feasible', bound);
  }
  let replicas = 0;
  for (const count of solved.replicas.values()) replicas += count;
  return written(order, curves, solved, replicas, sure && solved.exact, bound);
}

function nothing(order: OrderToPlace, status: PlacedOrder['status'], lowerBound: number) {
  const units = new Int32Array(order.lots.units.length);
  return { status, replicas: 0, cost: 0, lowerBound, units };
}

function written(
  order: OrderToPlace,
  curves: Curves,
  placed: Placed,
  replicas: number,
  exact: boolean,
  lowerBound: number,
): PlacedOrder {
  const answer = nothing(order, exact ? 'optimal' : 'feasible', lowerBound);
  let cost = 0;
  for (const [j, count] of placed.replicas) {
    cost += costAt(curves, j, count);
    let missing = count;
    for (let at = curves.first[j] as number; missing > 0; at += 1) {
      const take = Math.min(missing, curves.units[at] as number);
      answer.units[curves.lot[at] as number] = take;
      missing -= take;
    }
  }
  return { ...answer, replicas, cost };
}

/** What the lessors with the most room hold together. */
function mostReplicas({ room }: Curves, lessorsMost: number): number {
  const most = [...room].sort((a, b) => b - a).slice(0, lessorsMost);
  return most.reduce((sum, one) => sum + one, 0);
}
