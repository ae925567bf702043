/** The search for an answer: settle all orders along the prices, then improve it part by part. */
import type { JointBound, JointCertificate } from './bound.ts';
import { type Progress, progressOf, SeededRandom } from './budget.ts';
import type { Bundles } from './bundle.ts';
import { dive, openOrders } from './dive.ts';
import { placeIfFits } from './fits.ts';
import { Improvement, type ImprovementParts } from './improve.ts';
import type { Columns, JointInstance } from './instance.ts';
import { keepBetter } from './keep-better.ts';
import type { JointOptions } from './options.ts';
import { paceOf } from './pace.ts';
import type { PairPrices } from './pair-prices.ts';
import { Refinement } from './refine.ts';
import { Serving } from './serve.ts';
import type { JointState } from './state.ts';
import { hasFewChanges } from './warm.ts';

/** Share of the time after which the first answer must stand, and after which parts are left. */
const DIVE_SHARE = 0.72;
const REFINE_SHARE = 0.86;
/** Programmes with more orders go straight to annealing: parts would reach too few of them. */
const REFINE_ORDERS_MOST = 20_000;
const PART = { least: 15, more: 50 };
/** What settling an order anew counts as, in moves of the annealing. */
const MOVES_PER_SETTLED = 100;
const MOVES_PER_ORDER = 60;
const BATCH = 32;
/** Times that annealing begins anew from the best of before, each for as long. */
const CYCLES = 4;
/** Temperatures as shares of what an order costs on the mean. */
const WARMTH = { first: 0.02, last: 0.0005 };
/**
 * What is new in a warm start is first given a place by annealing from it alone: moves for each
 * changed order, share of the time at most, and only when few orders have changed.
 */
const ARRIVAL = { moves: 400, share: 0.4 };
const WARMTH_ARRIVAL = { first: 0.005, last: 0.0005 };
/** For programmes too small to be improved part by part. */
const WARMTH_SMALL = { first: 0.15, last: 0.003 };

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
  const refinement = new Refinement({ ...own, prices, limit });
  const progress = progressOf(options, {
    iterationsDefault: MOVES_PER_ORDER * instance.orders,
    cycleShare: 1,
    firstCycle: 16 * instance.orders,
  });
  let moves = 0;
  if (warm && hasFewChanges(instance, warm)) {
    prices.price.set(reference);
    const arrival = new Improvement(own, warm.changed);
    settleArrivals(arrival, progress, {
      arrivals: warm.changed.length,
      mean: meanCost(bound, instance),
    });
    moves = arrival.moves;
    restore(state, arrival.best);
  }
  const isUp = (): boolean => options.timeIsUp?.() === true;
  const isSmall = instance.orders < PART.least;
  // Around a known answer annealing alone finds more in the same time.
  const hasParts = !isSmall && !known && instance.orders <= REFINE_ORDERS_MOST;
  while (hasParts && state.total > bound.lowerBound && progress.share(moves) < REFINE_SHARE) {
    const size = PART.least + random.below(PART.more);
    moves += MOVES_PER_SETTLED * refinement.step(size, isUp);
  }
  prices.price.set(reference);
  moves += annealInCycles(own, progress, {
    ...(isSmall ? { warmth: WARMTH_SMALL, cycles: 1 } : { warmth: WARMTH, cycles: CYCLES }),
    moves,
    lowerBound: bound.lowerBound,
    mean: meanCost(bound, instance),
  });
  return { units: state.units, moves };
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

function settleArrivals(
  arrival: Improvement,
  progress: Progress,
  { arrivals, mean }: { arrivals: number; mean: number },
): void {
  const { first, last } = WARMTH_ARRIVAL;
  const most = ARRIVAL.moves * arrivals;
  const from = progress.share(0);
  const until = from + ARRIVAL.share * (1 - from);
  for (let share = from; arrival.moves < most; share = progress.share(arrival.moves)) {
    // With no time left there is nothing to divide by either.
    if (share >= until) break;
    const at = Math.max(arrival.moves / most, (share - from) / (until - from));
    arrival.anneal(BATCH, mean * first * (last / first) ** at);
  }
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

/**
 * Until the progress ends or the bound is reached. Warmth costs something wherever nothing better is
 * found: what a cycle made dearer becomes what it was, group by group. Returns the moves made.
 */
function annealInCycles(
  own: ImprovementParts,
  progress: Progress,
  options: {
    warmth: { first: number; last: number };
    cycles: number;
    moves: number;
    lowerBound: number;
    mean: number;
  },
): number {
  const { state, columns } = own;
  const { warmth, cycles, lowerBound, mean } = options;
  let moves = 0;
  const share = (more: number): number => progress.share(options.moves + moves + more);
  for (let cycle = 0; state.total > lowerBound; cycle++) {
    const from = share(0);
    if (from >= 1) break;
    const end = progress.cycleEnd(from, cycle);
    const until = from + (end - from) / Math.max(1, cycles - cycle);
    const before = state.units.slice();
    const improvement = new Improvement(own);
    for (let now = from; now < until; now = share(improvement.moves)) {
      const at = (now - from) / (until - from);
      improvement.anneal(BATCH, mean * warmth.first * (warmth.last / warmth.first) ** at);
      if (improvement.bestTotal <= lowerBound) break;
    }
    moves += improvement.moves;
    restore(state, improvement.best);
    keepBetter(state, columns, before);
  }
  return moves;
}
