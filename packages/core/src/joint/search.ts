/** The search for an answer: settle all orders along the prices, then improve it part by part. */
import type { JointBound, JointCertificate } from './bound.ts';
import { type Progress, progressOf, SeededRandom } from './budget.ts';
import type { Bundles } from './bundle.ts';
import { dive, openOrders } from './dive.ts';
import { Improvement } from './improve.ts';
import type { Columns } from './instance.ts';
import type { JointOptions } from './options.ts';
import { paceOf } from './pace.ts';
import type { PairPrices } from './pair-prices.ts';
import { Refinement } from './refine.ts';
import { Serving } from './serve.ts';
import type { JointState } from './state.ts';
import { focusOf } from './warm.ts';

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
/** Temperatures as shares of what an order costs on the mean. */
const WARMTH = { first: 0.02, last: 0.0005 };
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
  const focus = options.warm && focusOf(instance, columns, options.warm, state);
  limit.fill(0);
  if (!options.warm) {
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
  const own = { columns, state, serving, random, value };
  const refinement = new Refinement({ ...own, prices, limit, reference }, focus);
  const progress = progressOf(options, {
    iterationsDefault: MOVES_PER_ORDER * (focus?.length ?? instance.orders),
    cycleShare: 1,
    firstCycle: 16 * instance.orders,
  });
  let moves = 0;
  const isUp = (): boolean => options.timeIsUp?.() === true;
  let steps = 0;
  const isSmall = instance.orders < PART.least;
  const hasParts = !isSmall && instance.orders <= REFINE_ORDERS_MOST;
  while (hasParts && state.total > bound.lowerBound && progress.share(moves) < REFINE_SHARE) {
    const size = PART.least + random.below(PART.more);
    // What is new comes first, then what loses most.
    const seed = options.warm?.changed[steps++];
    moves += MOVES_PER_SETTLED * refinement.step(size, isUp, seed);
  }
  prices.price.set(reference);
  const improvement = new Improvement(own, focus);
  const warmth = isSmall ? WARMTH_SMALL : WARMTH;
  anneal(improvement, progress, warmth, {
    moves,
    lowerBound: bound.lowerBound,
    orders: instance.orders,
  });
  return { units: improvement.best, moves: moves + improvement.moves };
}

function unserved({ instance, cost }: JointState): Int32Array {
  const orders: number[] = [];
  for (let i = 0; i < instance.orders; i++) {
    if (cost[i] === instance.penalty[i]) orders.push(i);
  }
  return Int32Array.from(orders);
}

/** Until the progress ends or the bound is reached. */
function anneal(
  improvement: Improvement,
  progress: Progress,
  warmth: { first: number; last: number },
  { moves, lowerBound, orders }: { moves: number; lowerBound: number; orders: number },
): void {
  const mean = Math.max(1, lowerBound / Math.max(1, orders));
  const share = (): number => progress.share(moves + improvement.moves);
  for (let cycle = 0; improvement.bestTotal > lowerBound; cycle++) {
    const from = share();
    if (from >= 1) break;
    const until = progress.cycleEnd(from, cycle);
    for (let now = from; now < until; now = share()) {
      const at = (now - from) / (until - from);
      improvement.anneal(BATCH, mean * warmth.first * (warmth.last / warmth.first) ** at);
      if (improvement.bestTotal <= lowerBound) break;
    }
  }
}
