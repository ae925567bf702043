/** The index of lots against a full scan and SQLite: same market, same orders, same answers. */
import { LotIndex } from '@sparegrid/core/index/lot-index';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import { type Bench, quantile, type Result } from '../result.ts';
import { ColumnScan } from './column-scan.ts';
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
  plainOrder,
  plainStock,
  REGIONS,
  WALL_MS,
} from './market.ts';
import { SqliteLots } from './sqlite-lots.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const ORDERS = 300;
const WARM_UP_ORDERS = 3_000;
/** Each order is asked so often; its time is the middle one. */
const REPEATS = 3;
const UPDATES = 200_000;
const SQLITE_UPDATES = 20_000;
const UPDATES_PER_MATCH = 10;

interface Change {
  id: number;
  stock: PlainStock;
}

export const benchIndex: Bench = async (report) => {
  for (const lots of SIZES) for (const result of measure(lots)) report(result);
};

function measure(lots: number): Result[] {
  const { index, buildMs } = buildIndex(lots);
  const scan = new ColumnScan(lots);
  const sqlite = new SqliteLots();
  for (let lot = 0; lot < lots; lot += 1) {
    const plain = plainLot(lot);
    scan.put(lot, plain);
    sqlite.put(lot, plain);
  }
  sqlite.finish();
  const results: Result[] = [];
  const row = (metric: string, value: number, unit: string, baseline: string, by: number) =>
    results.push({
      bench: 'index',
      case: `${lots} lots`,
      metric,
      value,
      unit,
      baseline,
      ratio: by,
    });
  const orders = ordersOf(ORDERS, 1, { kind: 'price' });
  for (const order of ordersOf(WARM_UP_ORDERS, 2, { kind: 'price' })) ask(index, order);
  const mine = timed(orders, (order) => ask(index, order));
  const scanned = timed(orders, (order) => scan.best(order));
  const queried = timed(orders, (order) => sqlite.best(order));
  sameAnswers(mine.answers, scanned.answers, 'full scan');
  sameAnswers(mine.answers, queried.answers, 'SQLite');
  for (const [name, share] of [
    ['match_p50', 0.5],
    ['match_p99', 0.99],
  ] as const) {
    const us = quantile(mine.us, share);
    const scanUs = quantile(scanned.us, share);
    const sqliteUs = quantile(queried.us, share);
    row(name, us, 'us', `full scan ${scanUs.toPrecision(3)} us`, scanUs / us);
    row(name, us, 'us', `SQLite ${sqliteUs.toPrecision(3)} us`, sqliteUs / us);
  }
  const size = index.size;
  row('bytes_per_lot', size.bytes / lots, 'bytes', 'target 112', 112 / (size.bytes / lots));
  row('build', buildMs, 'ms', 'one lot', buildMs / lots);
  const changes = changesOf(lots, UPDATES, 3);
  const perSecond = updatesPerSecond(index, scan, changes);
  const slower = changes.slice(0, SQLITE_UPDATES);
  const startedAt = performance.now();
  sqlite.setStocks(slower);
  const theirs = (1000 * SQLITE_UPDATES) / (performance.now() - startedAt);
  sqlite.close();
  row('updates', perSecond, 'per second', `SQLite ${theirs.toPrecision(3)}`, perSecond / theirs);
  const quiet = timed(orders, (order) => ask(index, order));
  const busy = underUpdates(index, scan, lots, orders);
  const quietUs = quantile(quiet.us, 0.99);
  const busyUs = quantile(busy, 0.99);
  row('match_p99_updates', busyUs, 'us', `quiet ${quietUs.toPrecision(3)} us`, busyUs / quietUs);
  for (const kind of ['performance', 'weights'] as const) {
    const priority =
      kind === 'weights' ? { kind, priceWeight: 500, performanceWeight: 500 } : { kind };
    const others = timed(ordersOf(ORDERS, 5, priority), (order) => ask(index, order));
    const us = quantile(others.us, 0.5);
    row(`${kind}_p50`, us, 'us', 'price-first', us / quantile(quiet.us, 0.5));
    const p99 = quantile(others.us, 0.99);
    row(`${kind}_p99`, p99, 'us', 'price-first', p99 / quietUs);
  }
  return results;
}

function buildIndex(lots: number): { index: LotIndex; buildMs: number } {
  const index = new LotIndex();
  let buildMs = 0;
  for (let first = 0; first < lots; first += LOTS_PER_LESSOR) {
    const offer = offerFrom(first);
    const startedAt = performance.now();
    index.putOffer(offer);
    buildMs += performance.now() - startedAt;
  }
  const startedAt = performance.now();
  index.tidy();
  buildMs += performance.now() - startedAt;
  return { index, buildMs };
}

function ordersOf(count: number, seed: number, priority: BuyOrder['priority']): PlainOrder[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, () => plainOrder(dice, priority));
}

function ask(index: LotIndex, { order, lots, regions }: PlainOrder): number[] {
  const partitions =
    regions.length === 0 ? null : regions.map((region) => REGIONS[region] as string);
  const hits = index.best(order, { lots, wallMs: WALL_MS, replicasMax: 1, partitions });
  return hits.map(
    ({ lessor, lotId }) => LOTS_PER_LESSOR * Number(lessor.slice(1, 7)) + Number(lotId.slice(1)),
  );
}

function timed(orders: readonly PlainOrder[], best: (order: PlainOrder) => number[]) {
  const us: number[] = [];
  const answers = orders.map((order) => {
    let answer: number[] = [];
    const times = Array.from({ length: REPEATS }, () => {
      const startedAt = performance.now();
      answer = best(order);
      return 1000 * (performance.now() - startedAt);
    });
    us.push(quantile(times, 0.5));
    return answer;
  });
  return { us, answers };
}

function sameAnswers(a: readonly number[][], b: readonly number[][], name: string): void {
  a.forEach((answer, at) => {
    if (answer.join() !== b[at]?.join()) {
      throw new Error(`order ${at}: index ${answer.join()}, ${name} ${b[at]?.join()}`);
    }
  });
}

function changesOf(lots: number, count: number, seed: number): Change[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, () => {
    const id = dice.below(lots);
    return { id, stock: plainStock(dice, plainLot(id).shares.length) };
  });
}

function updatesPerSecond(index: LotIndex, scan: ColumnScan, changes: readonly Change[]): number {
  const prepared = changes.map(({ id, stock }) => ({
    lot: index.find(lessorOf(id), lotIdOf(id)),
    amounts: amountsOf(stock),
    devices: devicesOf(plainLot(id).kind, stock.shares),
  }));
  const startedAt = performance.now();
  for (const { lot, amounts, devices } of prepared) index.setStock(lot, amounts, devices);
  const seconds = (performance.now() - startedAt) / 1000;
  for (const { id, stock } of changes) scan.setStock(id, stock);
  return changes.length / seconds;
}

/** Microseconds per match with updates before each; answers are compared with the scan's. */
function underUpdates(
  index: LotIndex,
  scan: ColumnScan,
  lots: number,
  orders: readonly PlainOrder[],
): number[] {
  const changes = changesOf(lots, orders.length * UPDATES_PER_MATCH, 4);
  return orders.map((order, number) => {
    const from = number * UPDATES_PER_MATCH;
    const now = changes.slice(from, from + UPDATES_PER_MATCH);
    updatesPerSecond(index, scan, now);
    const startedAt = performance.now();
    const answer = ask(index, order);
    const us = 1000 * (performance.now() - startedAt);
    sameAnswers([answer], [scan.best(order)], 'full scan under updates');
    return us;
  });
}
