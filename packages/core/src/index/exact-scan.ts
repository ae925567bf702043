/** The slow way: every lot in exact arithmetic, for orders and lots beyond plain numbers. */
import type { BuyOrder } from '../order/buy-order.ts';
import { replicasThatFit } from '../order/fit.ts';
import type { Micro } from '../units/money.ts';
import { FREE_ROW } from './lot-rows.ts';
import type { LotTables } from './lot-tables.ts';
import { type Extremes, exactKey } from './ranking.ts';
import type { Suits } from './suits.ts';

export interface ExactHit {
  slot: number;
  priceMicroPerHour: Micro;
  score: number;
  replicas: number;
}

/**
 * The best `lots` of all lots that suit and are `isIn`, best first. Those that are not `isWanted`
 * still count for what the lowest price and the highest score are.
 */
export function bestExactly(
  lots: LotTables,
  suits: Suits,
  order: BuyOrder,
  search: { lots: number; wallMs: number; replicasMax: number },
  isIn: (slot: number) => boolean,
  isWanted: (slot: number, price: Micro) => boolean,
): ExactHit[] {
  const suitable: Omit<ExactHit, 'replicas'>[] = [];
  for (let slot = 0; slot < lots.rows.end; slot += 1) {
    if (lots.rows.leafOf(slot) === FREE_ROW || !isIn(slot)) continue;
    const exact = suits.exactly(slot, order);
    if (exact && suits.offerOf(slot, search.wallMs)) suitable.push({ slot, ...exact });
  }
  const extremes = extremesOf(suitable);
  const found = suitable.filter(({ slot, priceMicroPerHour }) => isWanted(slot, priceMicroPerHour));
  const keys = new Map(
    found.map(({ slot, priceMicroPerHour, score }) => [
      slot,
      exactKey(order.priority, extremes, priceMicroPerHour, score),
    ]),
  );
  found.sort(
    (a, b) =>
      compareBig(keys.get(a.slot)!, keys.get(b.slot)!) ||
      compareBig(a.priceMicroPerHour, b.priceMicroPerHour) ||
      b.score - a.score ||
      lots.compare(a.slot, b.slot),
  );
  return found.slice(0, search.lots).map((hit) => {
    const { amounts, devices, asks } = lots.plainLot(hit.slot);
    const performance = { score: hit.score, flops: [] };
    const lot = { id: '', amounts, devices: [...devices], asks, performance, labels: {} };
    return { ...hit, replicas: replicasThatFit(lot, order.replica, search.replicasMax) };
  });
}

function extremesOf(found: readonly { priceMicroPerHour: Micro; score: number }[]): Extremes {
  let lowest = found[0]?.priceMicroPerHour ?? 1n;
  let highest = 1;
  for (const { priceMicroPerHour, score } of found) {
    if (priceMicroPerHour < lowest) lowest = priceMicroPerHour;
    if (score > highest) highest = score;
  }
  return { lowest: lowest < 1n ? 1n : lowest, highest };
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
