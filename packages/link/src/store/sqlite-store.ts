/** The store on one SQLite file: commits in a worker thread, reads over a connection of their own. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { Write } from '@sparegrid/core/units/write';
import type { Kysely } from 'kysely';
import { makeFolder } from '../make-folder.ts';
import { StoreFault } from './fault.ts';
import { kyselyOver } from './kysely-sqlite.ts';
import { liveRecordsByRow, recordsIn, recordText } from './records.ts';
import type { StoreSchema } from './schema.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './sqlite-protocol.ts';
import type { KeyRange, Store, StoreCounts, StoredRecord } from './store.ts';

interface Waiting {
  resolve(): void;
  reject(fault: StoreFault): void;
}

/**
 * Opens the store at `path`, creating it (and its folder) when missing.
 *
 * @throws StoreFault STORE_IN_USE, STORE_NEWER_SCHEMA, STORE_OPEN.
 */
export async function openSqliteStore(path: string): Promise<Store> {
  makeFolder(dirname(path));
  const worker = startWorker({ path });
  await opened(worker);
  try {
    return new SqliteStore(path, worker);
  } catch (error) {
    await worker.terminate();
    throw new StoreFault('STORE_OPEN', `cannot read ${path}`, error);
  }
}

class SqliteStore implements Store {
  readonly counts: StoreCounts = { commits: 0, writes: 0 };
  readonly #path: string;
  readonly #worker: Worker;
  readonly #reads: Kysely<StoreSchema>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** Set once nothing can be written any more. */
  #ended: StoreFault | null = null;

  constructor(path: string, worker: Worker) {
    this.#path = path;
    this.#reads = kyselyOver(new DatabaseSync(path, { readOnly: true, timeout: 5_000 }));
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => this.#settle(message));
    worker.on('error', (error) => this.#end('the worker of the store failed', error));
    worker.on('exit', () => this.#end('the worker of the store is gone'));
  }

  async load(): Promise<StoredRecord[]> {
    return liveRecordsByRow(this.#reads);
  }

  async read(table: string, key: string): Promise<string | null> {
    return recordText(this.#reads, table, key);
  }

  async scan(range: KeyRange): Promise<StoredRecord[]> {
    return recordsIn(this.#reads, range);
  }

  async commit(writes: readonly Write[]): Promise<void> {
    await this.#ask((id) => ({ kind: 'commit', id, writes }));
    this.counts.commits += 1;
    this.counts.writes += writes.length;
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    return bavail * bsize;
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    // The reading connection first: the last one to close folds the write-ahead log into the file.
    await this.#reads.destroy();
    await this.#ask((id) => ({ kind: 'close', id }));
    this.#ended = new StoreFault('STORE_CLOSED', 'the store was closed');
    await this.#worker.terminate();
  }

  #ask(message: (id: number) => ToWorker): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(message(id));
    });
  }

  #settle(message: FromWorker): void {
    if (message.kind !== 'done' && message.kind !== 'failed') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'done') {
      waiting?.resolve();
    } else {
      const { code, hint, detail } = message.failure;
      waiting?.reject(new StoreFault(code, hint, detail));
    }
  }

  #end(hint: string, cause?: unknown): void {
    this.#ended ??= new StoreFault('STORE_CLOSED', hint, cause);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
  }
}

function startWorker(settings: WorkerSettings): Worker {
  // Sources run as they are; packed, this file and the worker beside it are JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./sqlite-worker.${extension}`, import.meta.url), {
    workerData: settings,
  });
}

/** Waits for the worker's first word: the store is open, or why it is not. */
function opened(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      reject(new StoreFault('STORE_OPEN', 'the worker of the store did not start', error));
    worker.once('error', fail);
    worker.once('message', (message: FromWorker) => {
      worker.off('error', fail);
      if (message.kind !== 'open-failed') return resolve();
      const { code, hint, detail } = message.failure;
      worker.terminate().then(() => reject(new StoreFault(code, hint, detail)), reject);
    });
  });
}
