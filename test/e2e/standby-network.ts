/** Hub h1 as two processes over one database, hub h2 on a file, and lessors at both. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DEFAULT_TIMING } from '@sparegrid/core/agreement/timing';
import { connectAny } from '@sparegrid/link/connect-any';
import { TestAuthority } from '@sparegrid/link/identity/certificates-for-tests';
import { Trust } from '@sparegrid/link/identity/trust-for-tests';
import {
  encodeKey,
  generateKey,
  generateSealKey,
  publicKeyOf,
  saveKey,
  sealPublicKeyOf,
} from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { freePorts } from '@sparegrid/link/nats/free-ports';
import { natsTransport, type TlsFiles } from '@sparegrid/link/nats/nats-transport';
import type { Transport } from '@sparegrid/link/transport';
import type { Client } from '@sparegrid/sdk/client';
import { connect } from '@sparegrid/sdk/connect';
import { connectHttp } from '@sparegrid/sdk/connect-http';
import { type Running, startLessor } from '@sparegrid/sim/replay/lessor';
import { offerOf, specOf } from '../../bench/e2e/machine.ts';
import { PrivatePostgres } from '../../packages/link/test/private-postgres.ts';
import { CutProxy } from './cut-proxy.ts';

const MAIN = fileURLToPath(new URL('../../packages/hub/src/main.ts', import.meta.url));
const ORGANIZATION = { id: 'LEI1', name: 'One', kind: 'company' } as const;
const LEASE_MS = 1_500;

export type ProcessName = 'h1-a' | 'h1-b' | 'h2';
const PROCESSES: readonly ProcessName[] = ['h1-a', 'h1-b', 'h2'];
const LESSORS = ['p1.h1', 'p2.h1', 'p1.h2', 'p2.h2'];
const LESSEE = 'lessee.h1';
const NODES = ['h1', 'h2', LESSEE, ...LESSORS];
const HOST = '127.0.0.1';
const DOORS = ['mesh', 'local'] as const;
const PORTS = [...DOORS, 'http'] as const;

type Door = (typeof DOORS)[number];
export type Links = 'sockets' | 'nats';

interface HubProcess {
  child: ChildProcess;
  /** Resolves when it serves. */
  ready: Promise<void>;
  /** Resolves when it waits for the one that serves to end. */
  waiting: Promise<void>;
  ended: Promise<{ code: number | null; said: string }>;
}

export class StandbyNetwork {
  readonly #directory = mkdtempSync(join(tmpdir(), 'sg-standby-'));
  readonly #keys = new Map<string, KeyObject>();
  readonly #processes = new Map<ProcessName, HubProcess>();
  readonly #proxies = new Map<ProcessName, CutProxy>();
  readonly #lessors: Running[] = [];
  readonly #trust = new Trust();
  readonly #database: PrivatePostgres;
  readonly #links: Links;
  /** Over NATS only. */
  readonly #tls = new Map<string, TlsFiles>();
  readonly #ports = new Map<string, number>();

  private constructor(database: PrivatePostgres, links: Links) {
    this.#database = database;
    this.#links = links;
  }

  static async open(links: Links): Promise<StandbyNetwork> {
    const network = new StandbyNetwork(await PrivatePostgres.start(), links);
    if (links === 'nats') await network.#prepareNats();
    await network.#prepare();
    return network;
  }

  /** Starts the process anew. */
  start(name: ProcessName): HubProcess {
    const child = spawn(process.execPath, [MAIN, '--config', this.#path(`${name}.json`)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let said = '';
    const waiting = new Promise<void>((resolve) => {
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('hub.waiting')) resolve();
      });
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const ended = once(child, 'close').then(([code]) => ({ code, said }));
    const ready = once(lines, 'line').then(() => {});
    const started: HubProcess = { child, ended, ready, waiting };
    this.#processes.set(name, started);
    return started;
  }

  /** The process as it was started last. */
  process(name: ProcessName): HubProcess {
    const found = this.#processes.get(name);
    if (!found) throw new Error(`${name} was not started`);
    return found;
  }

  /** Between this process and the database. */
  proxy(name: ProcessName): CutProxy {
    const found = this.#proxies.get(name);
    if (!found) throw new Error(`${name} has no database`);
    return found;
  }

  async startLessors(): Promise<void> {
    for (const id of LESSORS) {
      const hub = id.slice(-2);
      const publicKey = this.#publicKey(hub);
      this.#lessors.push(
        await startLessor({
          config: {
            id,
            hub: { id: hub, publicKey },
            organization: ORGANIZATION,
            collect: 'push',
            timing: DEFAULT_TIMING,
            keys: this.#trust.chainOf(id, {
              signKey: this.#publicKey(id),
              sealKey: sealPublicKeyOf(generateSealKey()),
            }),
          },
          key: this.#key(id),
          spec: specOf(ORGANIZATION),
          offer: offerOf(Date.now()),
          transport: toAll(this.#transportOf(id), this.#doorsOf(hub, 'local')),
          hubDoor: hub,
          onFault: (error) => {
            throw error;
          },
        }),
      );
    }
  }

  /** Over NATS, clients use HTTP as the command line does. */
  connect(): Promise<Client> {
    if (this.#links === 'nats') {
      return connectHttp({
        url: this.#serving('h1').map((name) => `http://${HOST}:${this.#ports.get(`${name} http`)}`),
        hub: 'h1',
        participant: LESSEE,
        key: encodeKey(this.#key(LESSEE)),
        network: this.#trust.anchor,
      });
    }
    return connect({
      hub: { id: 'h1', publicKey: this.#publicKey('h1') },
      hubSocket: this.#doorsOf('h1', 'local'),
      participant: LESSEE,
      privateKey: this.#key(LESSEE),
      network: this.#trust.anchor,
    });
  }

  async close(): Promise<void> {
    for (const lessor of this.#lessors) await lessor.stop();
    for (const { child, ended } of this.#processes.values()) {
      child.kill('SIGKILL');
      await ended;
    }
    for (const name of PROCESSES) for (const door of DOORS) this.#endBroker(name, door);
    for (const proxy of this.#proxies.values()) await proxy.close();
    await this.#database.remove();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #prepare(): Promise<void> {
    mkdirSync(this.#path('run'), { mode: 0o700 });
    for (const node of NODES) this.#keys.set(node, generateKey());
    for (const hub of ['h1', 'h2']) saveKey(this.#path(`${hub}.key`), this.#key(hub));
    const { database, user, password } = await this.#database.database();
    writeFileSync(this.#path('password'), password ?? '', { mode: 0o600 });
    for (const name of PROCESSES) {
      const id = name.slice(0, 2);
      let store: unknown = `${name}.db`;
      if (id === 'h1') {
        const proxy = await CutProxy.open(this.#database.port);
        this.#proxies.set(name, proxy);
        const url = `postgres://${user}@127.0.0.1:${proxy.port}/${database}`;
        store = { kind: 'postgres', url, passwordFile: 'password', leaseMs: LEASE_MS };
      }
      this.#writeConfig(name, id, store);
    }
  }

  #writeConfig(name: ProcessName, id: string, store: unknown): void {
    const config = {
      id,
      keyFile: `${id}.key`,
      store,
      standby: id === 'h1',
      // What is free is counted, so it must be shown as it is.
      privacy: false,
      ...this.#doorConfig(name, id),
      peers: ['h1', 'h2'].map((hub) => ({
        id: hub,
        publicKey: this.#publicKey(hub),
        mesh: this.#doorsOf(hub, 'mesh'),
      })),
      participants: [LESSEE, ...LESSORS]
        .filter((participant) => participant.endsWith(id))
        .map((participant) => ({
          id: participant,
          publicKey: this.#publicKey(participant),
          organization: ORGANIZATION,
          lends: participant !== LESSEE,
        })),
    };
    writeFileSync(this.#path(`${name}.json`), JSON.stringify(config));
  }

  async #prepareNats(): Promise<void> {
    const authority = await TestAuthority.open(this.#directory);
    for (const node of NODES) this.#tls.set(node, await authority.tlsOf(node, [HOST]));
    const ports = await freePorts(PROCESSES.length * PORTS.length);
    for (const name of PROCESSES) {
      for (const door of PORTS) this.#ports.set(`${name} ${door}`, ports.pop() as number);
    }
  }

  #doorConfig(name: ProcessName, id: string): object {
    const [mesh, local] = DOORS.map((door) => this.#door(name, door));
    if (this.#links === 'sockets') return { sockets: { mesh, local } };
    const broker = (door: Door) => ({
      host: HOST,
      port: this.#ports.get(`${name} ${door}`),
      tls: this.#tls.get(id),
    });
    return {
      nats: { directory: `nats-${name}`, mesh: broker('mesh'), local: broker('local') },
      http: { port: this.#ports.get(`${name} http`) },
    };
  }

  #transportOf(node: string): Transport {
    if (this.#links === 'sockets') return localSockets;
    return natsTransport({ node, tls: this.#tls.get(node) as TlsFiles });
  }

  /** A server outlives its hub that was killed. */
  #endBroker(name: ProcessName, door: Door): void {
    const pidFile = this.#path(`nats-${name}/${door}/nats.pid`);
    if (!existsSync(pidFile)) return;
    try {
      process.kill(Number(readFileSync(pidFile, 'utf8')));
    } catch {
      // It ended with its hub.
    }
  }

  #doorsOf(hub: string, door: Door): string[] {
    return this.#serving(hub).map((name) => this.#door(name, door));
  }

  #serving(hub: string): ProcessName[] {
    return PROCESSES.filter((name) => name.startsWith(hub));
  }

  #door(name: ProcessName, door: Door): string {
    if (this.#links === 'nats') return `nats://${HOST}:${this.#ports.get(`${name} ${door}`)}`;
    return this.#path(`run/${name}.${door}.sock`);
  }

  #key(node: string): KeyObject {
    return this.#keys.get(node) as KeyObject;
  }

  #publicKey(node: string): string {
    return publicKeyOf(this.#key(node));
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

/** Links that lead to all doors of a hub, for participants that know one name only. */
function toAll(transport: Transport, doors: readonly string[]): Transport {
  return {
    listen: transport.listen,
    connect: (options) => connectAny(transport, doors, options),
  };
}
