/** Puts the better of two answers together, wherever they can be told apart. */
import { Groups } from './groups.ts';
import type { Columns } from './instance.ts';
import { JointState } from './state.ts';

/**
 * Orders that both answers serve differently stand or fall together where a lessor has no room for
 * what any mixture of both would take there; between such groups nothing is shared, so each group
 * becomes as in the answer that costs it less, as in `state` when both cost the same.
 *
 * @param other  units per pair of a feasible answer
 */
export function keepBetter(state: JointState, columns: Columns, other: Int32Array): void {
  const { instance } = state;
  const { orders, first } = instance;
  const rival = new JointState(instance, columns);
  const unitsOf = (i: number) => other.subarray(first[i]!, first[i + 1]!);
  for (let i = 0; i < orders; i++) rival.place(i, unitsOf(i));
  rival.mark();
  const groups = new Groups(orders);
  for (let j = 0; j < instance.lessors; j++) {
    if (!fitsMixed(state, rival, columns, j)) joinAt(state, rival, columns, j, groups);
  }
  const gain = new Float64Array(orders);
  for (let i = 0; i < orders; i++) gain[groups.of(i)]! += state.cost[i]! - rival.cost[i]!;
  for (let i = 0; i < orders; i++) {
    if (gain[groups.of(i)]! <= 0) continue;
    state.mark();
    state.place(i, unitsOf(i));
  }
}

/** Whether a lessor has room for the larger part of either answer of every order. */
function fitsMixed(
  { instance, units, room }: JointState,
  rival: JointState,
  { start, pair, order }: Columns,
  lessor: number,
): boolean {
  const { dimensions, request, weight, form } = instance;
  for (let d = 0; d < dimensions; d++) {
    let more = 0;
    for (let c = start[lessor]!; c < start[lessor + 1]!; c++) {
      const e = pair[c]!;
      const extra = rival.units[e]! - units[e]!;
      if (extra <= 0) continue;
      more += extra * (form === 'literal' ? weight[e]! : request[order[e]! * dimensions + d]!);
    }
    if (more > room[lessor * dimensions + d]!) return false;
  }
  return true;
}

function joinAt(
  { units }: JointState,
  rival: JointState,
  { start, pair, order }: Columns,
  lessor: number,
  groups: Groups,
): void {
  let before = -1;
  for (let c = start[lessor]!; c < start[lessor + 1]!; c++) {
    const e = pair[c]!;
    if (units[e] === rival.units[e]) continue;
    if (before >= 0) groups.join(before, order[e]!);
    before = order[e]!;
  }
}
