/** What a round sees of the market: its orders, the lots as they were, and which lots each wants. */
import type { Want } from '../matching/match.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import type { Lot, SellOrder } from '../order/sell-order.ts';
import type { HubId, OrderId, ParticipantId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';

/** An order of a round; `order.maxLessors` is what is left of it. */
export interface RoundOrder {
  id: OrderId;
  order: BuyOrder;
  want: Want;
  /** Races and rounds that it lost: raises its weight. */
  age: number;
}

/** A lot with what was free of it when it was first looked at. */
export interface RoundLot {
  hub: HubId;
  lessor: ParticipantId;
  offer: SellOrder;
  lot: Lot;
}

/**
 * Lots that suit an order within its limit price, most wanted first by its priority; parallel arrays.
 * `preference` is what the programme minimises per replica: micro-credits, plus what a worse
 * performance is worth less.
 */
export interface Wishes {
  /** Position among the round's lots. */
  lot: Int32Array;
  priceMicroPerHour: readonly Micro[];
  /** Of one replica for the whole duration, rounded up, in micro-credits. */
  cost: Float64Array;
  preference: Float64Array;
  score: Float64Array;
  /** Replicas that the lot holds alone, at most as many as are wanted. */
  replicas: Int32Array;
}

/** `wishes` per order. */
export interface Round {
  orders: readonly RoundOrder[];
  lots: readonly RoundLot[];
  wishes: readonly Wishes[];
}
