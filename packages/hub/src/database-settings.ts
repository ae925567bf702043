/** The part of a hub's configuration file that names its PostgreSQL database. */
import { readFileSync, statSync } from 'node:fs';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import { filePath } from '@sparegrid/link/daemon/node-settings';
import type { PostgresSettings } from '@sparegrid/link/store/postgres-session';
import { z } from 'zod';

const POSTGRES_PORT = 5_432;
const LEASE_MS = 2_000;
const ANSWER_MS = 10_000;

type Address = Pick<PostgresSettings, 'host' | 'port' | 'database' | 'user'>;

/** `postgres://USER@HOST:PORT/DATABASE`; the host may be the `%2F`-encoded directory of a socket. */
const databaseUrl = z.string().transform((text, context): Address => {
  const parsed = addressOf(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({ code: 'custom', message: parsed });
  return z.NEVER;
});

export const databaseSchema = z.strictObject({
  kind: z.literal('postgres'),
  url: databaseUrl,
  /** Else the environment's `PGPASSWORD` counts. */
  passwordFile: filePath.optional(),
  /** Without it: verified TLS, except to this very machine. */
  tls: z
    .union([
      z.literal('off'),
      z.strictObject({
        caFile: filePath.optional(),
        certFile: filePath.optional(),
        keyFile: filePath.optional(),
      }),
    ])
    .optional(),
  /** A standby takes over when the serving process has not renewed its lease for this long. */
  leaseMs: z.int().min(500).max(600_000).default(LEASE_MS),
  /** A database that does not answer for this long counts as gone. */
  answerMs: z.int().min(1_000).max(600_000).default(ANSWER_MS),
});

/** @throws ConfigFault CONFIG_FILE */
export function databaseSettings(
  { url, passwordFile, tls, leaseMs, answerMs }: z.infer<typeof databaseSchema>,
  path: (path: string) => string,
): PostgresSettings {
  const text = (file: string | undefined) => (file === undefined ? null : read(path(file)));
  const secret = (file: string | undefined) => (file === undefined ? null : readSecret(path(file)));
  const files = tls === undefined && isLocal(url.host) ? 'off' : (tls ?? {});
  return {
    ...url,
    password: secret(passwordFile)?.replace(/\r?\n$/, '') ?? null,
    tls:
      files === 'off'
        ? null
        : { ca: text(files.caFile), cert: text(files.certFile), key: secret(files.keyFile) },
    leaseMs,
    answerMs,
  };
}

/** Or what is wrong with it. */
function addressOf(text: string): Address | string {
  const form = 'expected postgres://USER@HOST:PORT/DATABASE';
  if (!URL.canParse(text)) return form;
  const { protocol, hostname, port, pathname, username, password, search, hash } = new URL(text);
  if (password !== '') return 'a password does not belong here: use passwordFile or PGPASSWORD';
  if (search !== '' || hash !== '') return `${form}, without options`;
  const [host, user, database] = [hostname, username, pathname.slice(1)].map(decodeURIComponent);
  const isPostgres = protocol === 'postgres:' || protocol === 'postgresql:';
  if (!isPostgres || !host || !user || !database || database.includes('/')) return form;
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return { host: bare, port: port === '' ? POSTGRES_PORT : Number(port), user, database };
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function readSecret(path: string): string {
  const text = read(path);
  if ((statSync(path).mode & 0o007) === 0) return text;
  throw new ConfigFault('CONFIG_FILE', `${path}: everybody can read it; chmod o-rwx.`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigFault('CONFIG_FILE', path, cause);
  }
}
