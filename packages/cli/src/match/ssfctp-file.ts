/** Reads one order over n lessors: n, the demand, capacities, unit costs, fixed costs. */
import type { SinkInstance } from '@sparegrid/core/single/sink-instance';
import { NumberScanner } from './number-scanner.ts';

const LESSORS_MAX = 10_000_000;
/** Sums of a million of them, times a capacity, stay whole. */
const AMOUNT_MAX = 2 ** 31;
const DEMAND_MAX = 2 ** 51;
const COST_MAX = 2 ** 40;

/** @throws CliFault with file, line and number */
export function readSsfctp(file: string): SinkInstance {
  const scanner = new NumberScanner(file);
  const lessors = scanner.next('number of lessors', { min: 1, max: LESSORS_MAX });
  const demand = scanner.next('demand', { max: DEMAND_MAX });
  const column = (what: string, max: number, decimal: boolean) =>
    scanner.fill(new Float64Array(lessors), what, decimal ? { max, decimal } : { max });
  const capacity = column('capacity', AMOUNT_MAX, false);
  const unitCost = column('unit cost', COST_MAX, true);
  const fixedCost = column('fixed cost', COST_MAX, true);
  scanner.end();
  return { demand, capacity, unitCost, fixedCost };
}
