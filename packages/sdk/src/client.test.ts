/** The client against a scripted hub on a real socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  HubStatus,
  KeptChunk,
  Message,
  OrderView,
  Reply,
  Request,
  SignedFrame,
} from '@sparegrid/core/messages';
import type { OrderState } from '@sparegrid/core/order/order-record';
import { isSignedBy } from '@sparegrid/core/units/document';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import { orderIdOf } from '@sparegrid/core/units/ids';
import type { Connection } from '@sparegrid/link/connection';
import { documentReader } from '@sparegrid/link/documents';
import { decodeFrame, encodeFrame } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import { encodeKey, generateKey, publicKeyOf } from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { OrderSecrets } from '@sparegrid/link/sealing/lessee-secrets';
import { OutputSealer } from '@sparegrid/link/sealing/output-seal';
import { openTask } from '@sparegrid/link/sealing/task-seal';
import type { Server } from '@sparegrid/link/transport';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Client } from './client.ts';
import { connect } from './connect.ts';
import { draftForTests } from './draft-for-tests.ts';
import { prepareOrder } from './order-draft.ts';
import { rootOf, signerOf } from './signer.ts';

const directory = mkdtempSync(join(tmpdir(), 'sg-sdk-'));
const hubKey = generateKey();
const hubCrypto = nodeCrypto(hubKey);
const aliceKey = generateKey();
const ORDER = `o-${'1'.repeat(32)}`;

type Answer = Reply | Message[] | 'silence';

/** A hub that answers as its script says, and greets everybody. */
class ScriptedHub {
  readonly requests: { requestId: string; request: Request; frame: SignedFrame }[] = [];
  hellos = 0;
  last: { connection: Connection; session: string } | undefined;
  readonly #server: Server;
  #framer: Framer;

  static async start(path: string, epoch: number, script: (request: Request) => Answer) {
    let hub: ScriptedHub | undefined;
    const server = await localSockets.listen({
      path,
      onFrame: (connection, text, signature) => hub?.take(connection, text, signature, script),
      onClose: () => {},
    });
    hub = new ScriptedHub(server, epoch);
    return hub;
  }

  constructor(server: Server, epoch: number) {
    this.#server = server;
    this.#framer = framerOf(epoch);
  }

  take(
    connection: Connection,
    text: string,
    signature: string,
    script: (request: Request) => Answer,
  ): void {
    const decoded = decodeFrame(text, signature);
    if (!decoded.ok) throw new Error(decoded.hint);
    const { frame } = decoded.signed;
    const signed = hubCrypto.verify(publicKeyOf(aliceKey), frameSigningText(text), signature);
    expect([frame.from, frame.to, signed]).toEqual(['alice.h1', 'h1', true]);
    this.last = { connection, session: frame.session };
    for (const message of frame.messages) {
      if (message.type === 'hello') {
        this.hellos += 1;
        this.push({ type: 'welcome', hub: 'h1', epoch: 1, collect: 'push' });
      }
      if (message.type !== 'request') continue;
      const { requestId, request } = message;
      this.requests.push({ requestId, request, frame: decoded.signed });
      const answer = script(request);
      if (Array.isArray(answer)) this.push(...answer);
      else if (answer !== 'silence') this.push({ type: 'reply', requestId, reply: answer });
    }
  }

  push(...messages: Message[]): void {
    const connection = this.last?.connection;
    if (!connection) return;
    for (const frame of this.#framer.frame('alice.h1', messages, Date.now())) {
      connection.send(frame.text, frame.signature);
    }
  }

  /** Sends bytes as they are, as somebody would who got between. */
  inject(text: string, signature: string): void {
    this.last?.connection.send(text, signature);
  }

  hangUp(): void {
    this.last?.connection.close();
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }
}

function framerOf(epoch: number, crypto = hubCrypto): Framer {
  return new Framer({ crypto, from: 'h1', session: `e${epoch}`, epoch, frameTtlMs: 30_000 });
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => rmSync(directory, { recursive: true }));

let number = 0;
async function startHub(script: (request: Request) => Answer, epoch = 1) {
  const path = join(directory, `${number++}.sock`);
  const hub = await ScriptedHub.start(path, epoch, script);
  closers.push(() => hub.stop());
  return { hub, path };
}

async function dial(hubSocket: string): Promise<Client> {
  const client = await connect({
    hubSocket,
    hub: { id: 'h1', publicKey: publicKeyOf(hubKey) },
    participant: 'alice.h1',
    privateKey: aliceKey,
  });
  closers.push(() => client.close());
  return client;
}

function viewOf(state: OrderState, costMicro = 0n): OrderView {
  return {
    id: ORDER,
    state,
    events: [],
    lastCode: null,
    lastHint: '',
    costMicro,
    round: null,
    agreements: [],
  };
}

const status = {
  hub: 'h1',
  epoch: 1,
  recovery: null,
  panorama: { mode: 'mesh' as const, master: null, term: 0 },
  parts: [],
  orders: 0,
  agreements: 0,
  leases: 0,
  preparing: 0,
  queued: 0,
  rounds: {
    stage: 'idle',
    inRound: 0,
    waiting: 0,
    rounds: 0,
    joint: 0,
    placed: 0,
    lost: 0,
    refused: 0,
    last: null,
    shadowPrices: [],
  },
} satisfies HubStatus;
const statusReply: Reply = { ok: true, op: 'hub.status', status };

const draft = draftForTests();

test('asks and gets the reply of that request', async () => {
  const { hub, path } = await startHub(() => statusReply);
  const client = await dial(path);
  expect(await client.status()).toEqual(status);
  expect(hub.hellos).toBe(1);
});

test('a refusal is an error with the code and hint of the hub', async () => {
  const { path } = await startHub(() => ({ ok: false, code: 'ORDER_UNKNOWN', hint: ORDER }));
  const client = await dial(path);
  await expect(client.getOrder(ORDER)).rejects.toMatchObject({
    name: 'RefusedError',
    code: 'ORDER_UNKNOWN',
    hint: ORDER,
  });
});

test('submits an order signed by the lessee, its private part beside it', async () => {
  const { hub, path } = await startHub((request) =>
    request.op === 'order.submit'
      ? {
          ok: true,
          op: request.op,
          order: orderIdOf(hubCrypto.digest(request.document.payload)),
        }
      : 'silence',
  );
  const client = await dial(path);
  const first = await client.submitOrder(draft);
  const second = await client.submitOrder(draft);
  expect(first).toMatch(/^o-[0-9a-f]{32}$/);
  expect(second).not.toBe(first);
  const prepared = await client.prepareOrder(draft);
  const again = [await client.submitOrder(prepared), await client.submitOrder(prepared)];
  expect(again).toEqual([prepared.id, prepared.id]);

  const request = hub.requests[0]?.request;
  if (request?.op !== 'order.submit') throw new Error('no order came');
  const { document, taskPrivate } = request;
  const publicKey = publicKeyOf(aliceKey);
  expect(isSignedBy(hubCrypto, document, 'buy-order', 'alice.h1', publicKey)).toBe(true);
  const read = documentReader.buyOrder(document.payload);
  expect(read).toMatchObject({ ok: true, value: { lessee: 'alice.h1', budgetMicro: 10_000_000n } });
  expect(read.ok && read.value.task.privateDigest).toBe(hubCrypto.digest(taskPrivate ?? ''));
  expect(document.payload).not.toContain('secret');
  const signer = await signerOf(encodeKey(aliceKey));
  const secrets = await OrderSecrets.of(await rootOf(signer), read.ok ? read.value.salt : '');
  const opened = await openTask(
    secrets.content,
    read.ok ? (read.value.task.sealKey ?? '') : '',
    taskPrivate ?? '',
  );
  expect(JSON.parse(opened)).toEqual(draft.task.private);
});

test('asks again under the same id, in a fresh frame, when the connection breaks', async () => {
  let calls = 0;
  const { hub, path } = await startHub(() => {
    calls += 1;
    if (calls > 1) return statusReply;
    hub.hangUp();
    return 'silence';
  });
  const client = await dial(path);
  await client.status();
  const [first, second] = hub.requests;
  expect(second?.requestId).toBe(first?.requestId);
  expect(second?.frame.frame.seq).toBeGreaterThan(first?.frame.frame.seq ?? 0);
  expect(hub.hellos).toBe(2);
});

test('asks again when no answer comes, also when the hub said it is busy', async () => {
  let calls = 0;
  const { hub, path } = await startHub(() => {
    calls += 1;
    return calls > 1 ? statusReply : { ok: false, code: 'LINK_BUSY', hint: '' };
  });
  const client = await dial(path);
  await client.status();
  expect(hub.requests[1]?.requestId).toBe(hub.requests[0]?.requestId);
});

test('an aborted request fails with the reason of its signal', async () => {
  const controller = new AbortController();
  const { path } = await startHub(() => {
    controller.abort(new Error('enough'));
    return 'silence';
  });
  const client = await dial(path);
  await expect(client.status({ signal: controller.signal })).rejects.toThrow('enough');
  await expect(client.status({ signal: controller.signal })).rejects.toThrow('enough');
});

test('no answer within the timeout is a fault, not a refusal', async () => {
  const { path } = await startHub(() => 'silence');
  const client = await dial(path);
  await expect(client.status({ timeoutMs: 20 })).rejects.toMatchObject({
    name: 'UnavailableError',
    code: 'SDK_NO_ANSWER',
    retryable: true,
  });
});

test('no hub at all is a fault of connect', async () => {
  const settings = {
    hubSocket: join(directory, 'nobody.sock'),
    hub: { id: 'h1', publicKey: publicKeyOf(hubKey) },
    participant: 'alice.h1',
    privateKey: aliceKey,
  };
  await expect(connect({ ...settings, timeoutMs: 20 })).rejects.toMatchObject({
    code: 'SDK_UNREACHABLE',
  });
});

test('a refusal of all frames fails what is under way at once', async () => {
  const refused: Message = {
    type: 'refused',
    code: 'LINK_SIGNATURE',
    hint: 'alice.h1',
    knownEpoch: 0,
  };
  const { path } = await startHub(() => [refused]);
  const client = await dial(path);
  await expect(client.status()).rejects.toMatchObject({ code: 'LINK_SIGNATURE' });
});

test('a request larger than a frame is refused before it is sent', async () => {
  const { hub, path } = await startHub(() => 'silence');
  const client = await dial(path);
  const command = ['x'.repeat(2 ** 21)];
  const task = { ...draft.task, private: { command, env: {} } };
  await expect(client.submitOrder({ ...draft, task })).rejects.toMatchObject({
    code: 'LINK_TOO_LARGE',
  });
  expect(hub.requests).toEqual([]);
});

test('closing fails what is under way', async () => {
  let client: Client | undefined;
  const { path } = await startHub(() => {
    void client?.close();
    return 'silence';
  });
  client = await dial(path);
  await expect(client.status()).rejects.toMatchObject({ code: 'SDK_CLOSED' });
  await expect(client.status()).rejects.toMatchObject({ code: 'SDK_CLOSED' });
});

test('passes over frames that are forged, repeated, old, or meant for another', async () => {
  const now = Date.now();
  const forged = (reply: Reply, requestId: string) => {
    const messages: Message[] = [{ type: 'reply', requestId, reply }];
    const head = {
      v: 1 as const,
      from: 'h1',
      to: 'alice.h1',
      session: 'e1',
      seq: 900,
      epoch: 1,
      sentAtMs: now,
      expiresAtMs: now + 1_000,
      messages,
    };
    const sign = (text: string, crypto = hubCrypto) => crypto.sign(frameSigningText(text));
    const variants = [
      { ...head, to: 'bob.h1' },
      { ...head, from: 'h2' },
      { ...head, sentAtMs: now - 9e6, expiresAtMs: now - 8e6 },
      { ...head, sentAtMs: now + 9e6, expiresAtMs: now + 9e6 },
      { ...head, epoch: 0, session: 'e0' },
      { ...head, seq: 0 },
    ].map((frame) => ({ text: encodeFrame(frame), signature: sign(encodeFrame(frame)) }));
    const text = encodeFrame(head);
    return [
      ...variants,
      { text, signature: sign(text, nodeCrypto(generateKey())) },
      { text, signature: hubCrypto.sign(text) },
      { text: `${text} `, signature: sign(text) },
      { text: 'nonsense', signature: 's' },
    ];
  };
  const lie: Reply = { ok: false, code: 'ORDER_CANCELLED', hint: 'a lie' };
  const { hub, path } = await startHub(() => {
    const requestId = hub.requests.at(-1)?.requestId ?? '';
    for (const { text, signature } of forged(lie, requestId)) hub.inject(text, signature);
    return statusReply;
  });
  const client = await dial(path);
  expect(await client.status()).toEqual(status);
});

test('a hub that was restarted is known by its higher epoch', async () => {
  const { hub, path } = await startHub(() => statusReply, 1);
  const client = await dial(path);
  await client.status();
  await hub.stop();
  const next = await ScriptedHub.start(path, 2, () => statusReply);
  closers.push(() => next.stop());
  expect(await client.status()).toEqual(status);
});

const event = { atMs: 0, name: 'started' as const, detail: '' };
const push: Extract<Message, { type: 'order-event' }> = {
  type: 'order-event',
  order: ORDER,
  state: 'running',
  event,
};

test('watches an order through pushes to its final state, unchanged views left out', async () => {
  const states: OrderState[] = ['open', 'open', 'running', 'completed'];
  const { hub, path } = await startHub(() => {
    setImmediate(() => hub.push(push));
    return { ok: true, op: 'order.get', order: viewOf(states.shift() ?? 'failed', 7n) };
  });
  const client = await dial(path);
  const views = await collect(client.watch(ORDER));
  expect(views.map(({ state }) => state)).toEqual(['open', 'running', 'completed']);
  expect(views[0]?.costMicro).toBe(7n);
});

test('looks again after a reconnect, because a push may be lost', async () => {
  const states: OrderState[] = ['open', 'completed'];
  const { hub, path } = await startHub(() => {
    setImmediate(() => hub.hangUp());
    return { ok: true, op: 'order.get', order: viewOf(states.shift() ?? 'failed') };
  });
  const client = await dial(path);
  expect((await client.awaitOrder(ORDER)).state).toBe('completed');
  expect(hub.requests).toHaveLength(2);
});

test('an aborted watch ends with the reason', async () => {
  const { path } = await startHub(() => ({ ok: true, op: 'order.get', order: viewOf('open') }));
  const client = await dial(path);
  const controller = new AbortController();
  const watch = async () => {
    for await (const _view of client.watch(ORDER, { signal: controller.signal })) {
      controller.abort(new Error('enough'));
    }
  };
  await expect(watch()).rejects.toThrow('enough');
});

/** An order with what its one container printed, as the lessor sealed it. */
async function printed(stream: 'stdout' | 'stderr', texts: string[]) {
  const signer = await signerOf(encodeKey(aliceKey));
  const { id, document } = await prepareOrder(signer, 'alice.h1', draft);
  const secrets = await OrderSecrets.of(await rootOf(signer), JSON.parse(document.payload).salt);
  const container = `${id}-1.0.0`;
  const sealer = await OutputSealer.of(await secrets.output(`${id}-1.0`), container);
  const chunks: KeptChunk[] = [];
  for (const [at, plain] of texts.entries()) {
    const place = { seq: at + 1, stream, offset: 2 * at };
    const text = await sealer.seal({ ...place, text: plain });
    chunks.push({ container, ...place, text, atMs: 1 });
  }
  const keys: Reply = { ok: true, op: 'order.keys', document, waiting: [] };
  return {
    id,
    container,
    keys,
    chunks: chunks.map(({ container, seq, stream, text, atMs }) => ({
      container,
      seq,
      stream,
      text,
      atMs,
    })),
  };
}

test('logs come chunk by chunk, opened, each once, to the end of the order', async () => {
  const { id, container, keys, chunks } = await printed('stdout', ['1\n', '2\n', '3\n', '4\n']);
  const [one, two, three, four] = chunks as [KeptChunk, KeptChunk, KeptChunk, KeptChunk];
  const pages = [[one, two], [two, three], [], [four], []];
  const { hub, path } = await startHub(({ op }) => {
    if (op === 'order.keys') return keys;
    if (op === 'order.get') return { ok: true, op, order: { ...viewOf('running'), id } };
    return {
      ok: true,
      op: 'order.logs',
      chunks: pages.shift() ?? [],
      ended: pages.length === 0,
    };
  });
  const client = await dial(path);
  const texts: string[] = [];
  for await (const { text } of client.logs(id, { follow: true })) {
    texts.push(text);
    if (text === '3\n') {
      setImmediate(() => hub.push({ ...push, order: id }));
    }
  }
  expect(texts).toEqual(['1\n', '2\n', '3\n', '4\n']);
  const cursors = hub.requests.flatMap(({ request }) =>
    'after' in request ? [request.after] : [],
  );
  expect(cursors.slice(0, 3)).toEqual([{}, { [container]: 2 }, { [container]: 3 }]);
});

test('logs leave the release to a watch when told so: they ask for nothing but output', async () => {
  const { id, keys, chunks } = await printed('stdout', ['x']);
  const pages = [chunks, []];
  const { hub, path } = await startHub(({ op }) =>
    op === 'order.keys'
      ? keys
      : { ok: true, op: 'order.logs', chunks: pages.shift() ?? [], ended: pages.length === 0 },
  );
  const client = await dial(path);
  const opened = await collect(client.logs(id, { follow: true, release: false }));
  expect(opened.map(({ text }) => text)).toEqual(['x']);
  const asked = new Set(hub.requests.map(({ request }) => request.op));
  expect([...asked].sort()).toEqual(['order.keys', 'order.logs']);
});

test('without follow, logs end with what there is', async () => {
  const { id, keys, chunks } = await printed('stderr', ['x']);
  const pages = [chunks];
  const { path } = await startHub(({ op }) =>
    op === 'order.keys'
      ? keys
      : { ok: true, op: 'order.logs', chunks: pages.shift() ?? [], ended: false },
  );
  const client = await dial(path);
  const opened = await collect(client.logs(id));
  expect(opened.map(({ text }) => text)).toEqual(['x']);
});

test('output that the hub altered, moved or made up is a fault', async () => {
  const { id, keys, chunks } = await printed('stdout', ['a', 'b']);
  const [first, second] = chunks as [KeptChunk, KeptChunk];
  for (const bad of [
    { ...first, seq: 2 },
    { ...first, text: second.text },
    { ...first, text: 'hi' },
  ]) {
    const pages = [[bad]];
    const { path } = await startHub(({ op }) =>
      op === 'order.keys'
        ? keys
        : { ok: true, op: 'order.logs', chunks: pages.shift() ?? [], ended: false },
    );
    const client = await dial(path);
    await expect(collect(client.logs(id))).rejects.toMatchObject({ code: 'SDK_NOT_OPENED' });
  }
});
