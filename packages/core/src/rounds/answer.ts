/** Lays a solver's answer into lots and devices, and takes it only if it is better and sound. */
import { checkAnswer } from '../joint/checker.ts';
import { checkFilled } from './checker.ts';
import type { Compiled } from './compile.ts';
import { type Filled, Filling, type Held } from './filling.ts';
import { unitsOf, weightOf } from './instance.ts';
import type { RoundOrder } from './market.ts';
import { merged } from './merge.ts';

/** What a solver says, from wherever it runs: taken for nobody's word until it is checked. */
export interface SolverAnswer {
  /** Units per pair of the instance. */
  units: Int32Array;
  /** In the instance's own numbers. */
  cost: number;
  lowerBound: number;
  /** Per lot and dimension, cost per unit of capacity: shadow prices. */
  lessorPrices: Float64Array;
  iterations: number;
}

export interface Answered {
  filled: Filled;
  used: 'joint' | 'alone';
  /** Why the solver's answer counts for nothing; null when it is sound or there is none. */
  fault: string | null;
}

const CHOICES_PER_WORK = 8;

/**
 * The better of the joint answer and of one by one, on the same lots, group by group of orders that
 * share lots; each is checked before it may be used, the joint one twice: as an answer of the
 * programme, and as laid out.
 *
 * @throws when one by one is not sound either: nothing may be signed then.
 */
export function* answerOf(
  compiled: Compiled,
  answer: SolverAnswer | null,
): Generator<number, Answered> {
  const { round, alone, programme } = compiled;
  const aloneFault = checkFilled(round, alone);
  if (aloneFault !== undefined) throw new Error(`broken invariant: single matching: ${aloneFault}`);
  yield round.orders.length;
  if (!answer) return { filled: alone, used: 'alone', fault: null };
  const fault = Number.isFinite(answer.lowerBound)
    ? checkAnswer(programme.instance, answer)
    : { kind: 'bound', index: 0, detail: String(answer.lowerBound) };
  yield programme.instance.lessor.length / CHOICES_PER_WORK;
  if (fault) {
    return { filled: alone, used: 'alone', fault: `${fault.kind} ${fault.index}: ${fault.detail}` };
  }
  const filling = new Filling(round);
  for (const { order, wish, replicas, held } of wantedOf(compiled, answer.units)) {
    if (held) filling.keep(order, held);
    else filling.give(order, wish, replicas);
    yield 1;
  }
  for (const [i, { lot }] of round.wishes.entries()) {
    if (!filling.isSound(i)) filling.clear(i);
    yield 1 + lot.length / CHOICES_PER_WORK;
  }
  for (const [i, { lot }] of round.wishes.entries()) {
    filling.serve(i);
    yield 1 + lot.length / CHOICES_PER_WORK;
  }
  const other = filling.result();
  yield round.orders.length;
  const { filled: joint, taken } = merged(round, alone, other, (group) =>
    isBetter(round.orders, { group, joint: other, alone }),
  );
  const unsound = checkFilled(round, joint);
  yield round.orders.length;
  if (unsound !== undefined) return { filled: alone, used: 'alone', fault: unsound };
  return { filled: joint, used: taken > 0 ? 'joint' : 'alone', fault: null };
}

interface Wanted {
  order: number;
  wish: number;
  replicas: number;
  /** What the order has there one by one, where the whole lot stays as it is. */
  held: Held | undefined;
}

/** Lots that stay as they are, then whole devices, then large shares: small ones fit in anywhere. */
function wantedOf({ round, alone, programme }: Compiled, units: Int32Array): Wanted[] {
  const { first, lessor } = programme.instance;
  const before = unitsOf(programme.instance, alone);
  const isChanged = new Uint8Array(round.lots.length);
  for (const [e, lot] of lessor.entries()) if (units[e] !== before[e]) isChanged[lot] = 1;
  const wanted: Wanted[] = [];
  for (const order of round.orders.keys()) {
    const from = first[order] as number;
    for (let e = from; e < (first[order + 1] as number); e += 1) {
      const replicas = units[e] as number;
      if (replicas === 0) continue;
      const wish = e - from;
      const isKept = isChanged[lessor[e] as number] === 0;
      const held = isKept ? alone.held[order]?.find((one) => one.wish === wish) : undefined;
      wanted.push({ order, wish, replicas, held });
    }
  }
  const sizes = round.orders.map(({ order: { replica } }) =>
    replica.device ? replica.device.count * replica.device.shareMilli : 0,
  );
  return wanted.sort(
    (a, b) =>
      (b.held ? 1 : 0) - (a.held ? 1 : 0) ||
      (sizes[b.order] as number) - (sizes[a.order] as number) ||
      a.order - b.order,
  );
}

/**
 * Nobody of the group who got something one by one gets less; together these pay no more, as their
 * priorities see it; and something is gained: orders, replicas, or cost.
 */
function isBetter(
  orders: readonly RoundOrder[],
  { group, joint, alone }: { group: readonly number[]; joint: Filled; alone: Filled },
): boolean {
  let [gained, saved] = [0, 0];
  for (const i of group) {
    const before = alone.replicas[i] as number;
    const after = joint.replicas[i] as number;
    if (after < before) return false;
    if (before === 0) gained += after > 0 ? weightOf(orders[i] as RoundOrder) : 0;
    else {
      gained += after - before;
      saved += ((alone.preference[i] as number) - (joint.preference[i] as number)) * before;
    }
  }
  return saved >= 0 && (gained > 0 || saved > 0);
}
