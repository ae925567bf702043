/** The HTTP API against a real hub process: who may ask, what is refused, and streams that go on. */
import { hash } from 'node:crypto';
import { connect as dial } from 'node:net';
import { ROUTES } from '@sparegrid/link/http/routes';
import {
  type SignedRequest,
  signatureBase,
  signatureHeaders,
} from '@sparegrid/link/http/signature';
import { generateKey } from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Client } from '@sparegrid/sdk/client';
import { connectHttp } from '@sparegrid/sdk/connect-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HubProcess } from './hub-process.ts';
import { orderOf } from './running-devnet.ts';

const hub = new HubProcess();
let client: Client;
let seq = 0;

beforeAll(async () => {
  await hub.start();
  client = await connectHttp({ ...address('lea'), key: hub.pem('lea') });
}, 180_000);

afterAll(async () => {
  await client.close();
  await hub.close();
});

function address(name: string) {
  return { url: hub.url, hub: 'h1', participant: `${name}.h1` };
}

interface Asked {
  method: string;
  target: string;
  body: string;
  key: ReturnType<typeof generateKey>;
  signed: Partial<SignedRequest>;
  headers: Record<string, string>;
}

/** A request as `lea.h1` makes it, less what the test makes wrong. */
function made(over: Partial<Asked> = {}): [string, RequestInit] {
  const { method = 'GET', target = '/v1/status', body = '', key = hub.keys.lea } = over;
  const nowS = Math.floor(Date.now() / 1_000);
  seq += 1;
  const signed: SignedRequest = {
    method,
    target,
    digest: hash('sha256', body, 'base64'),
    sender: 'lea.h1',
    hub: 'h1',
    epoch: hub.epoch,
    session: 'a'.repeat(32),
    seq,
    createdAtS: nowS,
    expiresAtS: nowS + 30,
    ...over.signed,
  };
  const headers = signatureHeaders(signed, nodeCrypto(key).sign(signatureBase(signed)));
  const init = { method, headers: { ...headers, ...over.headers } };
  return [hub.url + target, body === '' ? init : { ...init, body }];
}

async function answerTo([url, init]: [string, RequestInit]) {
  const response = await fetch(url, init);
  return { http: response.status, ...((await response.json()) as object) };
}

test('says who it is to everybody, and what it can do', async () => {
  const health = await (await fetch(`${hub.url}/v1/health`)).json();
  expect(health).toEqual({ ok: true, hub: 'h1', epoch: hub.epoch });
  const document = (await (await fetch(`${hub.url}/v1/openapi.json`)).json()) as {
    paths: Record<string, object>;
  };
  const documented = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = Object.values(ROUTES).map(
    ({ method, path }) => `${method} ${path.replace(/:([a-z]+)/g, '{$1}')}`,
  );
  expect(documented.sort()).toEqual(routes.sort());
});

test('answers its participants, each with what is its own', async () => {
  expect(await client.status()).toMatchObject({ hub: 'h1', epoch: hub.epoch });
  expect(await client.offers()).toEqual([]);
  expect(await client.resolve('lou.h1')).toBe('h1');
  const order = await client.submitOrder(orderOf(1, 100));
  expect(await client.listOrders()).toMatchObject([{ id: order, image: 'process:node' }]);
  const lou = await connectHttp({ ...address('lou'), key: hub.pem('lou') });
  expect(await lou.listOrders()).toEqual([]);
  await expect(lou.getOrder(order)).rejects.toMatchObject({ code: 'ORDER_UNKNOWN' });
  await expect(lou.cancel(order)).rejects.toMatchObject({ code: 'ORDER_UNKNOWN' });
  await expect(lou.getLease(`${order}-1`)).rejects.toMatchObject({ code: 'LEASE_UNKNOWN' });
  await lou.close();
  const explained = await client.explain(order);
  expect(explained).toMatchObject({ order: { id: order, lastCode: 'MATCH_NO_CANDIDATE' } });
  await client.cancel(order);
});

test('a plan is not an order', async () => {
  const before = (await client.listOrders()).length;
  const { plan, lessors } = await client.planOrder(orderOf(1, 100));
  expect([plan.code, plan.parts, lessors]).toEqual(['MATCH_NO_CANDIDATE', [], []]);
  expect(await client.listOrders()).toHaveLength(before);
});

test('refuses who cannot prove who it is, with the code that says why', async () => {
  const body = JSON.stringify({ payload: '{}' });
  const other = made({ method: 'POST', target: '/v1/plans', body });
  const cases: [string, number, [string, RequestInit]][] = [
    ['LINK_MALFORMED', 400, [`${hub.url}/v1/status`, {}]],
    ['LINK_MALFORMED', 400, made({ headers: { signature: 'sparegrid=:AAAA:' } })],
    ['LINK_AUDIENCE', 401, made({ signed: { hub: 'h2' } })],
    ['LINK_UNKNOWN_SENDER', 401, made({ signed: { sender: 'eve.h1' } })],
    ['LINK_UNKNOWN_SENDER', 401, made({ signed: { sender: 'h1' } })],
    ['LINK_SIGNATURE', 401, made({ key: generateKey() })],
    ['LINK_SIGNATURE', 401, made({ key: hub.keys.lou })],
    ['LINK_SIGNATURE', 401, made({ signed: { target: '/v1/orders' } })],
    ['LINK_SIGNATURE', 401, made({ signed: { method: 'DELETE' } })],
    ['LINK_SIGNATURE', 401, [other[0], { ...other[1], body: body.replace('{}', '[]') }]],
    ['LINK_EXPIRED', 401, made({ signed: { createdAtS: 1, expiresAtS: 31 } })],
    ['LINK_EXPIRED', 401, made({ signed: { expiresAtS: Math.floor(Date.now() / 1_000) + 3_600 } })],
    ['LINK_FENCED', 401, made({ signed: { epoch: hub.epoch - 1 } })],
  ];
  for (const [code, http, request] of cases) {
    expect(await answerTo(request)).toMatchObject({ ok: false, code, http });
  }
});

test('takes each signature once, also after a restart', async () => {
  const request = made();
  expect(await answerTo(request)).toMatchObject({ http: 200, op: 'hub.status' });
  expect(await answerTo(request)).toMatchObject({ http: 401, code: 'LINK_REPLAYED' });
  await hub.restart();
  expect(await answerTo(request)).toMatchObject({ http: 401, code: 'LINK_FENCED' });
  expect(await client.status()).toMatchObject({ epoch: hub.epoch });
}, 180_000);

test('refuses what is not of the stated form, and changes nothing', async () => {
  const before = await client.status();
  const post = (body: string, target = '/v1/plans') =>
    answerTo(made({ method: 'POST', target, body, headers: { 'content-type': 'text/plain' } }));
  const order = `o-${'1'.repeat(32)}`;
  const get = (target: string) => answerTo(made({ target }));
  expect(await post('{')).toMatchObject({ http: 400, code: 'LINK_MALFORMED' });
  expect(await post('[]')).toMatchObject({ http: 400, code: 'LINK_MALFORMED' });
  expect(await post('{"payload":"{}","x":1}')).toMatchObject({
    hint: expect.stringContaining('x'),
  });
  expect(await post('{"payload":"{}"}')).toMatchObject({ http: 400, code: 'ORDER_MALFORMED' });
  expect(await post(`{"payload":${'['.repeat(100)}}`)).toMatchObject({ code: 'LINK_TOO_LARGE' });
  expect(await post(`{"payload":"${'x'.repeat(1_100_000)}"}`)).toMatchObject({
    http: 413,
    code: 'LINK_TOO_LARGE',
  });
  expect(await get('/v1/orders/o-1')).toMatchObject({ http: 400, code: 'LINK_MALFORMED' });
  expect(await get('/v1/orders?limit=5')).toMatchObject({ hint: expect.stringContaining('limit') });
  expect(await get('/v1/orders?after=a&after=b')).toMatchObject({ code: 'LINK_MALFORMED' });
  expect(await get(`/v1/orders/${order}/logs?after=x`)).toMatchObject({ code: 'LINK_MALFORMED' });
  expect(await get(`/v1/orders/${order}/logs?follow=yes`)).toMatchObject({
    code: 'LINK_MALFORMED',
  });
  expect(await get('/v1/nothing')).toMatchObject({ http: 404, code: 'LINK_MALFORMED' });
  expect(await get('/v1/orders/%zz')).toMatchObject({ http: 400, code: 'LINK_MALFORMED' });
  expect(await get(`/v1/orders/${'o'.repeat(300)}`)).toMatchObject({ code: 'LINK_MALFORMED' });
  expect(await client.status()).toMatchObject({ orders: before.orders });
});

/** What comes back for these bytes, before the hub ends the connection. */
async function saidTo(bytes: string): Promise<[head: string, body: object]> {
  const { hostname, port } = new URL(hub.url);
  const socket = dial(Number(port), hostname);
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk;
  });
  // Who hangs up on bytes that it did not read resets the connection; what it said before counts.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes);
  await closed;
  const [head = '', body = ''] = said.split('\r\n\r\n');
  return [head, JSON.parse(body)];
}

test('refuses bytes that are no request in the same form', async () => {
  const [malformed, why] = await saidTo('this is not http\r\n\r\n');
  expect(malformed).toMatch(/^HTTP\/1.1 400 /);
  expect(why).toMatchObject({ ok: false, code: 'LINK_MALFORMED', hint: expect.any(String) });
  const large = `GET /v1/health HTTP/1.1\r\nhost: h\r\nx: ${'x'.repeat(300_000)}\r\n\r\n`;
  const [head, body] = await saidTo(large);
  expect(head).toMatch(/^HTTP\/1.1 431 /);
  expect(body).toMatchObject({ ok: false, code: 'LINK_TOO_LARGE' });
});

test('streams are refused like single requests', async () => {
  const order = `o-${'1'.repeat(32)}`;
  for (const path of ['', '/logs']) {
    const request = made({ target: `/v1/orders/${order}${path}?follow=true` });
    expect(await answerTo(request)).toMatchObject({ http: 404, code: 'ORDER_UNKNOWN' });
  }
});

test('tells what happens to an order as it happens, also through a restart of the hub', async () => {
  const order = await client.submitOrder(orderOf(1, 100));
  const seen: string[] = [];
  const watched = (async () => {
    for await (const { state } of client.watch(order)) seen.push(state);
  })();
  const output = (async () => {
    const chunks = [];
    for await (const chunk of client.logs(order, { follow: true })) chunks.push(chunk);
    return chunks;
  })();
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await hub.restart();
  await client.cancel(order);
  await watched;
  expect(seen.at(-1)).toBe('cancelled');
  expect(await output).toEqual([]);
  expect((await client.awaitOrder(order)).state).toBe('cancelled');
}, 180_000);

test('ends streams whose signal aborts', async () => {
  const order = await client.submitOrder(orderOf(1, 100));
  const controller = new AbortController();
  const stream = client.watch(order, { signal: controller.signal });
  expect((await stream.next()).value).toMatchObject({ id: order, state: 'open' });
  const rest = stream.next();
  controller.abort(new Error('enough'));
  await expect(rest).rejects.toThrow('enough');
  await client.cancel(order);
});

test('one participant has so many streams at most, and they end with their readers', async () => {
  const order = await client.submitOrder(orderOf(1, 100));
  const open = () => fetch(...made({ target: `/v1/orders/${order}?follow=true` }));
  const streams = await Promise.all(Array.from({ length: 64 }, open));
  expect(streams.map(({ status }) => status)).toEqual(Array(64).fill(200));
  const refused = await open();
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
    503,
    'LINK_BUSY',
  ]);
  await Promise.all(streams.map(({ body }) => body?.cancel()));
  for (let again = await open(); ; again = await open()) {
    await again.body?.cancel();
    if (again.status === 200) break;
  }
  await client.cancel(order);
}, 180_000);

test('bytes that are no HTTP end their connection only', async () => {
  const { hostname, port } = new URL(hub.url);
  for (const bytes of [
    '\u0000\u0001\u0002',
    'GET / HTTP/9.9\r\n\r\n',
    `GET /${'x'.repeat(300_000)}`,
  ]) {
    const socket = dial(Number(port), hostname);
    await new Promise((resolve) =>
      socket.on('error', resolve).on('close', resolve).resume().end(bytes),
    );
  }
  expect(await client.status()).toMatchObject({ hub: 'h1' });
});
