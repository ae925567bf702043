/**
 * A whole order over a devnet, with canaries in everything that is the lessee's alone: afterwards no
 * hub and no stranger holds one, in no file, in no memory, and not on the hubs' own NATS servers.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { OrderView } from '@sparegrid/core/messages';
import { hasNatsServer } from '@sparegrid/link/nats/for-tests';
import type { Client } from '@sparegrid/sdk/client';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canariesBelow, canariesIn, canariesInMemory, canReadMemory } from './canaries.ts';
import { orderOf, RunningDevnet } from './running-devnet.ts';

const HUBS = ['h1', 'h2', 'h3'];
const TEST_MS_MAX = 300_000;
const newCanary = () => `Canary${randomBytes(15).toString('hex')}`;
const backwards = (text: string) => [...text].reverse().join('');

/** What the program prints and leaves stands in no other place in this form. */
const CANARIES = {
  command: newCanary(),
  variable: newCanary(),
  secret: newCanary(),
  stdout: newCanary(),
  stderr: newCanary(),
  result: newCanary(),
};
const PLANTED = { planted: newCanary() };

const PROGRAM = `// ${CANARIES.command}
const turned = (name) => [...process.env[name]].reverse().join('');
console.log(turned('OUT'));
console.error(turned('ERR'));
require('fs').writeFileSync(process.env.SPAREGRID_OUT + '/answer', turned('LEFT'));`;

function sealedOrder(): OrderDraft {
  const { task, ...order } = orderOf(4, 100);
  const env = {
    VARIABLE: CANARIES.variable,
    OUT: backwards(CANARIES.stdout),
    ERR: backwards(CANARIES.stderr),
    LEFT: backwards(CANARIES.result),
  };
  const registry = { address: 'registry.example', username: 'u', password: CANARIES.secret };
  return { ...order, task: { ...task, private: { command: ['-e', PROGRAM], env, registry } } };
}

describe.skipIf(!hasNatsServer())('what is the lessee’s alone', () => {
  let devnet: RunningDevnet;
  let client: Client;
  let view: OrderView;
  const listeners: NatsConnection[] = [];
  const heard: Buffer[] = [];

  beforeAll(async () => {
    devnet = await RunningDevnet.open({ transport: 'nats' });
    for (const hub of HUBS) for (const door of ['mesh', 'local'] as const) await listen(hub, door);
    client = await devnet.connect();
    while ((await client.offers()).length < 5);
    view = await client.awaitOrder(await client.submitOrder(sealedOrder()));
  }, TEST_MS_MAX);

  afterAll(async () => {
    await client?.close();
    for (const listener of listeners) await listener.close();
    await devnet?.close();
  }, TEST_MS_MAX);

  /** With the hub's own certificate: it may hear everything on its server. */
  async function listen(hub: string, door: 'mesh' | 'local'): Promise<void> {
    const file = (name: string) => readFileSync(join(devnet.directory, 'tls', name), 'utf8');
    const ports = JSON.parse(readFileSync(join(devnet.directory, 'nats', 'ports.json'), 'utf8'));
    const tls = {
      cert: file(`${hub}.${door}.pem`),
      key: file(`${hub}.${door}.key`),
      ca: file(door === 'mesh' ? 'network.pem' : `subnet-${hub}.pem`),
    };
    const listener = await connect({ servers: `127.0.0.1:${ports[hub][door]}`, tls });
    listeners.push(listener);
    listener.subscribe('>', {
      callback: (_error, message) => void heard.push(Buffer.from(message.data)),
    });
    await listener.flush();
  }

  /** All that the servers have sent so far has been heard. */
  async function hearAll(): Promise<void> {
    for (const listener of listeners) await listener.flush();
  }

  it(
    'reaches the lessee itself: output, result, all of it',
    async () => {
      expect(view).toMatchObject({ state: 'completed' });
      const hubs = new Set(view.agreements.at(-1)?.parts.map(({ targetHub }) => targetHub));
      expect(hubs.size).toBeGreaterThan(1);
      const texts = { stdout: '', stderr: '' };
      for await (const { stream, text } of client.logs(view.id, { follow: true })) {
        texts[stream as 'stdout' | 'stderr'] += text;
      }
      expect(texts.stdout.match(new RegExp(CANARIES.stdout, 'g'))?.length).toBe(4);
      expect(texts.stderr).toContain(CANARIES.stderr);
      let results = await client.listResults(view.id);
      while (results.length < 4 || results.some(({ state }) => state !== 'complete')) {
        results = await client.listResults(view.id);
      }
      for (const { container } of results) {
        const pieces: Uint8Array[] = [];
        for await (const piece of client.readResult(view.id, container)) pieces.push(piece);
        expect(Buffer.concat(pieces).includes(CANARIES.result)).toBe(true);
      }
    },
    TEST_MS_MAX,
  );

  /** What lessors hold of what they run lies in their containers' directories; all else is searched. */
  const isLessors = (path: string) => path.includes(`${devnet.directory}/containers/`);

  it('stands in no file of a hub, nor of an agent beside what it runs, nor in any log', () => {
    expect(canariesBelow(devnet.directory, CANARIES, isLessors)).toEqual([]);
  });

  it('was heard by nobody on the hubs’ own servers', async () => {
    await hearAll();
    expect(heard.length).toBeGreaterThan(100);
    const all = Buffer.concat(heard);
    expect(all.includes(view.id)).toBe(true);
    expect(canariesIn(all, CANARIES)).toEqual([]);
  });

  it.skipIf(!canReadMemory())(
    'is not in the memory of any hub',
    () => {
      for (const hub of HUBS) {
        const pid = devnet.pids().get(hub) as number;
        // Of that order they do know: the search does see what is there.
        expect(canariesInMemory(pid, { order: view.id, ...CANARIES })).toEqual(['order']);
      }
    },
    TEST_MS_MAX,
  );

  it(
    'would be found: one in the public part is, in files, on the wire and in memory',
    async () => {
      const order = orderOf(1, 100);
      const labels = { note: PLANTED.planted };
      const leaking = { ...order, performance: { ...order.performance, labels } };
      await client.submitOrder(leaking);
      const files = canariesBelow(devnet.directory, PLANTED, isLessors);
      expect(files.join()).toMatch(/planted in .*h1\.sqlite/);
      await hearAll();
      expect(canariesIn(Buffer.concat(heard), PLANTED)).toEqual(['planted']);
      if (canReadMemory()) {
        expect(canariesInMemory(devnet.pids().get('h1') as number, PLANTED)).toEqual(['planted']);
      }
      for (const form of ['base64', 'hex'] as const) {
        const file = join(devnet.directory, `leak-${form}`);
        writeFileSync(file, Buffer.from(`...${CANARIES.secret}...`).toString(form));
        expect(canariesBelow(devnet.directory, CANARIES, isLessors)).toEqual([`secret in ${file}`]);
        writeFileSync(file, '');
      }
    },
    TEST_MS_MAX,
  );
});
