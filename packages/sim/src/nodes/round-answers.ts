/** A solver in virtual time: its answers come late, are lost, fail, and are sometimes no answers. */
import { solveJoint } from '@sparegrid/core/joint/solve';
import type { SolverAnswer } from '@sparegrid/core/rounds/answer';
import type { SolveRequest } from '@sparegrid/core/rounds/round';
import type { Rng } from '../kernel/rng.ts';

const ITERATIONS_MOST = 400;

/** What reaches the hub, and when; undefined: nothing ever does. */
export interface Delivery {
  afterMs: number;
  answer: SolverAnswer | null;
}

/** @param faults  without them every answer is in time and sound. */
export function deliveryOf(rng: Rng, request: SolveRequest, faults: boolean): Delivery | undefined {
  const iterations = Math.min(request.iterations ?? ITERATIONS_MOST, ITERATIONS_MOST);
  const { instance, start, seed } = request;
  const result = solveJoint(instance, { seed, start, iterations });
  const { units, cost, lowerBound, certificate } = result;
  const { lessorPrices } = certificate;
  const answer = { units, cost, lowerBound, lessorPrices, iterations: result.iterations };
  const afterMs = rng.between(1, faults ? rng.pick([20, 300, 3_000]) : 20);
  if (!faults) return { afterMs, answer };
  const fate = rng.between(0, 99);
  if (fate < 5) return undefined;
  if (fate < 10) return { afterMs, answer: null };
  if (fate < 30) return { afterMs, answer: spoilt(rng, request, answer) };
  return { afterMs, answer };
}

/** Something that a broken solver, or another round, might say. */
function spoilt(rng: Rng, { instance }: SolveRequest, answer: SolverAnswer): SolverAnswer {
  const units = answer.units.slice();
  const at = units.length > 0 ? rng.between(0, units.length - 1) : 0;
  switch (rng.pick(['much', 'greedy', 'fewer', 'negative', 'short', 'cost', 'bound', 'nan'])) {
    case 'much':
      return { ...answer, units: units.map((_, pair) => instance.most[pair] as number) };
    case 'greedy':
      // One order gets all it could have anywhere: more than it wants.
      for (let pair = 0; pair < units.length; pair += 1) {
        if (orderOf(instance.first, pair) === orderOf(instance.first, at)) {
          units[pair] = instance.most[pair] as number;
        }
      }
      return { ...answer, units };
    case 'fewer':
      return { ...answer, units: units.map((one) => one >> 1) };
    case 'negative':
      units[at] = -1;
      return { ...answer, units };
    case 'short':
      return { ...answer, units: units.slice(1) };
    case 'cost':
      return { ...answer, cost: answer.cost - 1 };
    case 'bound':
      return { ...answer, lowerBound: answer.cost + 1 };
    default:
      return { ...answer, cost: Number.NaN, lowerBound: Number.NaN };
  }
}

function orderOf(first: Int32Array, pair: number): number {
  let order = 0;
  while ((first[order + 1] as number) <= pair) order += 1;
  return order;
}
