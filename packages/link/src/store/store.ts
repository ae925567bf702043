/** The durable side of a node: records by (table, key), written in one transaction per step. */
import type { Write } from '@sparegrid/core/units/write';

/** A durable record as the core gets it back. */
export interface StoredRecord {
  table: string;
  key: string;
  text: string;
}

/** Keys from `from` (inclusive) up to `before` (exclusive), in code-unit order. */
export interface KeyRange {
  table: string;
  from: string;
  before: string;
  /** At most this many records. */
  limit: number;
}

export interface StoreCounts {
  /** Transactions that became durable. */
  commits: number;
  /** Writes in them. */
  writes: number;
}

/**
 * One writer, any number of reads. Reads see what is committed, live or not. The same contract
 * suite runs on every store.
 */
export interface Store {
  readonly counts: StoreCounts;
  /** Every live record, ordered by table and key: what a restart needs. */
  load(): Promise<StoredRecord[]>;
  read(table: string, key: string): Promise<string | null>;
  scan(range: KeyRange): Promise<StoredRecord[]>;
  /**
   * Makes all writes durable, in their order, in one transaction.
   *
   * @throws StoreFault STORE_COMMIT: nothing was written and the process must end.
   */
  commit(writes: readonly Write[]): Promise<void>;
  /** Bytes free for more; infinite when nothing limits it. */
  freeBytes(): number;
  close(): Promise<void>;
}

/** The first key after every key that starts with `prefix`, which must end below U+FFFF. */
export function endOfPrefix(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
