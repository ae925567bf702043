/** Two hubs, two lessors with containers of a private Docker daemon, one lessee: all real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LeaseStream, OrderView } from '@sparegrid/core/messages';
import { Trust } from '@sparegrid/link/identity/trust-for-tests';
import { generateKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import type { Client } from '@sparegrid/sdk/client';
import { connect } from '@sparegrid/sdk/connect';
import { draftForTests } from '@sparegrid/sdk/draft-for-tests';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import {
  type EngineOptions,
  IMAGE,
  TestEngine,
  unmountBelow,
} from '../../packages/agent/src/runtime/engine/for-tests.ts';
import { submitAttended } from '../attended.ts';

const MIB = 1_048_576;
const ORGANIZATION = { id: 'LEI1', name: 'One', kind: 'company' } as const;
const LESSEE = 'lea.h1';
export const LESSORS = ['ann.h2', 'bob.h2'] as const;
export type NodeName = 'h1' | 'h2' | (typeof LESSORS)[number];
const HUBS = ['h1', 'h2'] as const;

const TIMING = {
  heartbeatMs: 200,
  retryMs: 200,
  hubStaleMs: 5_000,
  agentSilentMs: 5_000,
  // Longer than the warning of any lease here, which is a tenth of its time.
  stopTimeMs: 3_000,
};

export interface NetworkOptions extends EngineOptions {
  /** What the second lessor's offer says otherwise. */
  bob?: object;
}

/** One line about a container. */
export interface LifeLine {
  atMs: number;
  event: string;
  attempt: number;
  exitCode?: number | null;
  reason?: string;
  graceMs?: number;
}

export class ContainerNetwork {
  readonly engine: TestEngine;
  readonly #directory = mkdtempSync('/tmp/sg-containers-');
  readonly #keys = new Map<string, KeyObject>();
  readonly #processes = new Map<NodeName, ChildProcess>();
  readonly #bob: object;
  readonly #trust = new Trust();
  #client: Client | undefined;

  private constructor(engine: TestEngine, bob: object) {
    this.engine = engine;
    this.#bob = bob;
  }

  /** Resolves when both lessors are in the panorama of the lessee's hub. */
  static async open({ bob = {}, ...options }: NetworkOptions = {}): Promise<ContainerNetwork> {
    const network = new ContainerNetwork(await TestEngine.start('docker', options), bob);
    network.#prepare();
    await Promise.all([...HUBS, ...LESSORS].map((name) => network.start(name)));
    network.#client = await network.#connect();
    while ((await network.client.offers()).length < LESSORS.length);
    return network;
  }

  get client(): Client {
    return this.#client as Client;
  }

  /** Resolves when it is ready. */
  async start(name: NodeName): Promise<void> {
    const role = name === 'h1' || name === 'h2' ? 'hub' : 'agent';
    const main = fileURLToPath(new URL(`../../packages/${role}/src/main.ts`, import.meta.url));
    const child = spawn(process.execPath, [main, '--config', this.#path(`${name}.json`)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#processes.set(name, child);
    child.stderr?.pipe(createWriteStream(this.#path(`${name}.log`), { flags: 'a' }));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${code}, see ${this.#path(`${name}.log`)}`);
    });
    ended.catch(() => {});
    await Promise.race([once(lines, 'line'), ended]);
  }

  async kill(name: NodeName, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#processes.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Path of an agent's control door. */
  control(lessor: (typeof LESSORS)[number]): string {
    return this.#path(`${lessor}.db.control`);
  }

  submit(draft: OrderDraft): Promise<string> {
    return submitAttended(this.client, draft);
  }

  /** Leaves an empty file of this name in the result directory of each of the order's containers. */
  leave(order: string, name: string): void {
    for (const lessor of LESSORS) {
      const directory = this.#path(`containers-${lessor}`);
      const own = readdirSync(directory).filter((id) => id.startsWith(order));
      for (const id of own) writeFileSync(join(directory, id, 'disk/out', name), '');
    }
  }

  /** Everything that the order's containers printed, each by itself. */
  async output(order: string): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    for await (const { container, stream, text } of this.client.logs(order)) {
      if (stream === 'stdout') texts.set(container, (texts.get(container) ?? '') + text);
    }
    return texts;
  }

  /** Resolves when so many of its containers have printed this line. */
  async printed(order: string, line: string, containers = 1): Promise<void> {
    const texts = new Map<string, string>();
    for await (const { container, stream, text } of this.client.logs(order, { follow: true })) {
      if (stream === 'stdout') texts.set(container, (texts.get(container) ?? '\n') + text);
      const have = [...texts.values()].filter((said) => said.includes(`\n${line}\n`));
      if (have.length >= containers) return;
    }
    throw new Error(`ended without '${line}': ${[...texts.values()].join('')}`);
  }

  /** The lines about its containers so far. */
  async records<T = LifeLine>(order: string, stream: LeaseStream = 'life'): Promise<T[]> {
    let text = '';
    for await (const chunk of this.client.logs(order, { stream })) text += chunk.text;
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
  }

  /** The order in its final state, over restarts of its hub; its output has arrived. */
  async ended(order: string): Promise<OrderView> {
    const view = await this.client.awaitOrder(order);
    for await (const _ of this.client.logs(order, { follow: true }));
    return view;
  }

  async close(): Promise<void> {
    await this.#client?.close();
    await Promise.all([...LESSORS, ...HUBS].map((name) => this.kill(name, 'SIGTERM')));
    await this.engine.close();
    await unmountBelow(this.#directory);
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  #connect(): Promise<Client> {
    return connect({
      hub: { id: 'h1', publicKey: this.#publicKey('h1') },
      hubSocket: [this.#door('h1', 'local')],
      participant: LESSEE,
      privateKey: this.#key(LESSEE),
      network: this.#trust.anchor,
    });
  }

  #prepare(): void {
    mkdirSync(this.#path('run'), { mode: 0o700 });
    for (const node of [...HUBS, ...LESSORS, LESSEE]) {
      this.#keys.set(node, generateKey());
      saveKey(this.#path(`${node}.key`), this.#key(node));
    }
    for (const hub of HUBS) this.#write(hub, this.#hubConfig(hub));
    for (const [at, lessor] of LESSORS.entries())
      this.#write(lessor, this.#agentConfig(lessor, at));
  }

  #hubConfig(id: string): object {
    return {
      id,
      keyFile: `${id}.key`,
      store: `${id}.db`,
      sockets: { mesh: this.#door(id, 'mesh'), local: this.#door(id, 'local') },
      privacy: false,
      timing: TIMING,
      peers: HUBS.map((hub) => ({
        id: hub,
        publicKey: this.#publicKey(hub),
        mesh: this.#door(hub, 'mesh'),
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
  }

  /** The first one is cheaper. */
  #agentConfig(id: string, at: number): object {
    return {
      id,
      keyFile: `${id}.key`,
      sealing: this.#trust.sealingOf(id, this.#publicKey(id), this.#path(id)),
      store: `${id}.db`,
      hub: { id: 'h2', publicKey: this.#publicKey('h2'), socket: this.#door('h2', 'local') },
      organization: ORGANIZATION,
      offer: {
        cpu: '1',
        memory: '512Mi',
        storage: '512Mi',
        follow: 'fixed',
        margin: { cpu: '0', memory: '0', storage: '0' },
        asks: { cpuPerCoreHour: `0.0${at + 1}`, memoryPerGibHour: '0.001' },
        ...(at > 0 ? this.#bob : {}),
      },
      runtime: {
        kind: 'docker',
        socket: this.engine.socket,
        directory: `containers-${id}`,
        endWithAgent: false,
      },
      timing: TIMING,
    };
  }

  #write(name: string, config: object): void {
    writeFileSync(this.#path(`${name}.json`), JSON.stringify(config));
  }

  #door(hub: string, door: 'mesh' | 'local'): string {
    return this.#path(`run/${hub}.${door}.sock`);
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

/** A shell script in `replicas` containers of 32 MiB each, and a tenth of a core unless told otherwise. */
export function scriptOrder(
  script: string,
  over: Partial<OrderDraft> & { replicas?: number; restarts?: number; cpuMillicores?: number } = {},
): OrderDraft {
  const { replicas = 1, restarts, cpuMillicores = 100, ...fields } = over;
  return draftForTests({
    replica: { cpuMillicores, memoryBytes: 32 * MIB, storageBytes: 16 * MIB },
    count: { min: replicas, max: replicas },
    task: {
      public: { image: IMAGE, architecture: null, egress: false, capabilities: [], restarts },
      private: { command: ['sh', '-c', script], env: {} },
    },
    // No test waits for its end.
    durationMs: 600_000,
    expiresAtMs: Date.now() + 180_000,
    maxLessors: 2,
    disconnect: { stopAfterMs: 60_000, onLoss: 'terminate' },
    ...fields,
  });
}
