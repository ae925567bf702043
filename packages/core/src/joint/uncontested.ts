/** Whether everyone's own best fits together, which makes it the optimum: the normal state at night. */
import type { Bundles } from './bundle.ts';
import type { Columns, JointInstance } from './instance.ts';
import { JointState } from './state.ts';
import { keepsTerms } from './terms.ts';

/** Units per pair and their cost; undefined as soon as two orders are in each other's way. */
export function uncontested(
  instance: JointInstance,
  columns: Columns,
  bundles: Bundles,
): { units: Int32Array; cost: number } | undefined {
  const { orders, first, lessor } = instance;
  const state = new JointState(instance, columns);
  const terms = { surcharge: new Float64Array(0), share: 0, perLessor: 0 };
  for (let i = 0; i < orders; i++) {
    bundles.cheapest(i, terms);
    if (!keepsTerms(instance, i, bundles.units)) return undefined;
    state.mark();
    state.place(i, bundles.units);
    for (let e = first[i]!; e < first[i + 1]!; e++) {
      if (state.units[e]! > 0 && state.isOver(lessor[e]!)) return undefined;
    }
  }
  return { units: state.units, cost: state.total };
}
