/** Lets Kysely speak to PostgreSQL. */
import { Kysely, PostgresDialect } from 'kysely';
import { type Client, Pool } from 'pg';
import { clientConfig, type PostgresSettings } from './postgres-session.ts';
import type { StoreSchema } from './schema.ts';

/** A query builder over this session alone, one statement after the other; destroying it leaves it open. */
export function kyselyOverSession(client: Client): Kysely<StoreSchema> {
  const connection = { query: client.query.bind(client), release: () => {} };
  const pool = { connect: async () => connection, end: async () => {}, options: {} };
  return new Kysely<StoreSchema>({ dialect: new PostgresDialect({ pool }) });
}

/** Reads at once; more wait. */
const CONNECTIONS_MAX = 2;

/**
 * A query builder over connections of its own; destroying it closes them.
 *
 * @param onLost  an idle connection broke.
 */
export function kyselyOverPostgres(
  settings: PostgresSettings,
  name: string,
  onLost: (error: Error) => void,
): Kysely<StoreSchema> {
  const pool = new Pool({ ...clientConfig(settings, name), max: CONNECTIONS_MAX });
  pool.on('error', onLost);
  return new Kysely<StoreSchema>({ dialect: new PostgresDialect({ pool }) });
}
