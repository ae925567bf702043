/** A store that forgets everything with its process: for replays and the simulator. */
import type { Write } from '@sparegrid/core/units/write';
import { StoreFault } from './fault.ts';
import type { KeyRange, Store, StoreCounts, StoredRecord } from './store.ts';

interface Entry {
  text: string;
  live: boolean;
}

export class MemoryStore implements Store {
  readonly counts: StoreCounts = { commits: 0, writes: 0 };
  readonly #tables = new Map<string, Map<string, Entry>>();
  #closed = false;

  async load(): Promise<StoredRecord[]> {
    this.#assertOpen();
    const records: StoredRecord[] = [];
    for (const table of [...this.#tables.keys()].sort()) {
      for (const [key, entry] of this.#sorted(table)) {
        if (entry.live) records.push({ table, key, text: entry.text });
      }
    }
    return records;
  }

  async read(table: string, key: string): Promise<string | null> {
    this.#assertOpen();
    return this.#tables.get(table)?.get(key)?.text ?? null;
  }

  async scan({ table, from, before, limit }: KeyRange): Promise<StoredRecord[]> {
    this.#assertOpen();
    return this.#sorted(table)
      .filter(([key]) => key >= from && key < before)
      .slice(0, limit)
      .map(([key, entry]) => ({ table, key, text: entry.text }));
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#assertOpen();
    for (const { table, key, text, live } of writes) {
      const entries = this.#tables.get(table) ?? new Map<string, Entry>();
      this.#tables.set(table, entries);
      if (text === null) entries.delete(key);
      else entries.set(key, { text, live });
    }
    this.counts.commits += 1;
    this.counts.writes += writes.length;
  }

  freeBytes(): number {
    return Number.POSITIVE_INFINITY;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #sorted(table: string): [string, Entry][] {
    return [...(this.#tables.get(table) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreFault('STORE_CLOSED', 'the store was closed');
  }
}
