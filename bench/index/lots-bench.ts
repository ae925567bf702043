/** The index of lots against a full scan and SQLite: same market, same orders, same answers. */
import type { LotIndex } from '@sparegrid/core/index/lot-index';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import { type Bench, quantile, type Result } from '../result.ts';
import { ColumnScan } from './column-scan.ts';
import { cpuMs } from './cpu-time.ts';
import { askIndex, buildIndex, type Change, changesOf, prepareChanges } from './index-load.ts';
import { keptBytesPerLot } from './kept-bytes.ts';
import { Dice, type PlainOrder, plainLot, plainOrder } from './market.ts';
import { SqliteLots } from './sqlite-lots.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const ORDERS = 400;
const WARM_UP_ORDERS = 3_000;
/** Each order is asked so often; its time is the shortest, when nobody else took the processor. */
const REPEATS = 3;
/** The index answers all orders so often, for the mean of its processor time. */
const CPU_REPEATS = 40;
/** Rounds so short that hardly any is interrupted; the middle one counts. */
const UPDATE_ROUNDS = 200;
const WARM_UP_ROUNDS = 20;
const UPDATES_PER_ROUND = 500;
const UPDATES_PER_MATCH = 10;
const BYTES_PER_LOT_MAX = 112;
const KEPT_LOTS = 1_000_000;
const KEPT_BYTES_MAX = 400;
/** A match after ten changes may take so many times as long as one after none. */
const BUSY_RATIO_MAX = 3;
const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
  ['p999', 0.999],
] as const;

type Report = (result: Result) => void;
type Row = (metric: string, value: number, unit: string, baseline: string, ratio: number) => void;
type Best = (order: PlainOrder) => number[];

interface Contest {
  index: LotIndex;
  scan: ColumnScan;
  sqlite: SqliteLots;
  lots: number;
  row: Row;
}

/** Ratios say how many times better the index is than the baseline, or how far below a limit. */
export const benchIndex: Bench = async (report) => {
  for (const lotsMost of [50, 1]) keptBytes(lotsMost, report);
  for (const lots of SIZES) measure(lots, report);
};

function keptBytes(lotsMost: number, report: Report): void {
  const name = lotsMost === 1 ? 'one lot an offer' : `1 to ${lotsMost} lots an offer`;
  const row = rowOf(`${KEPT_LOTS} lots of 8 hubs, ${name}`, report);
  const kept = keptBytesPerLot(KEPT_LOTS, lotsMost);
  const against = (metric: string, bytes: number, most: number) =>
    row(metric, bytes, 'bytes', `${most} bytes`, most / bytes);
  against('kept_bytes_per_lot', kept.all, KEPT_BYTES_MAX);
  against('index_bytes_per_lot', kept.index, BYTES_PER_LOT_MAX);
  const of = (metric: string, bytes: number) =>
    row(metric, bytes, 'bytes', 'all kept', kept.all / bytes);
  of('names_bytes_per_lot', kept.names);
  of('rows_bytes_per_lot', kept.all - kept.index - kept.names);
}

function rowOf(name: string, report: Report): Row {
  return (metric, value, unit, baseline, ratio) =>
    report({ bench: 'index', case: name, metric, value, unit, baseline, ratio });
}

function measure(lots: number, report: Report): void {
  const row = rowOf(`${lots} lots`, report);
  const { index, names, buildMs } = buildIndex(lots);
  const scan = new ColumnScan(lots);
  const sqlite = new SqliteLots();
  for (let lot = 0; lot < lots; lot += 1) {
    const plain = plainLot(lot);
    scan.put(lot, plain);
    sqlite.put(lot, plain);
  }
  sqlite.finish();
  const contest = { index, scan, sqlite, lots, row };
  // Nobody else holds these lessors' names here.
  const bytes = (index.size.bytes + names.bytes) / lots;
  row('build', (1000 * buildMs) / lots, 'us per lot', `${lots} lots`, lots / (1000 * buildMs));
  row(
    'index_bytes_per_lot',
    bytes,
    'bytes',
    `${BYTES_PER_LOT_MAX} bytes`,
    BYTES_PER_LOT_MAX / bytes,
  );
  quietMatches(contest);
  updates(contest);
  busyMatches(contest);
  sqlite.close();
}

/** Matches of each priority, with nothing else going on. */
function quietMatches({ index, scan, sqlite, row }: Contest): void {
  const ask: Best = (order) => askIndex(index, order);
  for (const order of ordersOf(WARM_UP_ORDERS, 2, { kind: 'price' })) ask(order);
  const orders = ordersOf(ORDERS, 1, { kind: 'price' });
  const mine = timed(orders, ask, REPEATS);
  const scanned = timed(orders, (order) => scan.best(order), REPEATS);
  const startedAt = cpuMs();
  const queried = timed(orders, (order) => sqlite.best(order), REPEATS);
  const theirs = (1000 * (cpuMs() - startedAt)) / (ORDERS * REPEATS);
  expectEqual(mine.answers, scanned.answers, 'full scan');
  expectEqual(mine.answers, queried.answers, 'SQLite');
  compare(row, 'match', mine.us, scanned.us, 'full scan');
  compare(row, 'match', mine.us, queried.us, 'SQLite');
  const askedAt = cpuMs();
  for (let repeat = 0; repeat < CPU_REPEATS; repeat += 1) orders.forEach(ask);
  const mean = (1000 * (cpuMs() - askedAt)) / (ORDERS * CPU_REPEATS);
  row('match_mean_cpu', mean, 'us', `SQLite ${theirs.toPrecision(3)} us`, theirs / mean);
  for (const priority of [
    { kind: 'performance' },
    { kind: 'weights', priceWeight: 500, performanceWeight: 500 },
  ] as const) {
    for (const order of ordersOf(WARM_UP_ORDERS / 10, 6, priority)) ask(order);
    const others = timed(ordersOf(ORDERS, 5, priority), ask, REPEATS);
    compare(row, `match_${priority.kind}`, others.us, mine.us, 'price-first');
  }
}

function compare(row: Row, metric: string, mine: number[], theirs: number[], name: string): void {
  for (const [suffix, share] of QUANTILES) {
    const [us, by] = [quantile(mine, share), quantile(theirs, share)];
    row(`${metric}_${suffix}`, us, 'us', `${name} ${by.toPrecision(3)} us`, by / us);
  }
}

/**
 * Stock changes of random lots, by number and by name. All are drawn before: drawing them in between
 * would measure how fast memory comes back.
 */
function updates({ index, scan, sqlite, lots, row }: Contest): void {
  const rounds = (seed: number) =>
    Array.from({ length: WARM_UP_ROUNDS + UPDATE_ROUNDS }, (_, round) =>
      changesOf(lots, UPDATES_PER_ROUND, seed + round),
    );
  const [some, others] = [rounds(3), rounds(10_003)];
  const prepared = some.map((changes) => prepareChanges(index, changes));
  const named = others.map((changes) => prepareChanges(index, changes));
  const rateOf = <T>(all: readonly T[], apply: (changes: T) => void): number => {
    const rates = all.map((changes) => perSecond(() => apply(changes)));
    return quantile(rates.slice(WARM_UP_ROUNDS), 0.5);
  };
  const byNumber = rateOf(prepared, (changes) => index.setStocks(changes));
  const byName = rateOf(named, (changes) => {
    for (const { lessor, lotId, amounts, devices } of changes) {
      index.setStock(index.find(lessor, lotId), amounts, devices);
    }
  });
  const sqliteRate = rateOf(some, (changes) => sqlite.setStocks(changes));
  for (const changes of others) sqlite.setStocks(changes);
  for (const { id, stock } of [...some, ...others].flat()) scan.setStock(id, stock);
  const baseline = `SQLite ${sqliteRate.toPrecision(3)} per second`;
  row('updates', byNumber, 'per second', baseline, byNumber / sqliteRate);
  row('updates_by_name', byName, 'per second', baseline, byName / sqliteRate);
}

/** Updates of one round per second. */
function perSecond(round: () => void): number {
  const startedAt = performance.now();
  round();
  return (1000 * UPDATES_PER_ROUND) / (performance.now() - startedAt);
}

/**
 * Each match after ten stock changes against the same after none. Like the others each is asked
 * three times, here after ten more changes, and its shortest time counts.
 */
function busyMatches({ index, scan, lots, row }: Contest): void {
  const orders = ordersOf(ORDERS, 7, { kind: 'price' });
  const changes = changesOf(lots, orders.length * REPEATS * UPDATES_PER_MATCH, 4);
  const prepared = prepareChanges(index, changes);
  const quiet = timed(orders, (order) => askIndex(index, order), REPEATS);
  let next = 0;
  const busy = timed(
    orders,
    (order) => askIndex(index, order),
    REPEATS,
    () => {
      index.setStocks(prepared.slice(next, next + UPDATES_PER_MATCH));
      next += UPDATES_PER_MATCH;
    },
  );
  expectEqual(busy.answers, replayed(scan, orders, changes), 'full scan under updates');
  for (const [suffix, share] of QUANTILES) {
    const [us, by] = [quantile(busy.us, share), quantile(quiet.us, share)];
    const baseline = `${BUSY_RATIO_MAX} x ${by.toPrecision(3)} us without updates`;
    row(`match_10_updates_${suffix}`, us, 'us', baseline, (BUSY_RATIO_MAX * by) / us);
  }
}

/** What the full scan finds after the same changes. */
function replayed(
  scan: ColumnScan,
  orders: readonly PlainOrder[],
  changes: readonly Change[],
): number[][] {
  const perOrder = REPEATS * UPDATES_PER_MATCH;
  return orders.map((order, number) => {
    for (const { id, stock } of changes.slice(number * perOrder, (number + 1) * perOrder)) {
      scan.setStock(id, stock);
    }
    return scan.best(order);
  });
}

function ordersOf(count: number, seed: number, priority: BuyOrder['priority']): PlainOrder[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, () => plainOrder(dice, priority));
}

/** @param before done before each answer, and not timed; the last answer counts. */
function timed(orders: readonly PlainOrder[], best: Best, repeats: number, before = () => {}) {
  const us: number[] = [];
  const answers = orders.map((order) => {
    let answer: number[] = [];
    const times = Array.from({ length: repeats }, () => {
      before();
      const startedAt = performance.now();
      answer = best(order);
      return 1000 * (performance.now() - startedAt);
    });
    us.push(Math.min(...times));
    return answer;
  });
  return { us, answers };
}

function expectEqual(
  mine: readonly (readonly number[])[],
  theirs: readonly (readonly number[])[],
  name: string,
): void {
  mine.forEach((answer, order) => {
    const other = theirs[order];
    if (answer.join() === other?.join()) return;
    throw new Error(`order ${order}: the index finds ${answer.join()}, ${name} ${other?.join()}`);
  });
}
