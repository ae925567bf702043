/**
 * The agent of a lessee hands out keys by itself: also for an order that came and waited while the
 * agent heard of nothing, whose hub was killed meanwhile, and whose lessee has another key by then.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DEFAULT_TIMING } from '@sparegrid/core/agreement/timing';
import type { OrderId } from '@sparegrid/core/units/ids';
import { Trust } from '@sparegrid/link/identity/trust-for-tests';
import {
  generateKey,
  generateSealKey,
  publicKeyOf,
  saveKey,
  sealPublicKeyOf,
} from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import type { Client } from '@sparegrid/sdk/client';
import { connect } from '@sparegrid/sdk/connect';
import { draftForTests } from '@sparegrid/sdk/draft-for-tests';
import { awaitsKey, hasKeys } from '@sparegrid/sdk/task-keys';
import { type Running, startLessor } from '@sparegrid/sim/replay/lessor';
import { afterAll, beforeAll, test } from 'vitest';
import { offerOf, specOf } from '../../bench/e2e/machine.ts';

const [HUB_MAIN, AGENT_MAIN] = ['hub', 'agent'].map((name) =>
  fileURLToPath(new URL(`../../packages/${name}/src/main.ts`, import.meta.url)),
) as [string, string];
const ORGANIZATION = { id: 'LEI1', name: 'One', kind: 'company' } as const;
const [LESSEE, LESSOR] = ['lea.h1', 'p1.h1'];
/** Nothing is given up because the machine is slow. */
const TIMING = { startGraceMs: 600_000 };
const TEST_MS_MAX = 300_000;
const HOUR_MS = 3_600_000;

const folder = mkdtempSync('/tmp/sg-releasing-test-');
const path = (name: string) => join(folder, name);
const hubKey = generateKey();
const lessorKey = generateKey();
const trust = new Trust();
let lesseeKey = generateKey();
let hub: ChildProcess;
let agent: ChildProcess;
let lessor: Running;
let client: Client;

beforeAll(async () => {
  mkdirSync(path('run'), { mode: 0o700 });
  saveKey(path('h1.key'), hubKey);
  saveKey(path('lea.key'), lesseeKey);
  await startHub();
  lessor = await startLessor({
    config: {
      id: LESSOR,
      hub: { id: 'h1', publicKey: publicKeyOf(hubKey) },
      organization: ORGANIZATION,
      collect: 'push',
      timing: DEFAULT_TIMING,
      keys: trust.chainOf(LESSOR, {
        signKey: publicKeyOf(lessorKey),
        sealKey: sealPublicKeyOf(generateSealKey()),
      }),
    },
    key: lessorKey,
    spec: specOf(ORGANIZATION),
    offer: offerOf(Date.now()),
    transport: localSockets,
    hubDoor: path('run/local.sock'),
    onFault: (error) => {
      throw error;
    },
  });
  await startAgent();
}, TEST_MS_MAX);

afterAll(async () => {
  await client?.close();
  await lessor?.stop();
  for (const child of [agent, hub]) if (child) await kill(child);
  rmSync(folder, { recursive: true, force: true });
});

async function startHub(): Promise<void> {
  const participant = (id: string, key: KeyObject, lends: boolean) => {
    return { id, publicKey: publicKeyOf(key), organization: ORGANIZATION, lends };
  };
  const config = {
    id: 'h1',
    keyFile: 'h1.key',
    store: 'h1.db',
    sockets: { mesh: 'run/mesh.sock', local: 'run/local.sock' },
    peers: [],
    participants: [participant(LESSEE, lesseeKey, false), participant(LESSOR, lessorKey, true)],
    privacy: false,
    timing: TIMING,
  };
  hub = await started(HUB_MAIN, 'h1', config);
  await client?.close();
  client = await connect({
    hub: { id: 'h1', publicKey: publicKeyOf(hubKey) },
    hubSocket: path('run/local.sock'),
    participant: LESSEE,
    privateKey: lesseeKey,
    timeoutMs: null,
  });
}

async function startAgent(): Promise<void> {
  agent = await started(AGENT_MAIN, 'lea', {
    id: LESSEE,
    keyFile: 'lea.key',
    store: 'lea.db',
    role: 'lessee',
    organization: ORGANIZATION,
    hub: { id: 'h1', publicKey: publicKeyOf(hubKey), socket: 'run/local.sock' },
    network: { name: trust.anchor.network, operatorKey: trust.anchor.operatorKey },
  });
}

async function started(main: string, name: string, config: object): Promise<ChildProcess> {
  writeFileSync(path(`${name}.json`), JSON.stringify(config));
  const args = [main, '--config', path(`${name}.json`)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ready = once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code}`);
  });
  ended.catch(() => {});
  await Promise.race([ready, ended]);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** An order by a client that trusts nobody: whoever releases its key, it is not this client. */
async function submitted(): Promise<OrderId> {
  return client.submitOrder(
    draftForTests({
      kind: 'service',
      task: {
        public: { image: 'bench:none', architecture: null, egress: false, capabilities: [] },
        private: { command: [], env: {} },
      },
      durationMs: HOUR_MS,
      expiresAtMs: Date.now() + HOUR_MS,
    }),
    { timeoutMs: null },
  );
}

async function until(id: OrderId, isSo: typeof awaitsKey): Promise<void> {
  while (!isSo(await client.getOrder(id, { timeoutMs: null })));
}

test(
  'keys of an order that comes while it listens',
  async () => {
    await until(await submitted(), hasKeys);
  },
  TEST_MS_MAX,
);

test(
  'keys of an order that waited while its hub was killed, of which it had heard nothing',
  async () => {
    await kill(hub);
    agent.kill('SIGSTOP');
    await startHub();
    const order = await submitted();
    await until(order, awaitsKey);
    await kill(hub);
    agent.kill('SIGCONT');
    await startHub();
    await until(order, hasKeys);
  },
  TEST_MS_MAX,
);

test(
  'keys of orders of the former key and of the new one, after it was exchanged',
  async () => {
    agent.kill('SIGSTOP');
    const former = await submitted();
    await until(former, awaitsKey);
    lesseeKey = generateKey();
    saveKey(path('lea.next.key'), lesseeKey);
    renameSync(path('lea.next.key'), path('lea.key'));
    await kill(hub);
    await startHub();
    agent.kill('SIGCONT');
    await until(former, hasKeys);
    await until(await submitted(), hasKeys);
  },
  TEST_MS_MAX,
);
