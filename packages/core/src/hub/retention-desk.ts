/** Deletes what ended long ago from the store: orders with their output, parts, tombstones. */
import type { HubContext } from './context.ts';
import {
  DELETION_TABLE,
  ENDED_TABLE,
  type EndedKind,
  type EndedSearch,
  readEndedKey,
  timeKey,
} from './ended.ts';

/** Durable; table `deletion`: what one transaction deleted. */
export interface DeletionRecord {
  /** Wall time. */
  atMs: number;
  /** Kind and id of each. */
  deleted: string[];
  /** Records that lay under them. */
  records: number;
}

const EVERY_MS = 3_600_000;

/**
 * Only what left memory is ever looked for: an order once nothing of its leases is open, a part once
 * it was settled, a tombstone once nobody can ask for it any more; and `recordKeepMs` have passed
 * since. Elapsed time counts, so a wrong clock deletes nothing.
 */
export class RetentionDesk {
  readonly #context: HubContext;
  #lastMs = -1;
  #sameMs = 0;
  readonly #isInUse: (kind: EndedKind, id: string) => boolean;

  constructor(context: HubContext, isInUse: (kind: EndedKind, id: string) => boolean) {
    this.#context = context;
    this.#isInUse = isInUse;
    this.#sleep();
  }

  get #keepMs(): number {
    return this.#context.config.limits.recordKeepMs;
  }

  #sleep(): void {
    const { elapsedMs } = this.#context.now();
    const everyMs = Math.max(1_000, Math.min(EVERY_MS, Math.floor(this.#keepMs / 8)));
    this.#context.wakeAt('retention', elapsedMs + everyMs);
  }

  wake(): void {
    this.#search('');
  }

  #search(from: string): void {
    const before = timeKey(Math.max(0, this.#context.now().elapsedMs - this.#keepMs));
    if (from >= before) return this.#sleep();
    this.#context.out.effect({ kind: 'find-ended', from, before });
  }

  /** In one transaction with the note of it. */
  found({ found, isLast }: EndedSearch): void {
    const { elapsedMs, wallMs } = this.#context.now();
    const record: DeletionRecord = { atMs: wallMs, deleted: [], records: 0 };
    let from = '';
    for (const { entry, records, isWhole } of found) {
      const { atMs, kind, id } = readEndedKey(entry);
      const isDue = atMs <= elapsedMs - this.#keepMs && !this.#isInUse(kind, id);
      from = isDue && !isWhole ? entry : `${entry}\u0001`;
      if (!isDue) continue;
      for (const { table, key } of records) this.#context.out.remove(table, key);
      record.records += records.length;
      if (!isWhole) continue;
      this.#context.out.remove(ENDED_TABLE, entry);
      record.deleted.push(`${kind} ${id}`);
    }
    if (record.records > 0 || record.deleted.length > 0) {
      this.#context.put(DELETION_TABLE, this.#nextKey(), record, false);
    }
    if (isLast) return this.#sleep();
    this.#search(from);
  }

  /** Several may be written within one millisecond, of one life or the other. */
  #nextKey(): string {
    const { elapsedMs } = this.#context.now();
    this.#sameMs = elapsedMs === this.#lastMs ? this.#sameMs + 1 : 0;
    this.#lastMs = elapsedMs;
    return `${timeKey(elapsedMs)} ${this.#context.epoch} ${this.#sameMs}`;
  }
}
