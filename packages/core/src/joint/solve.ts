/** Solves a joint programme: prices prove a bound and guide the search; the gap lies between. */

import { type JointCertificate, jointBound, roundCertificate } from './bound.ts';
import type { Bundles } from './bundle.ts';
import { bundlesOf } from './bundles-of.ts';
import { solveParts } from './exact-parts.ts';
import { type Columns, columnsOf, type JointInstance } from './instance.ts';
import { lessorPrices, pairPricesOf } from './lessor-prices.ts';
import { LessorSide } from './lessor-side.ts';
import { levelsOf } from './levels.ts';
import { fillFirst } from './objective.ts';
import type { JointOptions } from './options.ts';
import { PairPrices } from './pair-prices.ts';
import { reasonOf, type Unfilled, unfilledOf } from './reasons.ts';
import { search } from './search.ts';
import { JointState } from './state.ts';
import { uncontested } from './uncontested.ts';
import { hasFewChanges, marked, nearOf } from './warm.ts';

export type { JointOptions };

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
const LESSOR_ROUNDS = 60;
const LESSOR_SHARE = 0.05;
const PAIR_ROUNDS = { practical: 400, literal: 800 };
const PAIR_SHARE = 0.5;
/** With an answer to start from there is more to gain in improving it. */
const KNOWN_PAIR_SHARE = 0.25;
const PAIR_ROUNDS_COUNTED = 200;
/** How far above the first bound the optimum may lie, as a share of it. */
const LIFT = { practical: 0.5, literal: 1 };
/** From prices of before; when few orders have changed, first of these alone, then of those near. */
const WARM_PAIRS = { rounds: 15, lift: 0.01 };
const CHANGED_PAIRS = { rounds: 40, lift: 0.5, share: 0.12 };
const NEAR_PAIRS = { rounds: 30, lift: 0.06 };
/** Size of a lessor's search tree. */
const NODES_MOST = 4000;

export function solveJoint(given: JointInstance, options: JointOptions): JointResult {
  const instance = options.objective === 'fill-first' ? (fillFirst(given) ?? given) : given;
  const columns = columnsOf(instance);
  const levels = levelsOf(instance);
  const bundles = bundlesOf(instance, levels);
  const alone = uncontested(instance, columns, bundles);
  if (alone) {
    const certificate = {
      pairPrices: new Float64Array(levels[levels.length - 1]!),
      lessorPrices: new Float64Array(instance.capacity.length),
    };
    const found = { units: alone.units, lowerBound: alone.cost, certificate, moves: 0 };
    return resultOf(instance, { columns, bundles }, found);
  }
  const state = new JointState(instance, columns);
  const limit = instance.most.slice();
  const prices = priced(instance, { columns, levels, bundles, room: state.room, limit }, options);
  const before = options.timeShare?.() ?? 0;
  const certificate = roundCertificate(instance, prices.certificate);
  const bound = jointBound(instance, certificate, columns);
  // Putting the result together takes about as long as proving its bound.
  const rest = endingBefore(options, (options.timeShare?.() ?? 0) - before);
  const found = search(
    { columns, levels, bundles, state, limit, prices: prices.pairs, certificate, bound },
    rest,
  );
  const answer = options.exact
    ? solveParts(instance, columns, bound, found.units, options.exact)
    : { units: found.units, lowerBound: bound.lowerBound };
  return resultOf(instance, { columns, bundles }, { ...answer, certificate, moves: found.moves });
}

/** Prices of all orders and lessors, from those of the round before or from none. */
function priced(
  instance: JointInstance,
  parts: {
    columns: Columns;
    levels: Int32Array;
    bundles: Bundles;
    room: Float64Array;
    limit: Int32Array;
  },
  { timeShare, timeIsUp, warm, start: known }: JointOptions,
): { pairs: PairPrices; certificate: JointCertificate } {
  const { columns, levels, bundles, room, limit } = parts;
  const upAt = (share: number) => () =>
    timeIsUp?.() === true || (timeShare !== undefined && timeShare() >= share);
  const lessorSide = lessorPrices(instance, levels, bundles, {
    rounds: warm ? 1 : LESSOR_ROUNDS,
    ...(warm && { start: warm.certificate.lessorPrices }),
    timeIsUp: upAt(LESSOR_SHARE),
  });
  const capacityPrice = lessorSide.price.slice();
  const lessors = new LessorSide(instance, columns, levels, {
    room,
    limit,
    capacityPrice,
    nodesMost: NODES_MOST,
  });
  const start =
    warm?.certificate.pairPrices.slice() ?? pairPricesOf(instance, levels, lessorSide.price);
  const pairs = new PairPrices(instance, { columns, levels, bundles, lessors, limit }, start);
  // All limits stand: what is not taken only keeps its prices.
  const isNear = warm !== undefined && hasFewChanges(instance, warm);
  if (isNear) {
    // Prices for them are only guessed, and those of the others would follow the guess.
    pairs.take(warm.changed);
    pairs.improve({ ...CHANGED_PAIRS, timeIsUp: upAt(CHANGED_PAIRS.share) });
  }
  pairs.take(
    marked(warm ? nearOf(instance, columns, warm) : new Uint8Array(instance.orders).fill(1)),
  );
  const rounds = timeShare ? PAIR_ROUNDS[instance.form] : PAIR_ROUNDS_COUNTED;
  const share = warm || known ? KNOWN_PAIR_SHARE : PAIR_SHARE;
  const cold = { rounds, lift: LIFT[instance.form] };
  pairs.improve({
    ...(isNear ? NEAR_PAIRS : warm ? WARM_PAIRS : cold),
    timeIsUp: upAt(share),
    ...(timeShare && { timeShare: () => Math.min(1, timeShare() / share) }),
  });
  const certificate = { pairPrices: pairs.price, lessorPrices: capacityPrice.slice() };
  return { pairs, certificate };
}

/** The same budget, over this share of the time earlier. */
function endingBefore(options: JointOptions, reserve: number): JointOptions {
  const { timeShare } = options;
  if (!timeShare) return options;
  const share = (): number => Math.min(1, timeShare() / (1 - Math.min(0.5, reserve)));
  return {
    ...options,
    timeShare: share,
    timeIsUp: () => options.timeIsUp?.() === true || share() >= 1,
  };
}

function resultOf(
  instance: JointInstance,
  parts: { columns: Columns; bundles: Bundles },
  found: {
    units: Int32Array;
    lowerBound: number;
    certificate: JointCertificate;
    moves: number;
  },
): JointResult {
  const { units, lowerBound, certificate } = found;
  const { columns, bundles } = parts;
  const state = new JointState(instance, columns);
  for (let i = 0; i < instance.orders; i++) {
    state.mark();
    state.place(i, units.subarray(instance.first[i]!, instance.first[i + 1]!) as Int32Array);
  }
  const terms = { surcharge: new Float64Array(0), share: 0, perLessor: 0 };
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
