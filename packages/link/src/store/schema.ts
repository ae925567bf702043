/** The tables of a store and the numbered migrations that lead to them. */
import { type Kysely, sql } from 'kysely';

export interface StoreSchema {
  records: RecordTable;
  schema_version: { version: number };
}

/** `live` is 1 for records that a restart needs, 0 for those kept for reading only. */
export interface RecordTable {
  tbl: string;
  key: string;
  live: number;
  text: string;
}

/** The databases that a store may be in. */
export type Dialect = 'sqlite' | 'postgres';

type Migration = (db: Kysely<StoreSchema>, dialect: Dialect) => Promise<void>;

/**
 * Migration n leads from version n to n + 1. Only ever append: stores of every version exist.
 *
 * Records lie in an ordinary table: many are kilobytes long, for which a table without row ids
 * needs an overflow page each. The partial index keeps a restart from reading what is not live; in
 * SQLite it is in the order of writing: keys are digests, and an index by them costs a page of its own
 * for each new record, a third of all that a busy hub wrote.
 * Keys are ordered by their bytes in every database, whatever its language.
 */
export const MIGRATIONS: readonly Migration[] = [
  async (db, dialect) => {
    const keyType = dialect === 'postgres' ? sql`text collate "C"` : 'text';
    const records = db.schema
      .createTable('records')
      .addColumn('tbl', keyType, (column) => column.notNull())
      .addColumn('key', keyType, (column) => column.notNull())
      .addColumn('live', 'integer', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('records_pk', ['tbl', 'key']);
    await (dialect === 'sqlite' ? records.modifyEnd(sql`strict`) : records).execute();
    await db.schema
      .createIndex('records_live')
      .on('records')
      .columns(['tbl', 'key'])
      .where(sql.ref('live'), '=', 1)
      .execute();
  },
  async (db, dialect) => {
    if (dialect === 'postgres') return;
    await db.schema.dropIndex('records_live').execute();
    await db.schema
      .createIndex('records_live')
      .on('records')
      .column('live')
      .where(sql.ref('live'), '=', 1)
      .execute();
  },
];
