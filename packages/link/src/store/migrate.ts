/** Brings a store to the present schema, one transaction per migration. */
import type { Kysely, Transaction } from 'kysely';
import { StoreFault } from './fault.ts';
import { type Dialect, MIGRATIONS, type StoreSchema } from './schema.ts';

export interface MigrateOptions {
  dialect: Dialect;
  /** Called first in each transaction; throws when this process may not write any more. */
  guard?(transaction: Transaction<StoreSchema>): Promise<void>;
}

/**
 * Safe against a crash anywhere: the version rises in the transaction of the migration itself.
 *
 * @throws StoreFault STORE_NEWER_SCHEMA when a later program wrote the store; nothing is changed.
 */
export async function migrate(
  db: Kysely<StoreSchema>,
  { dialect, guard }: MigrateOptions,
): Promise<void> {
  await db.schema
    .createTable('schema_version')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute();
  const row = await db.selectFrom('schema_version').select('version').executeTakeFirst();
  const found = row?.version ?? 0;
  refuseNewerSchema(found);
  for (const [index, up] of MIGRATIONS.entries()) {
    if (index < found) continue;
    await db.transaction().execute(async (transaction) => {
      await guard?.(transaction);
      await up(transaction, dialect);
      await transaction.deleteFrom('schema_version').execute();
      await transaction
        .insertInto('schema_version')
        .values({ version: index + 1 })
        .execute();
    });
  }
}

/** @param found  version of a store: how many migrations it has seen. @throws STORE_NEWER_SCHEMA */
export function refuseNewerSchema(found: number): void {
  if (found <= MIGRATIONS.length) return;
  throw new StoreFault(
    'STORE_NEWER_SCHEMA',
    `It has schema ${found}, this program knows up to ${MIGRATIONS.length}.`,
  );
}
