/** Opens the store that a configuration names. */
import { MemoryStore } from './memory-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import type { Store } from './store.ts';

/** Stands for a store that forgets everything with its process. */
export const MEMORY = 'memory';

/**
 * @param path  of the SQLite file, or {@link MEMORY}.
 * @throws StoreFault STORE_IN_USE, STORE_NEWER_SCHEMA, STORE_OPEN.
 */
export async function openStore(path: string): Promise<Store> {
  return path === MEMORY ? new MemoryStore() : openSqliteStore(path);
}
