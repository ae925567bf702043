/** Keeps a second process, or a second opening in this one, away from a store. */
import { DatabaseSync } from 'node:sqlite';
import { StoreFault } from './fault.ts';

/**
 * Holds an exclusive SQLite lock on a file of its own beside the store. The kernel drops it with
 * the process, so nothing stale is left behind by kill -9.
 *
 * @returns what releases the lock.
 * @throws StoreFault STORE_IN_USE when another process has the store open.
 */
export function lockStore(storePath: string): () => void {
  const database = new DatabaseSync(`${storePath}.lock`, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new StoreFault('STORE_IN_USE', `Stop the process that has ${storePath} open.`, error);
  }
  return () => database.close();
}
