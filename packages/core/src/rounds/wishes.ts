/** What a lot is worth to an order: cost in money, and preference by its lessee's priority. */
import type { LotHit } from '../index/lot-index.ts';
import type { BuyOrder, MatchingPriority } from '../order/buy-order.ts';
import { costOf } from '../units/money.ts';
import type { Wishes } from './market.ts';

/** Performance counts in at most so many steps; below the last one all is the same. */
const TIERS_MOST = 16;

/** Cost of one replica for the whole duration at the limit price, in micro-credits. */
export function limitCost({ limitMicroPerReplicaHour, durationMs }: BuyOrder): number {
  return Number(costOf(limitMicroPerReplicaHour, durationMs));
}

/**
 * - Price first: the cost itself.
 * - Performance first: one step down in score outweighs any difference in cost, and is worth one
 *   limit price.
 * - Weights: thousandths of the cost, and of the cheapest lot's cost times best score over score.
 *
 * @param hits  most wanted first.
 * @param lots  the position of each among the round's lots.
 * @patent [0051] MAT-3 MAT-4 MAT-5 MAT-6
 */
export function wishesOf(order: BuyOrder, hits: readonly LotHit[], lots: Int32Array): Wishes {
  const cost = Float64Array.from(hits, ({ priceMicroPerHour }) =>
    Number(costOf(priceMicroPerHour, order.durationMs)),
  );
  const scores = Float64Array.from(hits, ({ score }) => score);
  return {
    lot: lots,
    priceMicroPerHour: hits.map(({ priceMicroPerHour }) => priceMicroPerHour),
    cost,
    preference: preferencesOf(order.priority, cost, scores, limitCost(order)),
    score: scores,
    replicas: Int32Array.from(hits, ({ replicas }) => replicas),
  };
}

/** Per lot, smaller is more wanted: see {@link wishesOf}. All lots of one order at once. */
export function preferencesOf(
  priority: MatchingPriority,
  cost: Float64Array,
  scores: Float64Array,
  limit: number,
): Float64Array {
  if (priority.kind === 'price' || cost.length === 0) return cost;
  if (priority.kind === 'performance') {
    const tiers = [...new Set(scores)].sort((a, b) => b - a).slice(0, TIERS_MOST);
    const tierOf = new Map(tiers.map((score, tier) => [score, tier]));
    return cost.map((own, k) => {
      const tier = tierOf.get(scores[k] as number) ?? TIERS_MOST;
      return own + (limit + 1) * tier;
    });
  }
  const lowest = Math.max(1, Math.min(...cost));
  const highest = Math.max(1, ...scores);
  const { priceWeight, performanceWeight } = priority;
  return cost.map((own, k) => {
    const slower = Math.min(TIERS_MOST, highest / Math.max(1, scores[k] as number));
    return Math.floor((priceWeight * own + performanceWeight * lowest * slower) / 1000);
  });
}
