/** Long records of which little changes: written whole once, afterwards only their progress, beside. */
import { decodeStored } from './json.ts';
import type { StoredRecord } from './write.ts';

/**
 * A kind of such records. What was signed is written once, as the text that was signed; what that text
 * means is read from it again. Most of an order, an agreement or a part is signed text that never changes,
 * while its state changes several times: what changes lies in the table `<table>-progress`, under the
 * same key, and counts above what the whole record says. A record that left memory is whole again.
 */
export interface Kept<T extends object, P extends object = object> {
  readonly table: string;
  /** As it is written whole: without what its signed text says anyway. */
  writtenOf(record: T): object;
  /** What was written, with what its signed text says. */
  readFrom(written: object): T;
  progressOf(record: T): P;
  withProgress(whole: T, progress: P): T;
}

export function progressTableOf({ table }: { table: string }): string {
  return `${table}-progress`;
}

/** Records of that kind as they were when they were written last, by key. */
export function readKept<T extends object>(
  kind: Kept<T>,
  records: Iterable<StoredRecord>,
): Map<string, T> {
  const kept = new Map<string, T>();
  const progress: StoredRecord[] = [];
  const progressTable = progressTableOf(kind);
  for (const record of records) {
    if (record.table === kind.table) kept.set(record.key, kind.readFrom(decodeStored(record.text)));
    else if (record.table === progressTable) progress.push(record);
  }
  for (const { key, text } of progress) {
    const whole = kept.get(key);
    if (whole) kept.set(key, kind.withProgress(whole, decodeStored(text)));
  }
  return kept;
}
