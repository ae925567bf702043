/** Why no lot suits an order: the furthest term that any candidate's lot reaches. */
import type { LotHit } from '../index/lot-index.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { type Refusal, refuse } from '../refusals.ts';
import type { MarketView } from './market.ts';
import { couldEverServe } from './static-filter.ts';
import { LESS, lotSuits, offerShortfall, type Shortfall, tellsStock } from './suitability.ts';

/** More than anything costs. */
const NO_LIMIT = 1n << 200n;

/**
 * Asks for less and less, until a candidate's lot suits: its first failing term is the answer. Of
 * several lots the cheapest speaks (where the order's resources are what fails: the one with the
 * highest score), then the one of the smaller lessor and lot id.
 *
 * @refuses MATCH_PRICE, MATCH_PERFORMANCE, MATCH_RESOURCES, MATCH_IMAGE_POLICY, MATCH_TASK,
 *          MATCH_NO_OFFER, MATCH_NO_CANDIDATE.
 */
export function nearestMiss(view: MarketView, order: BuyOrder, replicasMax: number): Refusal {
  const anyPrice: BuyOrder = {
    ...order,
    limitMicroPerReplicaHour: NO_LIMIT,
    priority: { kind: 'price' },
  };
  const anyPerformance: BuyOrder = {
    ...anyPrice,
    performance: { minScore: 0, minFlops: [], provision: 'any', labels: {} },
  };
  const nothing = { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0, bandwidthBitsPerSecond: 0 };
  const anyResources: BuyOrder = { ...anyPerformance, replica: { ...nothing, device: null } };
  for (const [easier, waive] of [
    [anyPrice, 'none'],
    [anyPerformance, 'none'],
    [anyResources, 'none'],
    [anyResources, 'image-policy'],
    [anyResources, 'task'],
  ] as const) {
    const search = { lots: 1, wallMs: view.wallMs, replicasMax, waive };
    const [hit] = view.market.candidatesFor(order, easier, search);
    const missed = hit && shortfallOf(view, hit, order, replicasMax);
    if (missed) {
      const have = view.hidesStock && tellsStock(missed.code) ? LESS : missed.have;
      return refuse(missed.code, `need ${missed.need}, have ${have}`);
    }
  }
  if (hasCandidate(view, order)) return refuse('MATCH_NO_OFFER', 'no candidate offers now');
  return refuse('MATCH_NO_CANDIDATE', 'no participant’s machines are large enough');
}

function shortfallOf(
  { market }: MarketView,
  hit: LotHit,
  order: BuyOrder,
  replicasMax: number,
): Shortfall | undefined {
  const { offer, lot } = market.lotOf(hit);
  const missed = offerShortfall(offer, order);
  if (missed) return missed;
  const suits = lotSuits(offer, lot, order, replicasMax);
  return 'code' in suits ? suits : undefined;
}

function hasCandidate({ market }: MarketView, order: BuyOrder): boolean {
  for (const part of market.panorama.parts.values()) {
    if (part.stale) continue;
    for (const { spec } of part.resources.values()) {
      if (spec && couldEverServe(spec, order)) return true;
    }
  }
  return false;
}
