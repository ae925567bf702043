/** Hostile bytes and frames at the sockets of a devnet: hubs refuse, stay up, and change nothing. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Frame, HubStatus, Message } from '@sparegrid/core/messages';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import { encodeFrame } from '@sparegrid/link/frame';
import { generateKey, loadKey } from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { encodeWire, WIRE_BYTES_MAX } from '@sparegrid/link/wire';
import type { Client } from '@sparegrid/sdk/client';
import { Rng } from '@sparegrid/sim/kernel/rng';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orderOf, RunningDevnet } from './running-devnet.ts';

const SEED = process.env['SPAREGRID_HOSTILE_SEED'] ?? '1';
const QUIET_MS = 1_500;

let devnet: RunningDevnet;
let client: Client;
let before: { pids: Map<string, number>; status: HubStatus; orders: unknown };

beforeAll(async () => {
  devnet = await RunningDevnet.open();
  client = await devnet.connect();
  await client.awaitOrder(await client.submitOrder(orderOf(4, 100)));
  before = await settled();
}, 180_000);

afterAll(async () => {
  await client?.close();
  await devnet?.close();
}, 180_000);

/** Everything of note: processes, epochs and revisions of all parts, orders. */
async function look(): Promise<typeof before> {
  const views = await Promise.all((await client.listOrders()).map(({ id }) => client.getOrder(id)));
  // Told on the wall clock, kept on the elapsed one: it may differ by a millisecond between two looks.
  const orders = views.map((view) => ({
    ...view,
    agreements: view.agreements.map((agreement) => ({ ...agreement, signedAtMs: 0 })),
  }));
  return { pids: devnet.pids(), status: await client.status(), orders };
}

/** Nothing has changed for a while: what an order leaves to be done is done. */
async function settled(): Promise<typeof before> {
  for (let last = await look(); ; ) {
    await quiet();
    const next = await look();
    if (isDeepStrictEqual(next, last)) return next;
    last = next;
  }
}

/** What passes by itself does no harm: a busy machine may be late with what hubs tell each other. */
async function expectUnchanged(): Promise<void> {
  expect(await settled()).toEqual(before);
}

function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, QUIET_MS));
}

/** Both doors of every hub. */
function sockets(): string[] {
  return ['h1', 'h2', 'h3'].flatMap((hub) => {
    const config = JSON.parse(
      readFileSync(join(devnet.directory, 'config', `${hub}.json`), 'utf8'),
    );
    return [config.sockets.mesh, config.sockets.local];
  });
}

/** Writes all of it, whatever the other side does, and hangs up. */
async function throwAt(path: string, bytes: Uint8Array): Promise<void> {
  const socket = connectSocket(path);
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.resume();
  socket.end(bytes);
  const timer = setTimeout(() => socket.destroy(), 2_000);
  await closed;
  clearTimeout(timer);
}

test(`random bytes, seed ${SEED}`, async () => {
  const rng = new Rng(`hostile ${SEED}`);
  for (const path of sockets()) {
    for (let round = 0; round < 8; round += 1) {
      const bytes = new Uint8Array(rng.between(0, 20_000)).map(() => rng.between(0, 255));
      await throwAt(path, bytes);
    }
  }
  await expectUnchanged();
}, 180_000);

test('lengths that lie, frames that are too large, and connections that say nothing', async () => {
  const stated = (length: number) => {
    const head = Buffer.alloc(6);
    head.writeUInt32BE(length, 0);
    return head;
  };
  const silent = sockets().map((path) => connectSocket(path).on('error', () => {}));
  for (const path of sockets()) {
    await throwAt(path, stated(0xffffffff));
    await throwAt(path, stated(WIRE_BYTES_MAX + 1));
    await throwAt(path, stated(0));
    await throwAt(path, Buffer.concat([stated(WIRE_BYTES_MAX), randomBytes(WIRE_BYTES_MAX)]));
    await throwAt(path, encodeWire('['.repeat(1_000_000), 'AAAA'));
  }
  await expectUnchanged();
  for (const socket of silent) socket.destroy();
}, 180_000);

test('frames with wrong signatures, strangers, other audiences, expired and replayed ones', async () => {
  const { hub, hubSocket, participant, keyFile } = devnet.context();
  const own = nodeCrypto(loadKey(keyFile));
  const stranger = nodeCrypto(generateKey());
  const submit: Message = {
    type: 'request',
    requestId: 'r1',
    request: {
      op: 'order.submit',
      document: (await client.prepareOrder(orderOf(4, 100))).document,
      taskPrivate: null,
    },
  };
  const frame = (change: Partial<Frame> = {}): Frame => ({
    v: 1,
    from: participant,
    to: hub.id,
    session: randomBytes(16).toString('hex'),
    seq: 0,
    epoch: 0,
    sentAtMs: Date.now(),
    expiresAtMs: Date.now() + 30_000,
    messages: [submit],
    ...change,
  });
  const signed = (made: Frame, crypto = own, text = encodeFrame(made)) =>
    encodeWire(text, crypto.sign(frameSigningText(text)));
  const HOUR_MS = 3_600_000;
  const good = encodeFrame(frame());
  const hello = signed(frame({ messages: [{ type: 'hello', role: 'lessee' }] }));
  const attacks: Uint8Array[] = [
    signed(frame(), stranger),
    encodeWire(good, own.sign(good)),
    encodeWire(good, ''),
    encodeWire(good, 'A'.repeat(88)),
    signed(frame({ from: 'nobody.h1' }), stranger),
    signed(frame({ from: 'h2' }), stranger),
    signed(frame({ from: 'mill.h2' })),
    signed(frame({ to: 'h2' })),
    signed(frame({ sentAtMs: Date.now() - 2 * HOUR_MS, expiresAtMs: Date.now() - HOUR_MS })),
    signed(frame({ sentAtMs: Date.now() + HOUR_MS, expiresAtMs: Date.now() + HOUR_MS + 1 })),
    signed(frame({ expiresAtMs: Date.now() + 1_000 * HOUR_MS })),
    // What a hub alone may say, and what another participant alone may say.
    signed(frame({ messages: [{ type: 'snapshot-request', of: 'h1' }] })),
    signed(frame(), own, good.replace('"messages":[', '"extra":1,"messages":[')),
    signed(frame(), own, good.replace('"seq":0', '"seq":-1')),
    signed(frame(), own, good.replace('"seq":0', '"seq":1e308')),
    signed(frame(), own, good.replace('"v":1', '"v":1,"__proto__":{"v":1}')),
    // The same greeting twice: the second one is a replay.
    Buffer.concat([hello, hello]),
    hello,
  ];
  for (const bytes of attacks) {
    await throwAt(hubSocket, bytes);
    for (const path of sockets()) await throwAt(path, bytes);
  }
  await expectUnchanged();
}, 180_000);

test('orders of others, and orders whose content lies', async () => {
  const { document, taskPrivate } = await client.prepareOrder(orderOf(2, 100));
  const attempt = (payload: string) =>
    client.request({ op: 'order.submit', document: { ...document, payload }, taskPrivate });
  const lies: [string, string, string][] = [
    ['lessee.h1', 'mill.h2', 'ORDER_NOT_YOURS'],
    ['"cpuMillicores":500', '"cpuMillicores":-500', 'ORDER_MALFORMED'],
    ['"cpuMillicores":500', '"cpuMillicores":1e300', 'ORDER_MALFORMED'],
    ['"cpuMillicores":500', '"cpuMillicores":null', 'ORDER_MALFORMED'],
    ['"cpuMillicores":500', '"cpuMillicores":1', 'ORDER_SIGNATURE'],
    ['"fill"', '"field":1,"fill"', 'ORDER_MALFORMED'],
  ];
  for (const [from, to, code] of lies) {
    await expect(attempt(document.payload.replace(from, to))).rejects.toMatchObject({ code });
  }
  const other = { op: 'order.submit', document, taskPrivate: 'c2VhbGVk' } as const;
  await expect(client.request(other)).rejects.toMatchObject({ code: 'ORDER_TASK_DIGEST' });
  await expectUnchanged();
  const view = await client.awaitOrder(await client.submitOrder(orderOf(4, 100)));
  expect(view.state).toBe('completed');
}, 180_000);
