/** Lets Kysely speak to Node's own SQLite. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { StoreSchema } from './schema.ts';

/** A query builder over an open database; destroying it closes the database. */
export function kyselyOver(database: DatabaseSync): Kysely<StoreSchema> {
  return new Kysely<StoreSchema>({
    dialect: new SqliteDialect({
      database: {
        close: () => database.close(),
        prepare: (query) => {
          const statement = database.prepare(query);
          return {
            reader: statement.columns().length > 0,
            all: (values) => statement.all(...inputs(values)),
            run: (values) => statement.run(...inputs(values)),
            iterate: (values) => statement.iterate(...inputs(values)),
          };
        },
      },
    }),
  });
}

function inputs(values: readonly unknown[]): SQLInputValue[] {
  return values as SQLInputValue[];
}
