/** Solves a joint programme: bound by prices, answer by price-guided search, gap between them. */

import { type JointBound, type JointCertificate, jointBound, roundCertificate } from './bound.ts';
import { progressOf, SeededRandom, type SolveBudget } from './budget.ts';
import type { Bundles } from './bundle.ts';
import { bundlesOf } from './bundles-of.ts';
import { type Exact, solveParts } from './exact-parts.ts';
import { Improvement } from './improve.ts';
import { type Columns, columnsOf, type JointInstance } from './instance.ts';
import { lessorPrices, pairPrices } from './lessor-prices.ts';
import { LessorSide } from './lessor-side.ts';
import { fillFirst, type Objective } from './objective.ts';
import { improvePairPrices } from './pair-prices.ts';
import { reasonOf, type Unfilled, unfilledOf } from './reasons.ts';
import { Serving } from './serve.ts';
import { JointState } from './state.ts';
import { focusOf, type Warm } from './warm.ts';

export interface JointOptions extends SolveBudget {
  objective?: Objective;
  /** Prices and units of an earlier round, in this instance's numbering. */
  warm?: Warm;
  /** Solves small components to the end; the hub's worker threads provide it. */
  exact?: Exact;
}

export interface JointResult {
  readonly status: 'optimal' | 'feasible';
  /** Units per pair. */
  readonly units: Int32Array;
  /** Of the objective chosen: for `fill-first` with its own penalties. */
  readonly cost: number;
  /** The same without penalties: what the orders pay. */
  readonly paid: number;
  readonly lowerBound: number;
  /** `(cost - lowerBound) / cost`. */
  readonly gap: number;
  /** Orders with at least one unit. */
  readonly filled: number;
  readonly unfilled: readonly Unfilled[];
  /** Proves `lowerBound`, unless `exact` proved more. */
  readonly certificate: JointCertificate;
  readonly iterations: number;
}

/** Prices: rounds, and the share of the time after which the next stage begins. */
const LESSOR_ROUNDS = 150;
const LESSOR_SHARE = 0.12;
const PAIR_ROUNDS = 400;
const PAIR_SHARE = 0.4;
const PAIR_ROUNDS_COUNTED = 100;
const WARM_PAIR_ROUNDS = 15;
const MOVES_PER_ORDER = 60;
const BATCH = 32;
/** Temperatures as shares of what an order costs on the mean. */
const WARMTH = { first: 0.15, last: 0.003 };
const WARMTH_FOCUSED = { first: 0.02, last: 0.001 };

export function solveJoint(given: JointInstance, options: JointOptions): JointResult {
  const instance = options.objective === 'fill-first' ? (fillFirst(given) ?? given) : given;
  const columns = columnsOf(instance);
  const bundles = bundlesOf(instance);
  const alone = uncontested(instance, columns, bundles);
  if (alone.units) {
    const certificate = {
      pairPrices: new Float64Array(instance.lessor.length),
      lessorPrices: new Float64Array(instance.capacity.length),
    };
    return resultOf(instance, {
      units: alone.units,
      lowerBound: alone.cost,
      certificate,
      moves: 0,
    });
  }
  const certificate = priced(instance, columns, bundles, options);
  const bound = jointBound(instance, certificate, columns);
  const found = search(instance, columns, bundles, certificate, bound, alone.cost, options);
  const parts = options.exact
    ? solveParts(instance, columns, bound, found.units, options.exact)
    : { units: found.units, lowerBound: bound.lowerBound };
  return resultOf(instance, { ...parts, certificate, moves: found.moves });
}

/** Everyone's own best; with `units` when that fits together, which makes it the optimum. */
function uncontested(
  instance: JointInstance,
  columns: Columns,
  bundles: Bundles,
): { cost: number; units?: Int32Array } {
  const none = new Float64Array(instance.lessor.length);
  const state = new JointState(instance, columns);
  const serving = new Serving(instance, bundles, none, new SeededRandom(0));
  const terms = { surcharge: none, share: 0, perLessor: 0 };
  let cost = 0;
  for (let i = 0; i < instance.orders; i++) {
    cost += bundles.cheapest(i, terms);
    serving.alone(i, 0);
    state.mark();
    state.place(i, serving.units);
  }
  if (state.total !== cost || state.room.some((room) => room < 0)) return { cost };
  return { cost, units: state.units };
}

function priced(
  instance: JointInstance,
  columns: Columns,
  bundles: Bundles,
  options: JointOptions,
): JointCertificate {
  const { timeShare, warm } = options;
  const upAt = (share: number) => () =>
    options.timeIsUp?.() === true || (timeShare !== undefined && timeShare() >= share);
  const isCounted = timeShare === undefined;
  const lessorSide = lessorPrices(instance, bundles, {
    rounds: warm ? 1 : LESSOR_ROUNDS,
    ...(warm && { start: warm.certificate.lessorPrices }),
    timeIsUp: upAt(LESSOR_SHARE),
  });
  const start =
    warm?.certificate.pairPrices ??
    pairPrices(instance, lessorSide.price, new Float64Array(instance.lessor.length));
  const sides = { bundles, lessors: new LessorSide(instance, columns) };
  const rounds = isCounted ? PAIR_ROUNDS_COUNTED : PAIR_ROUNDS;
  const pairSide = improvePairPrices(instance, columns, sides, {
    start,
    capacityPrice: lessorSide.price,
    rounds: warm ? WARM_PAIR_ROUNDS : rounds,
    timeIsUp: upAt(PAIR_SHARE),
    lift: warm ? 0.001 : 0.02,
  });
  return roundCertificate(instance, {
    pairPrices: pairSide.price,
    lessorPrices: lessorSide.price,
  });
}

function search(
  instance: JointInstance,
  columns: Columns,
  bundles: Bundles,
  certificate: JointCertificate,
  bound: JointBound,
  costAlone: number,
  options: JointOptions,
): { units: Int32Array; moves: number } {
  const random = new SeededRandom(options.seed);
  const serving = new Serving(instance, bundles, certificate.pairPrices, random);
  const state = new JointState(instance, columns);
  const focus = options.warm && focusOf(instance, columns, options.warm, state);
  insertAll(instance, state, serving, bound);
  const value = bound.orderValue;
  const improvement = new Improvement({ columns, state, serving, random, value }, focus);
  const mean = costAlone / Math.max(1, instance.orders);
  const warmth = focus ? WARMTH_FOCUSED : WARMTH;
  const progress = progressOf(options, {
    iterationsDefault: MOVES_PER_ORDER * (focus?.length ?? instance.orders),
    cycleShare: 1,
    firstCycle: 16 * instance.orders,
  });
  for (let cycle = 0; improvement.bestTotal > bound.lowerBound; cycle++) {
    const from = progress.share(improvement.moves);
    if (from >= 1) break;
    const until = progress.cycleEnd(from, cycle);
    for (let now = from; now < until; now = progress.share(improvement.moves)) {
      const at = (now - from) / (until - from);
      improvement.anneal(BATCH, mean * warmth.first * (warmth.last / warmth.first) ** at);
      if (improvement.bestTotal <= bound.lowerBound) break;
    }
  }
  return { units: improvement.best, moves: improvement.moves };
}

/** Serves every order that has nothing, those that lose most by waiting first. */
function insertAll(
  instance: JointInstance,
  state: JointState,
  serving: Serving,
  { orderValue }: JointBound,
): void {
  const { penalty, first } = instance;
  const waiting: number[] = [];
  for (let i = 0; i < instance.orders; i++) {
    let isServed = false;
    for (let e = first[i]!; e < first[i + 1]! && !isServed; e++) isServed = state.units[e]! > 0;
    if (!isServed) waiting.push(i);
  }
  const loss = (i: number): number => penalty[i]! - orderValue[i]!;
  waiting.sort((a, b) => loss(b) - loss(a) || a - b);
  for (const i of waiting) {
    serving.within(state, i, 1);
    state.mark();
    state.place(i, serving.units);
  }
}

function resultOf(
  instance: JointInstance,
  found: {
    units: Int32Array;
    lowerBound: number;
    certificate: JointCertificate;
    moves: number;
  },
): JointResult {
  const { units, lowerBound, certificate } = found;
  const columns = columnsOf(instance);
  const state = new JointState(instance, columns);
  for (let i = 0; i < instance.orders; i++) {
    state.mark();
    state.place(i, units.subarray(instance.first[i]!, instance.first[i + 1]!) as Int32Array);
  }
  const bundles = bundlesOf(instance);
  const terms = { surcharge: new Float64Array(units.length), share: 0, perLessor: 0 };
  const alone = (order: number): number => bundles.cheapest(order, terms);
  const unfilled = unfilledOf(state).map((order) => ({
    order,
    code: reasonOf(instance, order, alone),
  }));
  let paid = 0;
  for (let e = 0; e < units.length; e++) {
    if (units[e]! > 0) paid += units[e]! * instance.unitCost[e]! + instance.fixedCost[e]!;
  }
  const cost = state.total;
  const gap = cost === lowerBound ? 0 : (cost - lowerBound) / Math.max(1, Math.abs(cost));
  return {
    status: gap === 0 ? 'optimal' : 'feasible',
    units,
    cost,
    paid,
    lowerBound,
    gap,
    filled: instance.orders - unfilled.length,
    unfilled,
    certificate,
    iterations: found.moves,
  };
}
