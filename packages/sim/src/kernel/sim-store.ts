/** The durable store of one node: what a commit wrote, and nothing else, is there after a crash. */
import type { Range } from '@sparegrid/core/hub/ended';
import type { Write } from '@sparegrid/core/step';

interface Row {
  table: string;
  key: string;
  text: string;
  live: boolean;
}

/** A store as it was at one moment. */
export type StoreCopy = ReadonlyMap<string, Row>;

export class SimStore {
  #rows = new Map<string, Row>();

  /** Applies one transaction. */
  commit(writes: readonly Write[]): void {
    for (const { table, key, text, live } of writes) {
      const name = `${table}\n${key}`;
      if (text === null) this.#rows.delete(name);
      else this.#rows.set(name, { table, key, text, live });
    }
  }

  copy(): StoreCopy {
    return new Map(this.#rows);
  }

  /** Everything since the copy is gone. */
  putBack(copy: StoreCopy): void {
    this.#rows = new Map(copy);
  }

  get(table: string, key: string): string | undefined {
    return this.#rows.get(`${table}\n${key}`)?.text;
  }

  /** Texts of a table whose keys begin with `prefix`, by key. */
  under(table: string, prefix: string): string[] {
    const start = `${table}\n${prefix}`;
    return [...this.#rows.entries()]
      .filter(([name]) => name.startsWith(start))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { text }]) => text);
  }

  /** Keys of a table in a range, by key. */
  scan({ table, from, before, limit }: Range & { limit: number }): { key: string }[] {
    return [...this.#rows.values()]
      .filter((row) => row.table === table && row.key >= from && row.key < before)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .slice(0, limit);
  }

  /** Records that a restart loads, ordered by table and key as a database would give them. */
  live(): { table: string; key: string; text: string }[] {
    return [...this.#rows.entries()]
      .filter(([, row]) => row.live)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { table, key, text }]) => ({ table, key, text }));
  }
}
