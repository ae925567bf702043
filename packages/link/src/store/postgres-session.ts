/** Connections to a PostgreSQL server, and what its errors mean for a store. */
import { Client, type ClientConfig, DatabaseError } from 'pg';
import { StoreFault, type StoreFaultCode } from './fault.ts';

/** Where the database is and how to get in. */
export interface PostgresSettings {
  /** Name or address; a path is the directory of a Unix socket. */
  host: string;
  port: number;
  database: string;
  user: string;
  /** Null: what `PGPASSWORD` says, or none. */
  password: string | null;
  /** Null: unencrypted. The server's certificate must fit its name and the given or known CAs. */
  tls: { ca: string | null; cert: string | null; key: string | null } | null;
  /** A process that does not renew the lease for this long is replaced. */
  leaseMs: number;
  /** A database that does not answer for this long counts as gone. */
  answerMs: number;
}

/**
 * Set for each connection, whatever the server's defaults are: a commit must be on disk when it is
 * acknowledged, and a fence that another process raised must be seen by the row lock that waited
 * for it. Plans of the few statements are by key: a table grows faster than its statistics. None takes
 * as long as compiling it would, which the server does by a plan's cost: where nothing but a scan will
 * do, as for the one row of the lease, that cost is as high as the other options set it. A standby's
 * looks took half a core of the server.
 */
const SESSION_OPTIONS = [
  'synchronous_commit=on',
  'default_transaction_isolation=read\\ committed',
  'default_transaction_read_only=off',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'jit=off',
];

export function clientConfig(settings: PostgresSettings, name: string): ClientConfig {
  const { host, port, database, user, password, tls, answerMs } = settings;
  return {
    host,
    port,
    database,
    user,
    password: password ?? undefined,
    ssl: tls
      ? {
          ca: tls.ca ?? undefined,
          cert: tls.cert ?? undefined,
          key: tls.key ?? undefined,
          rejectUnauthorized: true,
        }
      : false,
    enableChannelBinding: true,
    application_name: name,
    options: SESSION_OPTIONS.map((option) => `-c ${option}`).join(' '),
    connectionTimeoutMillis: answerMs,
    query_timeout: answerMs,
    keepAlive: true,
  };
}

/** @throws StoreFault STORE_OPEN */
export async function openClient(settings: PostgresSettings, name: string): Promise<Client> {
  const client = new Client(clientConfig(settings, name));
  // Until somebody else listens; a query under way is rejected besides.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw new StoreFault('STORE_OPEN', `${nameOf(settings)}: ${messageOf(error)}`, error);
  }
}

/** The database as people know it, without secrets. */
export function nameOf({ user, host, port, database }: PostgresSettings): string {
  return `database ${database} of ${user} at ${host}:${port}`;
}

/** What a failed statement means for the store. */
export function faultOf(error: unknown): StoreFault {
  if (error instanceof StoreFault) return error;
  return new StoreFault(codeOf(error), messageOf(error), error);
}

/**
 * An error that the server answered with rolled the transaction back. Everything else, and a server
 * that is shutting down or may not write any more, leaves open what became of it.
 */
function codeOf(error: unknown): StoreFaultCode {
  if (!(error instanceof DatabaseError)) return 'STORE_LOST';
  const { code = '' } = error;
  if (code === DISK_FULL) return 'STORE_FULL';
  return code.startsWith('57P') || code.startsWith('08') || code === READ_ONLY
    ? 'STORE_LOST'
    : 'STORE_COMMIT';
}

const DISK_FULL = '53100';
const READ_ONLY = '25006';

function messageOf(error: unknown): string {
  if (error instanceof DatabaseError) return `${error.message} (SQLSTATE ${error.code}).`;
  // Connecting to several addresses of one name fails with an error for each and no text.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(' ');
  return error instanceof Error ? `${error.message}.` : String(error);
}
