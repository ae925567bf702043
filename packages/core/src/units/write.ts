/** Durable records as output of every step. */

/** One durable record: text under (table, key). `text` null deletes. */
export interface Write {
  table: string;
  key: string;
  text: string | null;
  /** False for records that no restart needs (ended, archived): kept for reading only. */
  live: boolean;
}

/** A record as a process finds it in its store when it starts. */
export interface StoredRecord {
  table: string;
  key: string;
  text: string;
}
