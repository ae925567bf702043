/** Worker thread that owns the writing connection: a commit waits for the disk, the node must not. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Write } from '@sparegrid/core/units/write';
import { StoreFault } from './fault.ts';
import { kyselyOver } from './kysely-sqlite.ts';
import { migrate } from './migrate.ts';
import { isDiskFull, Reserve } from './reserve.ts';
import type { FromWorker, ToWorker, WorkerFailure, WorkerSettings } from './sqlite-protocol.ts';
import { lockStore } from './store-lock.ts';

const port = parentPort;
if (!port) throw new Error('this file runs as a worker thread only');
const { path } = workerData as WorkerSettings;

try {
  const store = await open(path);
  port.on('message', (message: ToWorker) => answer(store, message));
  say({ kind: 'open' });
} catch (error) {
  say({ kind: 'open-failed', failure: failureOf(error, 'STORE_OPEN') });
}

interface OpenStore {
  commit(writes: readonly Write[]): void;
  close(): void;
}

async function open(storePath: string): Promise<OpenStore> {
  const unlock = lockStore(storePath);
  const database = new DatabaseSync(storePath, { timeout: 5_000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    await migrate(kyselyOver(database), { dialect: 'sqlite' });
  } catch (error) {
    database.close();
    unlock();
    throw error;
  }
  const reserve = new Reserve(storePath);
  reserve.fill();
  return {
    commit: withReserve(committer(database), reserve),
    close: () => {
      database.close();
      unlock();
    },
  };
}

function committer(database: DatabaseSync): (writes: readonly Write[]) => void {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  // What stays live leaves the index of live records alone.
  const put = database.prepare(
    `INSERT INTO records (tbl, key, live, text) VALUES (?, ?, ?, ?)
     ON CONFLICT (tbl, key) DO UPDATE SET text = excluded.text
     WHERE records.live = excluded.live`,
  );
  const move = database.prepare('UPDATE records SET live = ?, text = ? WHERE tbl = ? AND key = ?');
  const remove = database.prepare('DELETE FROM records WHERE tbl = ? AND key = ?');
  return (writes) => {
    begin.run();
    try {
      for (const { table, key, text, live } of writes) {
        const isLive = live ? 1 : 0;
        if (text === null) remove.run(table, key);
        else if (put.run(table, key, isLive, text).changes === 0) {
          move.run(isLive, text, table, key);
        }
      }
      commit.run();
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

/** On a full disk the reserve is used; it is filled up again once there is room. */
function withReserve(
  commit: (writes: readonly Write[]) => void,
  reserve: Reserve,
): (writes: readonly Write[]) => void {
  let used = false;
  return (writes) => {
    try {
      commit(writes);
    } catch (error) {
      if (!isDiskFull(error) || !reserve.release()) throw error;
      used = true;
      commit(writes);
    }
    if (used) used = !reserve.fill();
  };
}

function answer(store: OpenStore, message: ToWorker): void {
  try {
    if (message.kind === 'commit') store.commit(message.writes);
    else store.close();
    say({ kind: 'done', id: message.id });
  } catch (error) {
    say({ kind: 'failed', id: message.id, failure: failureOf(error, 'STORE_COMMIT') });
  }
}

/** Of a transaction that was rejected the stack is needed; what cannot be opened says why in words. */
function failureOf(error: unknown, code: WorkerFailure['code']): WorkerFailure {
  if (error instanceof StoreFault) {
    return { code: error.code, hint: error.hint, detail: error.message };
  }
  const text = error instanceof Error ? error.message : String(error);
  const isKnown = code === 'STORE_OPEN' || !(error instanceof Error);
  const detail = isKnown ? text : (error.stack ?? text);
  const hint = error instanceof Error ? `${path}: ${error.message}` : String(error);
  return { code, hint, detail };
}

function say(message: FromWorker): void {
  port?.postMessage(message);
}
