/** A market as `match` reads it: orders, lots, and which lot suits which order at which price. */
import { lotSuits, offerShortfall } from '@sparegrid/core/matching/suitability';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { Lot, SellOrder } from '@sparegrid/core/order/sell-order';
import { encodeStored } from '@sparegrid/core/units/json';
import { costOf } from '@sparegrid/core/units/money';

export interface MarketOrder {
  /** As the files call it. */
  name: string;
  order: BuyOrder;
}

export interface MarketLot {
  /** As the files call it. */
  lessor: string;
  offer: SellOrder;
  lot: Lot;
}

export interface Market {
  orders: MarketOrder[];
  lots: MarketLot[];
}

/**
 * Lots that suit an order apart from its limit price, cheapest first, ties by position. `cost` is
 * that of one replica for the whole duration, in micro-credits.
 */
export interface Suitable {
  lot: Int32Array;
  cost: Float64Array;
  /** Effective, as `priority` looks at it. */
  score: Float64Array;
  /** Replicas of this kind that the lot holds alone, at most what the largest order wants. */
  units: Int32Array;
}

/** Whatever a lot could hold. */
const UNITS_MAX = 10_000;
const NO_LIMIT = 10n ** 30n;

/** Per order what suits it; orders that ask for the same share one answer. */
export function suitableLots({ orders, lots }: Market): Suitable[] {
  const known = new Map<string, Suitable>();
  return orders.map(({ order }) => {
    const key = keyOf(order);
    const found = known.get(key) ?? suitableFor(order, lots);
    known.set(key, found);
    return found;
  });
}

/** Everything that {@link suitableFor} looks at. */
function keyOf({ kind, task, replica, performance, durationMs }: BuyOrder): string {
  return encodeStored([kind, task.public, replica, performance, durationMs]);
}

function suitableFor(order: BuyOrder, lots: readonly MarketLot[]): Suitable {
  const unlimited = { ...order, limitMicroPerReplicaHour: NO_LIMIT };
  const found: { at: number; cost: number; score: number; units: number }[] = [];
  for (const [at, { offer, lot }] of lots.entries()) {
    if (offerShortfall(offer, order)) continue;
    const suits = lotSuits(offer, lot, unlimited, UNITS_MAX);
    if ('code' in suits) continue;
    const cost = Number(costOf(suits.priceMicroPerHour, order.durationMs));
    found.push({ at, cost, score: suits.score, units: suits.replicas });
  }
  found.sort((a, b) => a.cost - b.cost || a.at - b.at);
  return {
    lot: Int32Array.from(found, ({ at }) => at),
    cost: Float64Array.from(found, ({ cost }) => cost),
    score: Float64Array.from(found, ({ score }) => score),
    units: Int32Array.from(found, ({ units }) => units),
  };
}

/** Cost of one replica for the whole duration at the limit price: what not placing it costs. */
export function limitCost({ limitMicroPerReplicaHour, durationMs }: BuyOrder): number {
  return Number(costOf(limitMicroPerReplicaHour, durationMs));
}

/** How many of the cheapest suitable lots are within the limit price. */
export function withinLimit({ cost }: Suitable, limit: number): number {
  let low = 0;
  let high = cost.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cost[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
