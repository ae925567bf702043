/** A PostgreSQL server of a test's own: in a directory that goes with it, on loopback only. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';
import { Client, type QueryResult } from 'pg';
import { freePorts } from '../src/nats/free-ports.ts';
import type { PostgresSettings } from '../src/store/postgres-session.ts';

const USER = 'sparegrid';
const PASSWORD = 'a password for tests';
/** Between kills: nobody tells a bystander that a stranger's process is gone. */
const LOOK_MS = 2;

/** The directory of `initdb` and `postgres`, of the newest version; null when there is none. */
export function postgresPrograms(): string | null {
  const versions = globSync('/usr/lib/postgresql/*/bin').sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const candidates = [...versions.reverse(), ...(process.env['PATH'] ?? '').split(delimiter)];
  return candidates.find((folder) => globSync(join(folder, 'initdb')).length > 0) ?? null;
}

/** True when tests with a database can run here; else says loudly that they do not. */
export function hasPostgres(): boolean {
  const found = postgresPrograms() !== null;
  if (!found) {
    process.stderr.write(
      '\nNOT TESTED: everything with PostgreSQL, no initdb is found (Debian: apt install postgresql)\n',
    );
  }
  return found;
}

export class PrivatePostgres {
  readonly directory: string;
  readonly port: number;
  readonly #programs: string;
  readonly #owner: { uid?: number; gid?: number };
  #server: ChildProcess | null = null;
  #databases = 0;

  private constructor(programs: string, directory: string, port: number) {
    this.#programs = programs;
    this.directory = directory;
    this.port = port;
    this.#owner = unprivileged();
  }

  /** @param options  for the server, such as `fsync=off`. */
  static async start(options: readonly string[] = []): Promise<PrivatePostgres> {
    const programs = postgresPrograms();
    if (programs === null) throw new Error('no initdb is found');
    const directory = mkdtempSync(join(tmpdir(), 'sparegrid-postgres-'));
    const [port = 0] = await freePorts(1);
    const server = new PrivatePostgres(programs, directory, port);
    try {
      server.#initialize();
      await server.run(options);
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** A new, empty database; connections go over the Unix socket. */
  async database(more: Partial<PostgresSettings> = {}): Promise<PostgresSettings> {
    this.#databases += 1;
    const settings = this.settings(`test${this.#databases}`);
    await this.execute(`CREATE DATABASE ${settings.database}`, 'postgres');
    return { ...settings, ...more };
  }

  settings(database: string): PostgresSettings {
    return {
      host: this.directory,
      port: this.port,
      database,
      user: USER,
      password: PASSWORD,
      tls: null,
      leaseMs: 1_000,
      answerMs: 10_000,
    };
  }

  /** Runs statements in a session of their own and returns the rows of the last one. */
  async execute(statements: string, database: string): Promise<Record<string, unknown>[]> {
    const { host, port, user, password } = this.settings(database);
    const client = new Client({ host, port, user, database, password: password ?? '' });
    await client.connect();
    try {
      const results: QueryResult | QueryResult[] = await client.query(statements);
      return (Array.isArray(results) ? results.at(-1) : results)?.rows ?? [];
    } finally {
      await client.end();
    }
  }

  /** Starts the server over its data; resolves when it accepts connections. */
  async run(options: readonly string[] = []): Promise<void> {
    const own = ['listen_addresses=127.0.0.1', 'max_connections=60', ...options];
    const server = ['-D', join(this.directory, 'data'), '-k', this.directory];
    const args = [...server, '-p', String(this.port), ...own.flatMap((option) => ['-c', option])];
    // Ends with the test, however that ends.
    const tied = ['--pdeathsig', 'QUIT', join(this.#programs, 'postgres'), ...args];
    const child = spawn('setpriv', tied, {
      ...this.#owner,
      cwd: '/',
      env: { LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#server = child;
    const said: string[] = [];
    const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`postgres ended:\n${said.join('\n')}`)));
      lines.on('line', (line) => {
        said.push(line);
        if (line.includes('ready to accept connections')) resolve();
      });
    });
  }

  /** Ends the server as its operator does: its sessions are cut off. */
  async halt(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGINT');
    await exited;
  }

  /** kill -9 of the server and of every process of it; resolves when none is left. */
  async crash(): Promise<void> {
    this.#server = null;
    for (let pids = this.#processes(); pids.length > 0; pids = this.#processes()) {
      for (const pid of pids) killed(pid);
      await after(LOOK_MS);
    }
  }

  /** The server first: it starts others again. All of them work in the directory of its data. */
  #processes(): number[] {
    const data = join(this.directory, 'data');
    const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
    const own = pids.filter((pid) => workingDirectoryOf(pid) === data).map(Number);
    return own.sort((a, b) => a - b);
  }

  async remove(): Promise<void> {
    await this.crash();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A certificate for `localhost` that the server shows; returns it as its own CA. */
  certify(): string {
    const [key, cert] = [join(this.directory, 'tls.key'), join(this.directory, 'tls.pem')];
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const files = ['-keyout', key, '-out', cert];
    const made = spawnSync('openssl', ['req', '-x509', ...kind, ...name, ...files]);
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
    for (const file of [key, cert]) this.#give(file);
    return cert;
  }

  #initialize(): void {
    const password = join(this.directory, 'password');
    writeFileSync(password, PASSWORD);
    this.#give(this.directory);
    this.#give(password);
    const data = ['-D', join(this.directory, 'data'), '--no-sync', '-E', 'UTF8'];
    const access = ['-U', USER, '--pwfile', password, '--auth', 'scram-sha-256'];
    execFileSync(join(this.#programs, 'initdb'), [...data, '--locale=C.UTF-8', ...access], {
      ...this.#owner,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  #give(path: string): void {
    const { uid, gid } = this.#owner;
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    if (path !== this.directory) chmodSync(path, 0o600);
  }
}

/** Null of a process that is gone, or nearly so. */
function workingDirectoryOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => {
    const { stdout, status } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : 65_534;
  };
  return { uid: idOf('-u'), gid: idOf('-g') };
}
