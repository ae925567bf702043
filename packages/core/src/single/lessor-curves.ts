/** What each lessor asks for its first replica, its second, and so on: its lots by price. */

/** Lots that suit one order; each array has one entry per lot. */
export interface SuitableLots {
  /** Position of the lot's lessor, from 0. */
  lessor: Int32Array;
  /** How many replicas the lot holds beside nothing else. */
  units: Int32Array;
  /** Cost of one replica there: a whole number, not negative. */
  unitCost: Float64Array;
}

/**
 * The lots of lessor j are `lot[first[j]]` to `lot[first[j + 1] - 1]`, cheapest first, ties by
 * position; lots that hold nothing are left out.
 */
export interface Curves {
  lessors: number;
  first: Int32Array;
  lot: Int32Array;
  units: Int32Array;
  unitCost: Float64Array;
  fixedCost: Float64Array;
  /** Replicas that each lessor holds in all its lots. */
  room: Float64Array;
}

export function curvesOf(lots: SuitableLots, fixedCost: Float64Array): Curves {
  const lessors = fixedCost.length;
  const used = [...lots.lessor.keys()].filter((at) => (lots.units[at] as number) > 0);
  used.sort(
    (a, b) =>
      (lots.lessor[a] as number) - (lots.lessor[b] as number) ||
      (lots.unitCost[a] as number) - (lots.unitCost[b] as number) ||
      a - b,
  );
  const first = new Int32Array(lessors + 1);
  const room = new Float64Array(lessors);
  for (const at of used) {
    const lessor = lots.lessor[at] as number;
    first[lessor + 1] = (first[lessor + 1] as number) + 1;
    room[lessor] = (room[lessor] as number) + (lots.units[at] as number);
  }
  for (let j = 0; j < lessors; j += 1) {
    first[j + 1] = (first[j + 1] as number) + (first[j] as number);
  }
  return {
    lessors,
    first,
    lot: Int32Array.from(used),
    units: Int32Array.from(used, (at) => lots.units[at] as number),
    unitCost: Float64Array.from(used, (at) => lots.unitCost[at] as number),
    fixedCost,
    room,
  };
}

/** Cost of `replicas` at lessor `j`, fixed cost included; infinite above its room. */
export function costAt({ first, units, unitCost, fixedCost }: Curves, j: number, replicas: number) {
  let missing = replicas;
  let cost = fixedCost[j] as number;
  for (let at = first[j] as number; at < (first[j + 1] as number) && missing > 0; at += 1) {
    const take = Math.min(missing, units[at] as number);
    cost += take * (unitCost[at] as number);
    missing -= take;
  }
  return missing > 0 ? Number.POSITIVE_INFINITY : cost;
}
