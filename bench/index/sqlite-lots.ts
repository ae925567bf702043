/** Baseline: in-memory SQLite with a column per attribute, indexes and prepared statements. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { PlainLot, PlainOrder, PlainStock } from './market.ts';

const COLUMNS =
  'id INTEGER PRIMARY KEY, kind INT, region INT, cpu INT, memory INT, storage INT, bandwidth INT, ' +
  'wholes INT, most INT, gpu_ask INT, cpu_ask INT, memory_ask INT, storage_ask INT, ' +
  'bandwidth_ask INT, score INT, egress INT';

/** The same cost as everywhere: each term rounded up to a whole micro-credit. */
const COST =
  '(:device * gpu_ask + 999) / 1000 + (:cpu * cpu_ask + 999) / 1000 + ' +
  '(:memory * memory_ask + 1073741823) / 1073741824 + ' +
  '(:storage * storage_ask + 1073741823) / 1073741824 + ' +
  '(:bandwidth * bandwidth_ask + 999999999) / 1000000000';

const SUITS =
  'cpu >= :cpu AND memory >= :memory AND storage >= :storage AND bandwidth >= :bandwidth AND ' +
  'wholes >= :wholes AND most >= :share AND score >= :minScore AND egress >= :egress AND ' +
  'cost <= :limit';

const REGIONS: Readonly<Record<number, string>> = {
  0: '',
  1: 'AND region = :r0',
  3: 'AND region IN (:r0, :r1, :r2)',
};

export class SqliteLots {
  readonly #database = new DatabaseSync(':memory:');
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #best = new Map<number, StatementSync>();

  constructor() {
    this.#database.exec(`CREATE TABLE lots (${COLUMNS})`);
    this.#insert = this.#database.prepare(`INSERT INTO lots VALUES (${'?, '.repeat(15)}?)`);
    this.#database.exec('BEGIN');
    this.#update = this.#database.prepare(
      'UPDATE lots SET cpu = ?, memory = ?, storage = ?, bandwidth = ?, wholes = ?, most = ? ' +
        'WHERE id = ?',
    );
  }

  put(id: number, lot: PlainLot): void {
    const { kind, region, cpu, memory, storage, bandwidth, asks, score, egress } = lot;
    const devices = devicesOf(lot);
    const free = [cpu, memory, storage, bandwidth, ...devices];
    this.#insert.run(id, kind, region, ...free, ...asks, score, egress);
  }

  /** Ends loading: builds the indexes and gathers statistics. */
  finish(): void {
    this.#database.exec(
      'COMMIT; CREATE INDEX by_gpu_ask ON lots (kind, region, gpu_ask);' +
        'CREATE INDEX by_cpu_ask ON lots (kind, region, cpu_ask);' +
        'CREATE INDEX by_kind ON lots (kind, gpu_ask); ANALYZE',
    );
    for (const [regions, where] of Object.entries(REGIONS)) {
      const sql = `SELECT id, ${COST} AS cost FROM lots WHERE kind = :kind ${where} AND ${SUITS} ORDER BY cost, score DESC, id LIMIT :lots`;
      this.#best.set(Number(regions), this.#database.prepare(sql));
    }
  }

  /** Numbers of the cheapest lots that suit. */
  best(order: PlainOrder): number[] {
    const { kind, lots, regions, cpu, memory, storage, bandwidth } = order;
    const { wholes, share, minScore, egress, limit } = order;
    const device = 1000 * wholes + share;
    const places = Object.fromEntries(regions.map((region, at) => [`r${at}`, region]));
    const rows = this.#best.get(regions.length)?.all({
      ...{ kind, lots, cpu, memory, storage, bandwidth },
      ...{ wholes, share, minScore, egress, limit, device },
      ...places,
    });
    return (rows ?? []).map((row) => row['id'] as number);
  }

  setStocks(changes: readonly { id: number; stock: PlainStock }[]): void {
    this.#database.exec('BEGIN');
    for (const { id, stock } of changes) {
      const { cpu, memory, storage, bandwidth } = stock;
      this.#update.run(cpu, memory, storage, bandwidth, ...devicesOf(stock), id);
    }
    this.#database.exec('COMMIT');
  }

  close(): void {
    this.#database.close();
  }
}

/** Wholly free devices, and the largest free share. */
function devicesOf({ shares }: PlainStock): [number, number] {
  return [shares.filter((share) => share === 1000).length, Math.max(0, ...shares)];
}
