/** Which waiting orders lessors whose offers got better may serve now. */
import type { BuyOrder } from '../order/buy-order.ts';
import type { ParticipantId } from '../units/ids.ts';
import type { MarketView } from './market.ts';

/** Beyond so many lessors it is cheaper to ask the index about each order. */
const LESSORS_MAX = 64;

/** Orders of which a lot of these lessors suits one replica; of which any lot does if they are many. */
export function mayServe<T extends { order: BuyOrder }>(
  { market, wallMs }: MarketView,
  lessors: readonly ParticipantId[],
  waiting: readonly T[],
): T[] {
  const only = lessors.length > LESSORS_MAX ? undefined : { lessors };
  const search = { lots: 1, wallMs, replicasMax: 1, ...only };
  return waiting.filter(({ order }) => market.candidates(order, search).length > 0);
}
