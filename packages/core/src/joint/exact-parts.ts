/** Hands small components to an exact solver from outside and puts its answers together. */
import type { JointBound } from './bound.ts';
import { componentsOf, partOf } from './components.ts';
import type { Columns, JointInstance } from './instance.ts';

/**
 * Solves a small programme from a feasible start; undefined when it has nothing to add. The answer
 * must be checked by the caller's own checker before it is given here; `lowerBound` must be proven.
 */
export type Exact = (
  part: JointInstance,
  start: Int32Array,
) => { units: Int32Array; lowerBound: number } | undefined;

/** Orders above which a component is left to the search. */
const ORDERS_MOST = { practical: 60, literal: 20 };

export function solveParts(
  instance: JointInstance,
  columns: Columns,
  bound: JointBound,
  units: Int32Array,
  exact: Exact,
): { units: Int32Array; lowerBound: number } {
  const components = componentsOf(instance);
  const orders: number[][] = Array.from({ length: components.count }, () => []);
  components.ofOrder.forEach((component, i) => {
    orders[component]!.push(i);
  });
  const own = new Float64Array(components.count);
  components.ofOrder.forEach((component, i) => {
    own[component]! += bound.orderValue[i]!;
  });
  for (let j = 0; j < instance.lessors; j++) {
    const e = columns.pair[columns.start[j]!];
    if (columns.start[j]! === columns.start[j + 1]! || e === undefined) continue;
    own[components.ofOrder[columns.order[e]!]!]! -= bound.lessorValue[j]!;
  }
  const result = units.slice();
  let lowerBound = 0;
  for (let c = 0; c < components.count; c++) {
    let best = Math.ceil(own[c]!);
    if (orders[c]!.length <= ORDERS_MOST[instance.form]) {
      const part = partOf(instance, Int32Array.from(orders[c]!));
      const answer = exact(
        part.instance,
        part.pair.map((e) => units[e]!),
      );
      if (answer) {
        part.pair.forEach((e, k) => {
          result[e] = answer.units[k]!;
        });
        best = Math.max(best, answer.lowerBound);
      }
    }
    lowerBound += best;
  }
  return { units: result, lowerBound: Math.max(lowerBound, bound.lowerBound) };
}
