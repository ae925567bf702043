/** Reads records from a database, the same way from each. */
import { type Kysely, sql } from 'kysely';
import type { StoreSchema } from './schema.ts';
import type { KeyRange, StoredRecord } from './store.ts';

/** Records fetched at once: a large store shall not be in memory twice. */
const LOAD_ROWS = 10_000;

/** Every live record, ordered by table and key. */
export async function liveRecords(db: Kysely<StoreSchema>): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (let last: StoredRecord | undefined, more = true; more; last = records.at(-1)) {
    const rows = await liveAfter(db, last).execute();
    for (const row of rows) records.push(row);
    more = rows.length === LOAD_ROWS;
  }
  return records;
}

function liveAfter(db: Kysely<StoreSchema>, last: StoredRecord | undefined) {
  const live = db
    .selectFrom('records')
    .select(['tbl as table', 'key', 'text'])
    // As a literal: no database uses a partial index for a value that it does not know yet.
    .where('live', '=', sql.lit(1))
    .orderBy('tbl')
    .orderBy('key')
    .limit(LOAD_ROWS);
  if (last === undefined) return live;
  return live.where((eb) => eb(eb.refTuple('tbl', 'key'), '>', eb.tuple(last.table, last.key)));
}

/** The same out of SQLite, whose index of live records goes by their row ids. */
export async function liveRecordsByRow(db: Kysely<StoreSchema>): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  const rowId = sql<number>`rowid`;
  for (let last = 0, more = true; more; ) {
    const rows = await db
      .selectFrom('records')
      .select(['tbl as table', 'key', 'text', rowId.as('row')])
      .where('live', '=', sql.lit(1))
      .where(rowId, '>', last)
      .orderBy(rowId)
      .limit(LOAD_ROWS)
      .execute();
    for (const { table, key, text } of rows) records.push({ table, key, text });
    last = rows.at(-1)?.row ?? last;
    more = rows.length === LOAD_ROWS;
  }
  return records.sort((a, b) => compareTexts(a.table, b.table) || compareTexts(a.key, b.key));
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export async function recordText(
  db: Kysely<StoreSchema>,
  table: string,
  key: string,
): Promise<string | null> {
  const row = await db
    .selectFrom('records')
    .select('text')
    .where('tbl', '=', table)
    .where('key', '=', key)
    .executeTakeFirst();
  return row?.text ?? null;
}

export async function recordsIn(
  db: Kysely<StoreSchema>,
  { table, from, before, limit }: KeyRange,
): Promise<StoredRecord[]> {
  return db
    .selectFrom('records')
    .select(['tbl as table', 'key', 'text'])
    .where('tbl', '=', table)
    .where('key', '>=', from)
    .where('key', '<', before)
    .orderBy('key')
    .limit(limit)
    .execute();
}
