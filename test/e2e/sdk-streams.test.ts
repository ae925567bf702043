/** The client over both of its links on a running devnet: signals at every point, and a hub that is killed in the middle. */
import { readFileSync } from 'node:fs';
import type { Client } from '@sparegrid/sdk/client';
import { connectHttp } from '@sparegrid/sdk/connect-http';
import type { RunForm } from '@sparegrid/sdk/run';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningDevnet } from './running-devnet.ts';

const LINES = 150;
const SMALL = { cpu: '500m', memory: '64Mi', duration: '5m' };
const WAITS: RunForm = { ...SMALL, image: 'process:sh', command: ['-c', 'echo up; sleep 600'] };
/** Nobody has so much; with a price it waits for somebody who does. */
const TOO_LARGE: RunForm = { ...WAITS, cpu: 6_400, limitPerHour: 1 };
const COUNTS: RunForm = {
  ...SMALL,
  image: 'process:sh',
  command: ['-c', `i=0; while [ $i -lt ${LINES} ]; do echo line $i; i=$((i+1)); sleep 0.05; done`],
};
const REASON = new Error('enough');

let devnet: RunningDevnet;

beforeAll(async () => {
  devnet = await RunningDevnet.open();
}, 300_000);

afterAll(() => devnet.close());

function byHttp(): Promise<Client> {
  const context = devnet.context() as ReturnType<RunningDevnet['context']> & { url: string };
  const { hub, participant, network, keyFile, url } = context;
  const key = readFileSync(keyFile, 'utf8');
  return connectHttp({ url, hub: hub.id, participant, key, network, timeoutMs: 60_000 });
}

async function* from<T>(first: T, rest: AsyncGenerator<T, void, void>) {
  yield first;
  yield* rest;
}

/** Heard at once: they end in any order, and none may go unheard. */
async function allEnd(calls: Promise<unknown>[]): Promise<void> {
  await Promise.all(calls.map((call) => expect(call).rejects.toBe(REASON)));
}

async function ended(client: Client, order: string): Promise<void> {
  await client.cancel(order);
  await client.awaitOrder(order);
}

describe.each([
  ['a local socket', () => devnet.connect()],
  ['HTTP', byHttp],
])('over %s', (_, connect) => {
  let client: Client;

  beforeAll(async () => {
    client = await connect();
  }, 120_000);

  afterAll(() => client.close());

  test('a signal that has aborted before keeps a run from being ordered', async () => {
    const before = await client.listOrders();
    const signal = AbortSignal.abort(REASON);
    await expect(client.run(WAITS, { signal })).rejects.toBe(REASON);
    const quoted = await client.quote(WAITS);
    await expect(client.start(quoted, { signal })).rejects.toBe(REASON);
    expect(await client.listOrders()).toHaveLength(before.length);
    await allEnd([client.offers({ signal }), client.status({ signal })]);
  }, 120_000);

  test('a run that is left while it is asked for is ordered once or not at all', async () => {
    const before = await client.listOrders();
    const leaving = new AbortController();
    const run = client.run(WAITS, { signal: leaving.signal });
    leaving.abort(REASON);
    await expect(run).rejects.toBe(REASON);
    const known = new Set(before.map(({ id }) => id));
    const more = (await client.listOrders()).filter(({ id }) => !known.has(id));
    expect(more.length).toBeLessThan(2);
    for (const { id } of more) await ended(client, id);
  }, 120_000);

  test('who stops to watch while nobody suits leaves the order as it is', async () => {
    const { order } = await client.run(TOO_LARGE);
    const leaving = new AbortController();
    const views = client.watch(order, { signal: leaving.signal });
    expect((await views.next()).value).toMatchObject({ id: order });
    const all = (async () => {
      for await (const { state } of views) expect(state).toBe('open');
    })();
    const logs = client.logs(order, { follow: true, signal: leaving.signal }).next();
    const end = client.awaitOrder(order, { signal: leaving.signal });
    const release = client.awaitRelease(order, { waitMs: 600_000, signal: leaving.signal });
    expect(await release).toBe(false);
    leaving.abort(REASON);
    await allEnd([all, logs, end]);
    expect((await client.getOrder(order)).state).toBe('open');
    await ended(client, order);
  }, 120_000);

  test('who stops to follow a running order leaves it running', async () => {
    const job = await client.run(WAITS);
    const leaving = new AbortController();
    const { signal } = leaving;
    const logs = job.logs({ signal });
    expect((await logs.next()).value).toMatchObject({ text: 'up\n' });
    const rest = logs.next();
    const usage = client.logs(job.order, { stream: 'usage', follow: true, signal });
    const samples = (async () => {
      for await (const { stream } of usage) expect(stream).toBe('usage');
    })();
    const end = job.ended({ signal });
    leaving.abort(REASON);
    await allEnd([rest, samples, end]);
    await expect(client.logs(job.order, { signal }).next()).rejects.toBe(REASON);
    expect(['starting', 'running']).toContain((await client.getOrder(job.order)).state);
    // Who leaves by `break` needs no signal.
    for await (const { text } of job.logs()) {
      expect(text).toBe('up\n');
      break;
    }
    await ended(client, job.order);
  }, 120_000);

  test('streams go on without gap or double when the hub is killed in the middle', async () => {
    const job = await client.run(COUNTS);
    const logs = job.logs();
    const watched = (async () => {
      const states: string[] = [];
      for await (const { state } of client.watch(job.order)) states.push(state);
      return states;
    })();
    let output = '';
    const { value } = await logs.next();
    const pid = devnet.pids().get('h1') as number;
    process.kill(pid, 'SIGKILL');
    if (value) for await (const { text } of from(value, logs)) output += text;
    expect(output).toBe(Array.from({ length: LINES }, (_, at) => `line ${at}\n`).join(''));
    const states = await watched;
    expect(states.at(-1)).toBe('completed');
    expect(devnet.pids().get('h1')).not.toBe(pid);
  }, 300_000);
});
