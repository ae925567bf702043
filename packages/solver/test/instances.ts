/** Instances for tests: so small that every answer can be listed, or many of them side by side. */
import { SeededRandom } from '@sparegrid/core/joint/budget';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import type { JointForm, JointInstance } from '@sparegrid/core/joint/instance';
import { costOf } from '../src/cost.ts';

const ORDERS = 3;
const LESSORS = 3;

/** Every order may use every lessor; all terms of the form occur. */
export function tinyInstance(form: JointForm, seed: number): JointInstance {
  const random = new SeededRandom(seed);
  const isLiteral = form === 'literal';
  const dimensions = isLiteral ? 1 : 2;
  const draw = (count: number, least: number, most: number) =>
    Array.from({ length: count }, () => least + random.below(most - least + 1));
  const pairs = ORDERS * LESSORS;
  const need = Int32Array.from(draw(ORDERS, 1, 3));
  const request = Float64Array.from(isLiteral ? [] : draw(ORDERS * dimensions, 0, 4));
  const capacity = Float64Array.from(draw(LESSORS * dimensions, 1, 9));
  const most = new Int32Array(pairs).fill(1);
  for (let e = 0; !isLiteral && e < pairs; e++) {
    const [i, j] = [Math.floor(e / LESSORS), e % LESSORS];
    most[e] = need[i]!;
    for (let d = 0; d < dimensions; d++) {
      const each = request[i * dimensions + d]!;
      const has = capacity[j * dimensions + d]!;
      if (each > 0) most[e] = Math.min(most[e]!, Math.floor(has / each));
    }
  }
  return {
    form,
    orders: ORDERS,
    lessors: LESSORS,
    dimensions,
    first: Int32Array.from({ length: ORDERS + 1 }, (_, i) => i * LESSORS),
    lessor: Int32Array.from({ length: pairs }, (_, e) => e % LESSORS),
    need,
    least: need.map((count) => (isLiteral ? count : 1 + random.below(count))),
    penalty: Float64Array.from(need, (count) => count * random.below(60)),
    budget: Float64Array.from(need, () => (random.below(2) ? Infinity : random.below(80))),
    lessorsMost: Int32Array.from(draw(ORDERS, 1, 3)),
    request,
    capacity,
    weight: Int32Array.from(isLiteral ? draw(pairs, 1, 4) : []),
    unitCost: Float64Array.from(draw(pairs, 0, 30)),
    fixedCost: Float64Array.from(draw(pairs, 0, isLiteral ? 0 : 9)),
    most,
  };
}

/** The least cost of all answers, by trying them. */
export function leastCost(instance: JointInstance): number {
  const units = new Int32Array(instance.lessor.length);
  let best = Infinity;
  const descend = (e: number): void => {
    if (e < units.length) {
      for (units[e] = 0; units[e]! <= instance.most[e]!; units[e]!++) descend(e + 1);
      units[e] = 0;
      return;
    }
    const cost = costOf(instance, units);
    if (cost < best && !checkAnswer(instance, { units, cost, lowerBound: -1 })) best = cost;
  };
  descend(0);
  return best;
}

/** One programme of several that share nothing. */
export function sideBySide(parts: readonly JointInstance[]): JointInstance {
  const [head] = parts as [JointInstance];
  const first = [0];
  const lessor: number[] = [];
  let lessors = 0;
  for (const part of parts) {
    const from = lessor.length;
    for (const j of part.lessor) lessor.push(lessors + j);
    for (const offset of part.first.subarray(1)) first.push(from + offset);
    lessors += part.lessors;
  }
  const orders = first.length - 1;
  const ints = (of: (part: JointInstance) => Int32Array) =>
    Int32Array.from(parts.flatMap((part) => [...of(part)]));
  const floats = (of: (part: JointInstance) => Float64Array) =>
    Float64Array.from(parts.flatMap((part) => [...of(part)]));
  return {
    form: head.form,
    orders,
    lessors,
    dimensions: head.dimensions,
    first: Int32Array.from(first),
    lessor: Int32Array.from(lessor),
    need: ints(({ need }) => need),
    least: ints(({ least }) => least),
    penalty: floats(({ penalty }) => penalty),
    budget: floats(({ budget }) => budget),
    lessorsMost: ints(({ lessorsMost }) => lessorsMost),
    request: floats(({ request }) => request),
    capacity: floats(({ capacity }) => capacity),
    weight: ints(({ weight }) => weight),
    unitCost: floats(({ unitCost }) => unitCost),
    fixedCost: floats(({ fixedCost }) => fixedCost),
    most: ints(({ most }) => most),
  };
}
