/** Three hubs with their NATS servers, a lessor each, every one on a host of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { KEPT_AGREEMENT, KEPT_PART } from '@sparegrid/core/agreement/kept';
import type { Timing } from '@sparegrid/core/agreement/timing';
import type { HubStatus } from '@sparegrid/core/messages';
import { KEPT_ORDER } from '@sparegrid/core/order/kept';
import { hubOf } from '@sparegrid/core/units/ids';
import { progressTableOf, readKept } from '@sparegrid/core/units/kept';
import type { StoredRecord } from '@sparegrid/core/units/write';
import { natsTransport } from '@sparegrid/link/nats/nats-transport';
import type { Client } from '@sparegrid/sdk/client';
import { connect } from '@sparegrid/sdk/connect';
import { PrivatePostgres } from '../../packages/link/test/private-postgres.ts';
import { sendSignal } from '../send-signal.ts';
import { BedFiles, HUBS, LESSEES, LESSORS } from './bed-files.ts';
import { BedProcess } from './bed-process.ts';
import { type CutKind, Namespaces } from './namespaces.ts';
import type { HubRecords } from './recount.ts';

const PROGRAMS = {
  hub: fileURLToPath(new URL('../../packages/hub/src/main.ts', import.meta.url)),
  agent: fileURLToPath(new URL('../../packages/agent/src/main.ts', import.meta.url)),
};
const READY_MS = 60_000;

export interface BedSettings {
  timing?: Partial<Timing>;
  /** Hub h3 has its records in a database. */
  database?: boolean;
}

export class Bed {
  readonly directory = mkdtempSync('/tmp/sg-bed-');
  readonly #hosts = new Namespaces([...HUBS, ...LESSORS.map(({ id }) => hostOf(id))]);
  readonly #processes = new Map<string, BedProcess>();
  readonly #clients = new Map<string, Client>();
  #files!: BedFiles;
  #database: PrivatePostgres | null = null;
  #databaseName = '';

  static async open(settings: BedSettings = {}): Promise<Bed> {
    const bed = new Bed();
    try {
      await bed.#start(settings);
      return bed;
    } catch (error) {
      await bed.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await client.close();
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
    await this.#hosts.remove();
    await this.#database?.remove();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  /** Who orders at that hub. */
  client(hub: string): Client {
    return this.#clients.get(hub) as Client;
  }

  cut(from: string, to: string, kind: CutKind): void {
    this.#hosts.cut(hostOf(from), hostOf(to), kind);
  }

  heal(): void {
    this.#hosts.heal();
  }

  delay(host: string, ms: number): boolean {
    return this.#hosts.delay(host, ms);
  }

  /** To a hub, a lessor, `<hub> mesh`, `<hub> local` (its NATS servers) or `database`. */
  signal(victim: string, signal: NodeJS.Signals): void {
    const [node = '', door] = victim.split(' ');
    if (door === undefined) {
      this.#processes.get(node)?.signal(signal);
      return;
    }
    // It may just be on its way up.
    const pid = Number(readFileSync(this.#files.broker(node, door as 'mesh' | 'local'), 'utf8'));
    if (isNatsServer(pid)) sendSignal(pid, signal);
  }

  /** kill -9 of all processes of the database, and its next start; its hub ends by that. */
  async crashDatabase(): Promise<void> {
    const ended = this.#processes.get('h3')?.down();
    await this.#database?.crash();
    await this.#database?.run();
    await ended;
  }

  /** Resolves when every daemon serves. */
  async up(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.up()));
  }

  /** Everything that a daemon logged. */
  said(node: string): string {
    return this.#processes.get(node)?.said ?? '';
  }

  /** What the hub made durable, read beside it. */
  async recordsOf(hub: string): Promise<HubRecords> {
    const rows = await this.#rowsOf(hub);
    return {
      orders: [...readKept(KEPT_ORDER, rows).values()],
      agreements: [...readKept(KEPT_AGREEMENT, rows).values()],
      parts: [...readKept(KEPT_PART, rows).values()],
    };
  }

  async allRecords(): Promise<HubRecords[]> {
    return Promise.all(HUBS.map((hub) => this.recordsOf(hub)));
  }

  async statuses(): Promise<HubStatus[]> {
    return Promise.all(HUBS.map((hub) => this.client(hub).status({ timeoutMs: null })));
  }

  /** Every hub knows the same of every hub. */
  async panoramasAgree(): Promise<boolean> {
    const views = (await this.statuses()).map(({ parts }) =>
      JSON.stringify(
        parts
          .map(({ hub, epoch, revision, digest, stale }) => [hub, epoch, revision, digest, stale])
          .sort(),
      ),
    );
    return views.every((view) => view === views[0] && !view.includes('true'));
  }

  async #start({ timing = {}, database = false }: BedSettings): Promise<void> {
    const stores: Record<string, object> = {};
    if (database) {
      this.#database = await PrivatePostgres.start();
      const { host, port, user, database: name, password } = await this.#database.database();
      this.#databaseName = name;
      const url = `postgres://${user}@${encodeURIComponent(host)}:${port}/${name}`;
      const passwordFile = join(this.directory, 'password');

      writeFileSync(passwordFile, password ?? '', { mode: 0o600 });
      stores['h3'] = { kind: 'postgres', url, passwordFile };
    }
    const addressOf = (host: string) => this.#hosts.addressOf(host);
    const { directory } = this;
    this.#files = await BedFiles.write({ directory, addressOf, timing, stores });
    await Promise.all(HUBS.map((hub) => this.#run(hub, 'hub')));
    await Promise.all(LESSORS.map(({ id }) => this.#run(id, 'agent')));
    for (const lessee of LESSEES) this.#clients.set(hubOf(lessee), await this.#connect(lessee));
    const endMs = performance.now() + READY_MS;
    const ready = async () =>
      (await this.client('h1').offers()).length === LESSORS.length && this.panoramasAgree();
    while (!(await ready())) {
      if (performance.now() > endMs) throw new Error('the hubs do not come to agree');
    }
  }

  async #run(node: string, role: 'hub' | 'agent'): Promise<void> {
    const args = [PROGRAMS[role], '--config', this.#files.config(node)];
    const command = this.#hosts.command(hostOf(node), process.execPath, args);
    const started = new BedProcess(command, join(this.directory, `${node}.log`));
    this.#processes.set(node, started);
    await started.start();
  }

  #connect(lessee: string): Promise<Client> {
    const hub = hubOf(lessee);
    return connect({
      hub: { id: hub, publicKey: this.#files.publicKey(hub) },
      hubSocket: this.#files.url(hub, 'local'),
      transport: natsTransport({ node: lessee, tls: this.#files.tls(lessee, 'local') }),
      participant: lessee,
      privateKey: this.#files.key(lessee),
      network: this.#files.trust.anchor,
      timeoutMs: READY_MS,
    });
  }

  async #rowsOf(hub: string): Promise<StoredRecord[]> {
    const kinds = [KEPT_ORDER, KEPT_AGREEMENT, KEPT_PART];
    const names = kinds.flatMap((kind) => [`'${kind.table}'`, `'${progressTableOf(kind)}'`]);
    const query = `SELECT tbl AS "table", key, text FROM records WHERE tbl IN (${names})`;
    if (hub === 'h3' && this.#database) {
      return (await this.#database.execute(query, this.#databaseName)) as never;
    }
    const store = new DatabaseSync(this.#files.store(hub), { readOnly: true, timeout: 5_000 });
    try {
      return store.prepare(query).all() as never;
    } finally {
      store.close();
    }
  }
}

function hostOf(node: string): string {
  return node.replace('.', '-');
}

/** A process id alone may have gone to a stranger. */
function isNatsServer(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('nats-server');
  } catch {
    return false;
  }
}
