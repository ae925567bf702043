/** Brings a store to the present schema, one transaction per migration. */
import type { Kysely } from 'kysely';
import { StoreFault } from './fault.ts';
import { MIGRATIONS, type StoreSchema } from './schema.ts';

/**
 * Safe against a crash anywhere: the version rises in the transaction of the migration itself.
 *
 * @throws StoreFault STORE_NEWER_SCHEMA when a later program wrote the store; nothing is changed.
 */
export async function migrate(db: Kysely<StoreSchema>): Promise<void> {
  await db.schema
    .createTable('schema_version')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute();
  const row = await db.selectFrom('schema_version').select('version').executeTakeFirst();
  const found = row?.version ?? 0;
  if (found > MIGRATIONS.length) {
    throw new StoreFault(
      'STORE_NEWER_SCHEMA',
      `It has schema ${found}, this program knows up to ${MIGRATIONS.length}.`,
    );
  }
  if (!row) await db.insertInto('schema_version').values({ version: 0 }).execute();
  for (const [index, up] of MIGRATIONS.entries()) {
    if (index < found) continue;
    await db.transaction().execute(async (transaction) => {
      await up(transaction);
      await transaction
        .updateTable('schema_version')
        .set({ version: index + 1 })
        .execute();
    });
  }
}
