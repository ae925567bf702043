/** The market of the benchmark in the index of lots: loading, changing and asking it. */
import { LotIndex } from '@sparegrid/core/index/lot-index';
import { Names } from '@sparegrid/core/panorama/names';
import { cpuMs } from './cpu-time.ts';
import {
  amountsOf,
  Dice,
  devicesOf,
  LOTS_PER_LESSOR,
  lessorOf,
  lotIdOf,
  offerFrom,
  type PlainOrder,
  type PlainStock,
  plainLot,
  plainStock,
  REGIONS,
  WALL_MS,
} from './market.ts';

/** A lot, by its number in the market, and what is free of it now. */
export interface Change {
  id: number;
  stock: PlainStock;
}

const OFFERS_AT_ONCE = 1_000;

/** Milliseconds count what the index does, not what the offers take to draw. */
export function buildIndex(lots: number): { index: LotIndex; names: Names; buildMs: number } {
  const names = new Names();
  const index = new LotIndex(names);
  let buildMs = 0;
  const step = OFFERS_AT_ONCE * LOTS_PER_LESSOR;
  for (let from = 0; from < lots; from += step) {
    const offers = [];
    for (let first = from; first < Math.min(lots, from + step); first += LOTS_PER_LESSOR) {
      offers.push(offerFrom(first));
    }
    const startedAt = cpuMs();
    for (const offer of offers) index.putOffer(offer);
    buildMs += cpuMs() - startedAt;
  }
  const startedAt = cpuMs();
  index.tidy();
  return { index, names, buildMs: buildMs + cpuMs() - startedAt };
}

/** Numbers of the best lots. */
export function askIndex(index: LotIndex, { order, lots, regions }: PlainOrder): number[] {
  const names = regions.map((region) => REGIONS[region] as string);
  const partitions = names.length === 0 ? null : names;
  const hits = index.best(order, { lots, wallMs: WALL_MS, replicasMax: 1, partitions });
  return hits.map(
    ({ lessor, lotId }) => LOTS_PER_LESSOR * Number(lessor.slice(1, 7)) + Number(lotId.slice(1)),
  );
}

export function changesOf(lots: number, count: number, seed: number): Change[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, () => {
    const id = dice.below(lots);
    return { id, stock: plainStock(dice, plainLot(id).shares.length) };
  });
}

export function prepareChanges(index: LotIndex, changes: readonly Change[]) {
  return changes.map(({ id, stock }) => ({
    lessor: lessorOf(id),
    lotId: lotIdOf(id),
    lot: index.find(lessorOf(id), lotIdOf(id)),
    amounts: amountsOf(stock),
    devices: devicesOf(plainLot(id).kind, stock.shares),
  }));
}
