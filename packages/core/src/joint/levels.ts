/** Where the prices of each pair's units lie. */
import type { JointInstance } from './instance.ts';

/** A pair that can give more units than this has one price for all of them. */
const LEVELS_MOST = 32;

/**
 * `pairs + 1` offsets: pair e has the prices `at[e] .. at[e + 1] - 1`, one for its first unit, one
 * for its second and so on, or a single one for each of many units.
 *
 * Prices per unit given, not only per pair, are what makes the bound sharp: where two units of an
 * order fit into what a lessor has left and a third does not, only the third is dear.
 */
export function levelsOf({ most }: JointInstance): Int32Array {
  const at = new Int32Array(most.length + 1);
  for (let e = 0; e < most.length; e++) {
    at[e + 1] = at[e]! + (most[e]! > LEVELS_MOST ? 1 : most[e]!);
  }
  return at;
}
