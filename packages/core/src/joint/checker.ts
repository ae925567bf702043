/**
 * Checks an answer of the joint programme from the instance alone: shares no code with the solver.
 * Every quantity is an integer below 2^53, so that all sums here are exact.
 */
import type { JointInstance } from './instance.ts';

export interface Fault {
  kind: 'shape' | 'units' | 'capacity' | 'count' | 'lessors' | 'budget' | 'cost' | 'bound';
  /** The order, pair or lessor at fault. */
  index: number;
  detail: string;
}

/** The first fault of an answer that claims `cost` and `lowerBound`, or undefined if it is sound. */
export function checkAnswer(
  instance: JointInstance,
  answer: { units: ArrayLike<number>; cost: number; lowerBound: number },
): Fault | undefined {
  const { lessor, most } = instance;
  const { units } = answer;
  if (units.length !== lessor.length) {
    return fault('shape', units.length, `units for ${lessor.length} pairs expected`);
  }
  for (let e = 0; e < units.length; e++) {
    const one = units[e]!;
    if (!Number.isInteger(one) || one < 0 || one > most[e]!) {
      return fault('units', e, `${one} is not an integer of 0..${most[e]}`);
    }
  }
  const capacity = checkCapacity(instance, units);
  if (capacity) return capacity;
  let cost = 0;
  for (let i = 0; i < instance.orders; i++) {
    const own = costOfOrder(instance, units, i);
    if (typeof own !== 'number') return own;
    cost += own;
  }
  if (cost !== answer.cost) return fault('cost', 0, `costs ${cost}, not ${answer.cost}`);
  if (answer.lowerBound > cost)
    return fault('bound', 0, `bound ${answer.lowerBound} above ${cost}`);
  return undefined;
}

function checkCapacity(instance: JointInstance, units: ArrayLike<number>): Fault | undefined {
  const { orders, dimensions, first, lessor, request, weight, capacity, form } = instance;
  const load = new Float64Array(capacity.length);
  for (let i = 0; i < orders; i++) {
    for (let e = first[i]!; e < first[i + 1]!; e++) {
      for (let d = 0; d < dimensions; d++) {
        const each = form === 'literal' ? weight[e]! : request[i * dimensions + d]!;
        load[lessor[e]! * dimensions + d]! += units[e]! * each;
      }
    }
  }
  for (let k = 0; k < load.length; k++) {
    if (load[k]! > capacity[k]!) {
      const [j, d] = [Math.floor(k / dimensions), k % dimensions];
      return fault('capacity', j, `dimension ${d}: ${load[k]} of ${capacity[k]}`);
    }
  }
  return undefined;
}

function costOfOrder(
  instance: JointInstance,
  units: ArrayLike<number>,
  order: number,
): number | Fault {
  const { first, form, need, least, penalty, budget, lessorsMost } = instance;
  let paid = 0;
  let served = 0;
  let lessors = 0;
  for (let e = first[order]!; e < first[order + 1]!; e++) {
    if (units[e] === 0) continue;
    lessors++;
    paid += units[e]! * instance.unitCost[e]! + instance.fixedCost[e]!;
    served += form === 'literal' ? instance.weight[e]! : units[e]!;
  }
  if (lessors === 0) return penalty[order]!;
  const wanted = need[order]!;
  if (form === 'literal' && served < wanted) {
    return fault('count', order, `lumps of ${served} do not cover ${wanted}`);
  }
  if (form === 'practical' && (served > wanted || served < least[order]!)) {
    return fault('count', order, `${served} replicas, wanted ${least[order]}..${wanted}`);
  }
  if (lessors > lessorsMost[order]!) {
    return fault('lessors', order, `${lessors} lessors of at most ${lessorsMost[order]}`);
  }
  if (paid > budget[order]!) return fault('budget', order, `pays ${paid} of ${budget[order]}`);
  if (form === 'literal' || served === wanted) return paid;
  return paid + (penalty[order]! * (wanted - served)) / wanted;
}

function fault(kind: Fault['kind'], index: number, detail: string): Fault {
  return { kind, index, detail };
}
