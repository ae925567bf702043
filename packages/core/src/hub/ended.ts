/** What ended and left memory, by when it did: the order in which the store gives it up. */

/** Keys are {@link endedKey}; the records are empty and not live. */
export const ENDED_TABLE = 'ended';
/** What was deleted and when; kept for good. Keys are elapsed times like those of `ended`. */
export const DELETION_TABLE = 'deletion';

export type EndedKind = 'order' | 'part' | 'tombstone';

/** Keys of a table from `from` up to before `before`. */
export interface Range {
  table: string;
  from: string;
  before: string;
}

/** Everything that lies in the store of one ended thing, or as much as was looked for at once. */
export interface FoundEnded {
  /** Its key in the table `ended`. */
  entry: string;
  records: { table: string; key: string }[];
  isWhole: boolean;
}

export interface EndedSearch {
  found: FoundEnded[];
  /** Nothing that ended before that time is left. */
  isLast: boolean;
}

/** Things looked for at once, and records of them: one transaction deletes as many. */
const THINGS_MAX = 64;
const RECORDS_MAX = 256;
const DIGITS = 16;

/** Sorts by time. */
export function endedKey(atMs: number, kind: EndedKind, id: string): string {
  return `${timeKey(atMs)} ${kind} ${id}`;
}

export function timeKey(atMs: number): string {
  return String(Math.floor(atMs)).padStart(DIGITS, '0');
}

export function readEndedKey(key: string): { atMs: number; kind: EndedKind; id: string } {
  const [time = '', kind = '', ...id] = key.split(' ');
  return { atMs: Number(time), kind: kind as EndedKind, id: id.join(' ') };
}

/**
 * Asks a store, range after range, for what ended before `before`; drive it with what each scan of
 * at most `limit` records gave.
 */
export function* searchEnded(
  from: string,
  before: string,
): Generator<Range & { limit: number }, EndedSearch, readonly { key: string }[]> {
  const entries = yield { table: ENDED_TABLE, from, before, limit: THINGS_MAX };
  const found: FoundEnded[] = [];
  let left = RECORDS_MAX;
  for (const { key: entry } of entries) {
    const one: FoundEnded = { entry, records: [], isWhole: true };
    for (const range of rangesOf(entry)) {
      const records = yield { ...range, limit: left + 1 };
      one.isWhole = records.length <= left;
      for (const { key } of records.slice(0, left)) one.records.push({ table: range.table, key });
      left -= Math.min(left, records.length);
      if (!one.isWhole) break;
    }
    found.push(one);
    if (!one.isWhole) return { found, isLast: false };
  }
  return { found, isLast: entries.length < THINGS_MAX };
}

function rangesOf(entry: string): Range[] {
  const { kind, id } = readEndedKey(entry);
  const one = (table: string): Range => ({ table, from: id, before: `${id}\u0001` });
  if (kind !== 'order') return [one(kind), one(`${kind}-progress`)];
  return [
    one('order'),
    one('order-progress'),
    one('archive'),
    ...['agreement', 'agreement-progress', 'log-position'].map((table) => under(table, `${id}-`)),
    ...['log', 'life', 'usage', 'result'].map((table) => under(table, `${id}/`)),
  ];
}

function under(table: string, prefix: string): Range {
  const last = prefix.charCodeAt(prefix.length - 1);
  return { table, from: prefix, before: prefix.slice(0, -1) + String.fromCharCode(last + 1) };
}
