/** The search for an answer: settle all orders along the prices, then improve it by chains and shakes. */
import type { JointBound, JointCertificate } from './bound.ts';
import { type Progress, progressOf, SeededRandom } from './budget.ts';
import type { Bundles } from './bundle.ts';
import { Chains } from './chains.ts';
import { dive, openOrders } from './dive.ts';
import { placeIfFits } from './fits.ts';
import { Improvement, type ImprovementParts } from './improve.ts';
import type { Columns, JointInstance } from './instance.ts';
import { keepBetter } from './keep-better.ts';
import type { JointOptions } from './options.ts';
import { paceOf } from './pace.ts';
import type { PairPrices } from './pair-prices.ts';
import { Serving } from './serve.ts';
import type { JointState } from './state.ts';
import { hasFewChanges, marked, nearOf } from './warm.ts';

/** Share of the time after which the first answer must stand. */
const DIVE_SHARE = 0.72;
/** Programmes with fewer orders are annealed all the time. */
const CHAINS_ORDERS_LEAST = 15;
const MOVES_PER_ORDER = 60;
const BATCH = 32;
/** Between two settlings by chains: moves of annealing for each order, at least so many. */
const SHAKE = { moves: 0.6, least: 96 };
/** Temperatures as shares of what an order costs on the mean. */
const WARMTH = { first: 0.006, last: 0.0005 };
const WARMTH_SMALL = { first: 0.15, last: 0.003 };
/** Around an answer known before; times that annealing begins anew, each for as long. */
const WARMTH_KNOWN = { first: 0.02, last: 0.0005 };
const CYCLES_KNOWN = 4;

export interface SearchParts {
  columns: Columns;
  levels: Int32Array;
  bundles: Bundles;
  state: JointState;
  limit: Int32Array;
  prices: PairPrices;
  certificate: JointCertificate;
  bound: JointBound;
}

export function search(
  parts: SearchParts,
  options: JointOptions,
): { units: Int32Array; moves: number } {
  const { columns, levels, bundles, state, limit, prices, bound } = parts;
  const reference = parts.certificate.pairPrices;
  const { instance } = state;
  const random = new SeededRandom(options.seed);
  const serving = new Serving(instance, { levels, bundles, price: prices.price, random });
  limit.fill(0);
  const { start, warm } = options;
  const known = start ?? warm?.units;
  if (known) {
    for (let i = 0; i < instance.orders; i++) {
      placeIfFits(state, i, known.subarray(instance.first[i]!, instance.first[i + 1]!));
    }
  } else {
    openOrders(state, prices, limit, unserved(state));
    const { pace, timeIsUp } = paceOf(options, DIVE_SHARE);
    dive({ state, prices, serving, limit }, pace, timeIsUp);
    prices.price.set(reference);
  }
  for (const i of unserved(state)) {
    serving.within(state, i, 0);
    state.place(i, serving.units);
  }
  const value = bound.orderValue;
  const own = { columns, levels, state, serving, random, value, reference };
  const progress = progressOf(options, {
    iterationsDefault: MOVES_PER_ORDER * instance.orders,
    cycleShare: 1,
    firstCycle: 16 * instance.orders,
  });
  prices.price.set(reference);
  const goal = { lowerBound: bound.lowerBound, mean: meanCost(bound, instance) };
  if (instance.orders < CHAINS_ORDERS_LEAST) {
    const annealing = { warmth: WARMTH_SMALL, cycles: 1 };
    return { units: state.units, moves: annealInCycles(own, progress, goal, annealing) };
  }
  // In rounds of a hub, whose penalties differ by orders of magnitude, chains fill fewer orders.
  if (start) {
    const annealing = { warmth: WARMTH_KNOWN, cycles: CYCLES_KNOWN };
    return { units: state.units, moves: annealInCycles(own, progress, goal, annealing) };
  }
  const chains = new Chains(own);
  const all = Int32Array.from({ length: instance.orders }, (_, i) => i);
  const isUp = (): boolean => progress.share(chains.moves) >= 1;
  if (warm && hasFewChanges(instance, warm)) {
    chains.settle(marked(nearOf(instance, columns, warm)), isUp);
  }
  chains.settle(all, isUp);
  return { units: state.units, moves: shake(own, chains, progress, goal) };
}

function unserved({ instance, cost }: JointState): Int32Array {
  const orders: number[] = [];
  for (let i = 0; i < instance.orders; i++) {
    if (cost[i] === instance.penalty[i]) orders.push(i);
  }
  return Int32Array.from(orders);
}

function meanCost({ lowerBound }: JointBound, { orders }: JointInstance): number {
  return Math.max(1, lowerBound / Math.max(1, orders));
}

/** Changes the orders whose units are others. */
function restore(state: JointState, units: Int32Array): void {
  const { orders, first } = state.instance;
  for (let i = 0; i < orders; i++) {
    const end = first[i + 1]!;
    let e = first[i]!;
    while (e < end && state.units[e] === units[e]) e++;
    if (e === end) continue;
    state.mark();
    state.place(i, units.subarray(first[i]!, end));
  }
}

interface Goal {
  /** Nothing costs less. */
  lowerBound: number;
  /** What an order costs on the mean, at least. */
  mean: number;
}

/**
 * Anneals a little, lets chains settle what that has stirred, and takes back what became dearer, group
 * by group; until the progress ends or the bound is reached. Returns all moves, those of the chains
 * included.
 */
function shake(
  own: ImprovementParts,
  chains: Chains,
  progress: Progress,
  { lowerBound, mean }: Goal,
): number {
  const { state, columns } = own;
  const most = Math.max(SHAKE.least, SHAKE.moves * state.instance.orders);
  let moves = 0;
  const share = (more: number): number => progress.share(chains.moves + moves + more);
  const isUp = (): boolean => share(0) >= 1;
  while (state.total > lowerBound && !isUp()) {
    const before = state.units.slice();
    const improvement = new Improvement(own);
    while (improvement.moves < most && share(improvement.moves) < 1) {
      improvement.anneal(BATCH, mean * warmthAt(WARMTH, improvement.moves / most));
      if (improvement.bestTotal <= lowerBound) break;
    }
    moves += improvement.moves;
    const { best, bestTotal } = improvement;
    chains.goOn(isUp);
    keepBetter(state, columns, before);
    if (bestTotal < state.total) restore(state, best);
  }
  return chains.moves + moves;
}

/**
 * Until the progress ends or the bound is reached; what a cycle made dearer becomes what it was, group
 * by group. Returns the moves made.
 */
function annealInCycles(
  own: ImprovementParts,
  progress: Progress,
  { lowerBound, mean }: Goal,
  { warmth, cycles }: { warmth: { first: number; last: number }; cycles: number },
): number {
  const { state, columns } = own;
  let moves = 0;
  for (let cycle = 0; state.total > lowerBound; cycle++) {
    const from = progress.share(moves);
    if (from >= 1) break;
    const end = progress.cycleEnd(from, cycle);
    const until = from + (end - from) / Math.max(1, cycles - cycle);
    const before = state.units.slice();
    const improvement = new Improvement(own);
    for (let now = from; now < until; now = progress.share(moves + improvement.moves)) {
      improvement.anneal(BATCH, mean * warmthAt(warmth, (now - from) / (until - from)));
      if (improvement.bestTotal <= lowerBound) break;
    }
    moves += improvement.moves;
    restore(state, improvement.best);
    keepBetter(state, columns, before);
  }
  return moves;
}

function warmthAt({ first, last }: { first: number; last: number }, share: number): number {
  return first * (last / first) ** share;
}
