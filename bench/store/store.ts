/** Durable commits of a hub's store: PostgreSQL on this machine against SQLite on the same disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Write } from '@sparegrid/core/units/write';
import { openPostgresStore } from '@sparegrid/link/store/postgres-store';
import { openSqliteStore } from '@sparegrid/link/store/sqlite-store';
import type { Store } from '@sparegrid/link/store/store';
import { PrivatePostgres } from '../../packages/link/test/private-postgres.ts';
import type { Bench, Result } from '../result.ts';

const WRITES_PER_COMMIT = [1, 10, 100];
const ROUNDS = 4;
const ROUND_MS = 1_000;
const TEXT = 'x'.repeat(400);

/** The two take turns, so that a disk that changes its speed changes it for both. */
export const benchStore: Bench = async (report) => {
  const directory = mkdtempSync(join(tmpdir(), 'sparegrid-bench-'));
  const server = await PrivatePostgres.start();
  try {
    const onLost = (fault: Error) => {
      throw fault;
    };
    const sqlite = await openSqliteStore(join(directory, 'hub.db'));
    const options = { node: 'h1', standby: false, onLost };
    const postgres = await openPostgresStore(await server.database(), options);
    for (const writes of WRITES_PER_COMMIT) report(await compare(postgres, sqlite, writes));
    await postgres.close();
    await sqlite.close();
  } finally {
    await server.remove();
    rmSync(directory, { recursive: true, force: true });
  }
};

async function compare(postgres: Store, sqlite: Store, writes: number): Promise<Result> {
  let [ours, theirs] = [0, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours += await commitsPerSecond(postgres, writes);
    theirs += await commitsPerSecond(sqlite, writes);
  }
  return {
    bench: 'store',
    case: `${writes} writes of 400 bytes per commit`,
    metric: 'postgres_commits',
    value: ours / ROUNDS,
    unit: 'per second',
    baseline: `sqlite ${Math.round(theirs / ROUNDS)} per second`,
    ratio: ours / theirs,
  };
}

/** One commit after the other, as a hub's loop makes them. */
async function commitsPerSecond(store: Store, writes: number): Promise<number> {
  const startedAt = performance.now();
  let commits = 0;
  while (performance.now() - startedAt < ROUND_MS) {
    await store.commit(writesOf(commits, writes));
    commits += 1;
  }
  return commits / ((performance.now() - startedAt) / 1_000);
}

function writesOf(commit: number, count: number): Write[] {
  return Array.from({ length: count }, (_, at) => ({
    table: 'order',
    key: `k${String(commit * count + at).padStart(9, '0')}`,
    text: TEXT,
    live: true,
  }));
}
