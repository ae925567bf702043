/** Places what fits of an answer known before. */
import type { JointState } from './state.ts';
import { keepsTerms } from './terms.ts';

/**
 * Gives the order these units, counted from its first pair, if they keep its terms and there is room.
 * Forgets the changes before. False when it is left as it was.
 */
export function placeIfFits(state: JointState, order: number, units: Int32Array): boolean {
  const { first, lessor } = state.instance;
  if (!keepsTerms(state.instance, order, units)) return false;
  state.mark();
  state.place(order, units);
  for (let e = first[order]!; e < first[order + 1]!; e++) {
    if (state.units[e]! === 0 || !state.isOver(lessor[e]!)) continue;
    state.undo();
    return false;
  }
  return true;
}
