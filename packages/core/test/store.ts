/** A store for tests: what was committed, and what a restart loads of it. */
import type { Range } from '../src/hub/ended.ts';
import type { StoredRecord } from '../src/hub/hub-core.ts';
import type { Write } from '../src/units/write.ts';

export class Store {
  readonly #records = new Map<string, Write>();

  commit(writes: readonly Write[]): void {
    for (const write of writes) {
      const key = `${write.table} ${write.key}`;
      if (write.text === null) this.#records.delete(key);
      else this.#records.set(key, write);
    }
  }

  /** A backup as of now. */
  copy(): Store {
    const copy = new Store();
    for (const [key, write] of this.#records) copy.#records.set(key, write);
    return copy;
  }

  get(table: string, key: string): string | null | undefined {
    return this.#records.get(`${table} ${key}`)?.text;
  }

  keys(table: string): string[] {
    return [...this.#records.values()].filter((one) => one.table === table).map(({ key }) => key);
  }

  scan({ table, from, before, limit }: Range & { limit: number }): { key: string }[] {
    return this.keys(table)
      .filter((key) => key >= from && key < before)
      .sort()
      .slice(0, limit)
      .map((key) => ({ key }));
  }

  /** Every record with its table and key, live or not. */
  texts(): string[] {
    return [...this.#records].map(([key, { text }]) => `${key} ${text}`);
  }

  /** What a process reads at its start. */
  live(): StoredRecord[] {
    return [...this.#records.values()].flatMap(({ table, key, text, live }) =>
      live && text !== null ? [{ table, key, text }] : [],
    );
  }
}
