/** The devnet's own PostgreSQL server, when its hubs shall keep their records in databases. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HubId } from '@sparegrid/core/units/ids';
import { makeFolder } from '@sparegrid/link/make-folder';
import { freePorts } from '@sparegrid/link/nats/free-ports';
import { CliFault } from '../fault.ts';
import type { Layout } from './layout.ts';
import { HUBS } from './topology.ts';

export type DevnetStore = 'sqlite' | 'postgres';

const HOST = '127.0.0.1';
const USER = 'sparegrid';
const NOBODY = 65_534;

/** Beside the devnet's files; root's are elsewhere, as PostgreSQL runs as somebody who may not go there. */
export function databaseDirectory({ directory }: Layout): string {
  if (process.getuid?.() !== 0) return join(directory, 'postgres');
  return join(tmpdir(), `sparegrid-postgres-${hash('sha256', directory, 'hex').slice(0, 16)}`);
}

/**
 * One server with a database per hub, on loopback and with a password. It ends with this process,
 * however that ends, and is started again when it dies alone.
 */
export class DevnetDatabase {
  readonly #programs: string;
  readonly #directory: string;
  readonly #passwordFile: string;
  readonly #port: number;
  readonly #say: (text: string) => void;
  #server: ChildProcess | null = null;
  #stopping = false;

  private constructor(layout: Layout, programs: string, port: number, say: (text: string) => void) {
    this.#programs = programs;
    this.#directory = databaseDirectory(layout);
    this.#passwordFile = join(layout.directory, 'keys', 'database');
    this.#port = port;
    this.#say = say;
  }

  /** @throws CliFault CLI_DEVNET_FAILED when PostgreSQL is not installed, or does not come up */
  static async start(layout: Layout, say: (text: string) => void): Promise<DevnetDatabase> {
    const programs = programsFolder();
    if (programs === null) {
      const hint =
        'PostgreSQL is not installed (Debian: apt-get install postgresql). Install it, or leave out --store postgres.';
      throw new CliFault('CLI_DEVNET_FAILED', hint, 'failed');
    }
    const [port = 0] = await freePorts(1);
    const database = new DevnetDatabase(layout, programs, port, say);
    try {
      makeFolder(join(layout.directory, 'keys'), 0o700);
      database.#initialize();
      await database.#run();
      for (const hub of HUBS) database.#create(hub);
      return database;
    } catch (cause) {
      await database.stop();
      const hint = `PostgreSQL in ${database.#directory}: ${(cause as Error).message}`;
      throw new CliFault('CLI_DEVNET_FAILED', hint, 'failed', cause);
    }
  }

  /** What stands for the store in the configuration file of the hub. */
  store(hub: HubId): object {
    const url = `postgres://${USER}@${HOST}:${this.#port}/${hub}`;
    return { kind: 'postgres', url, passwordFile: this.#passwordFile };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGINT');
    await exited;
  }

  /** For those who cannot wait. */
  kill(): void {
    this.#stopping = true;
    this.#server?.kill('SIGQUIT');
  }

  #initialize(): void {
    if (existsSync(join(this.#directory, 'data', 'PG_VERSION'))) return;
    rmSync(this.#directory, { recursive: true, force: true });
    mkdirSync(this.#directory, { mode: 0o700 });
    const password = randomBytes(24).toString('base64url');
    writeFileSync(this.#passwordFile, password, { mode: 0o600 });
    // `initdb` reads it as the one that owns the data.
    const copy = join(this.#directory, 'password');
    writeFileSync(copy, password, { mode: 0o600 });
    const { uid, gid } = owner();
    if (uid !== undefined && gid !== undefined) {
      for (const path of [this.#directory, copy]) chownSync(path, uid, gid);
    }
    const data = ['-D', join(this.#directory, 'data'), '-E', 'UTF8', '--locale=C.UTF-8'];
    const access = ['-U', USER, '--pwfile', copy, '--auth', 'scram-sha-256'];
    execFileSync(join(this.#programs, 'initdb'), [...data, ...access], {
      ...owner(),
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    rmSync(copy);
    chmodSync(this.#directory, 0o700);
  }

  async #run(): Promise<void> {
    const where = ['-D', join(this.#directory, 'data'), '-k', '', '-p', String(this.#port)];
    const how = ['-c', `listen_addresses=${HOST}`, '-c', 'max_connections=60'];
    const program = join(this.#programs, 'postgres');
    const child = spawn('setpriv', ['--pdeathsig', 'QUIT', program, ...where, ...how], {
      ...owner(),
      cwd: '/',
      env: { LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#server = child;
    const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
    let last = 'it ended';
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(last)));
      lines.on('line', (line) => {
        last = line;
        if (line.includes('ready to accept connections')) resolve();
      });
    });
    child.once('exit', () => this.#ended());
  }

  #ended(): void {
    if (this.#stopping) return;
    this.#say('PostgreSQL ended; it starts again, and so do the hubs.');
    this.#run().catch((error: Error) => this.#say(`PostgreSQL does not start: ${error.message}`));
  }

  #create(hub: HubId): void {
    const login = ['-h', HOST, '-p', String(this.#port), '-U', USER, '--maintenance-db=postgres'];
    const made = spawnSync(join(this.#programs, 'createdb'), [...login, hub], {
      env: { PGPASSWORD: readFileSync(this.#passwordFile, 'utf8'), LC_ALL: 'C.UTF-8' },
      encoding: 'utf8',
    });
    if (made.status !== 0 && !made.stderr.includes('already exists')) throw new Error(made.stderr);
  }
}

/** The folder of `initdb` and `postgres`, of the newest version; null when there is none. */
function programsFolder(): string | null {
  const versions = globSync('/usr/lib/postgresql/*/bin').sort(
    (a, b) => Number.parseInt(b.slice(20), 10) - Number.parseInt(a.slice(20), 10),
  );
  const folders = [...versions, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

/** PostgreSQL refuses to run as root. */
function owner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => {
    const { stdout, status } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : NOBODY;
  };
  return { uid: idOf('-u'), gid: idOf('-g') };
}
