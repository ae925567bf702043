/** What every transport promises, on every transport. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refuse } from '@sparegrid/core/refusals';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Connection } from './connection.ts';
import { InProcessNetwork } from './in-process.ts';
import { localSockets } from './local-socket.ts';
import { Broker } from './nats/broker.ts';
import { hasNatsServer } from './nats/for-tests.ts';
import { freePorts } from './nats/free-ports.ts';
import { natsTransport } from './nats/nats-transport.ts';
import type { ClientOptions, ServerOptions, Transport } from './transport.ts';

/** A list whose next entries can be awaited. */
class Log<T> {
  readonly entries: T[] = [];
  #waiting: (() => void)[] = [];

  add(entry: T): void {
    this.entries.push(entry);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async reaches(count: number): Promise<T[]> {
    while (this.entries.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.entries;
  }
}

const directory = mkdtempSync(join(tmpdir(), 'sg-link-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Subject {
  name: string;
  transport: Transport;
  /** Readies a place to listen at that nobody used before, and to which clients may dial. */
  place(number: number): Promise<string>;
  /** The machine lacks what it takes: its tests are skipped. */
  isMissing?: boolean;
}

const socketAt = async (number: number) => join(directory, `${number}.sock`);
const brokers: Broker[] = [];
afterAll(() => Promise.all(brokers.map((broker) => broker.stop())));

async function freshBroker(number: number): Promise<string> {
  const broker = await Broker.start({
    directory: join(directory, `nats-${number}`),
    name: `contract-${number}`,
    host: '127.0.0.1',
    port: (await freePorts(1))[0] as number,
    tls: null,
    owner: 'h1',
    users: [],
  });
  brokers.push(broker);
  return broker.url;
}

const subjects: Subject[] = [
  { name: 'in-process', transport: new InProcessNetwork(), place: socketAt },
  { name: 'local sockets', transport: localSockets, place: socketAt },
  {
    name: 'NATS',
    transport: natsTransport({ node: 'a.h1', tls: null }),
    place: freshBroker,
    isMissing: !hasNatsServer(),
  },
];

describe.each(subjects)('$name', ({ transport, place, isMissing }) => {
  test.skipIf(isMissing === true)('the server program is there', () => {});
  if (isMissing) return;
  let closers: (() => Promise<void>)[] = [];
  let number = 0;
  const nextPath = () => place(number++);

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    closers = [];
  });

  async function serve(path: string, options: Partial<ServerOptions> = {}) {
    const frames = new Log<{ connection: Connection; text: string; signature: string }>();
    const closed = new Log<Connection>();
    const server = await transport.listen({
      path,
      onFrame: (connection, text, signature) => frames.add({ connection, text, signature }),
      onClose: (connection) => closed.add(connection),
      ...options,
    });
    closers.push(() => server.close());
    return { server, frames, closed };
  }

  function dial(path: string, options: Partial<ClientOptions> = {}) {
    const frames = new Log<string>();
    const connects = new Log<true>();
    const disconnects = new Log<true>();
    const client = transport.connect({
      path,
      onFrame: (text) => frames.add(text),
      onConnect: () => connects.add(true),
      onDisconnect: () => disconnects.add(true),
      ...options,
    });
    closers.push(() => client.close());
    return { client, frames, connects, disconnects };
  }

  test('frames arrive whole and in order, both ways', async () => {
    const path = await nextPath();
    const { frames } = await serve(path, {});
    const { client, frames: answers } = dial(path);
    const texts = Array.from({ length: 500 }, (_, i) => `${i} ${'é'.repeat(i * 7)}`);
    for (const text of texts) client.send(text, `s${text.length}`);
    const got = await frames.reaches(texts.length);
    expect(got.map(({ text }) => text)).toEqual(texts);
    expect(got.map(({ signature }) => signature)).toEqual(texts.map((text) => `s${text.length}`));
    for (const text of texts) got[0]?.connection.send(text, 's');
    expect(await answers.reaches(texts.length)).toEqual(texts);
  });

  test('a client may dial before anybody listens', async () => {
    const path = await nextPath();
    const { client, connects } = dial(path);
    expect(client.connected).toBe(false);
    client.send('early', 's');
    const { frames } = await serve(path);
    await connects.reaches(1);
    expect((await frames.reaches(1))[0]?.text).toBe('early');
    expect(client.connected).toBe(true);
  });

  test('a client connects again when its server comes back', async () => {
    const path = await nextPath();
    const first = await serve(path);
    const { client, connects, disconnects } = dial(path);
    await connects.reaches(1);
    client.send('one', 's');
    await first.frames.reaches(1);
    await first.server.close();
    await disconnects.reaches(1);
    await first.closed.reaches(1);
    const second = await serve(path);
    await connects.reaches(2);
    client.send('two', 's');
    expect((await second.frames.reaches(1))[0]?.text).toBe('two');
  });

  test('a bound connection is found until it closes', async () => {
    const path = await nextPath();
    const { server, frames, closed } = await serve(path);
    const { client } = dial(path);
    client.send('hello', 's');
    const [frame] = await frames.reaches(1);
    frame?.connection.bind('a.h1', 'e1');
    expect(server.find('a.h1', 'e1')).toBe(frame?.connection);
    expect(server.find('a.h1', 'e2')).toBeUndefined();
    expect(server.of('a.h1')).toEqual([frame?.connection]);
    await client.close();
    const [gone] = await closed.reaches(1);
    expect([gone?.from, gone?.session]).toEqual(['a.h1', 'e1']);
    expect(server.find('a.h1', 'e1')).toBeUndefined();
    expect(server.of('a.h1')).toEqual([]);
  });

  test('a later connection of the same session takes the place of the earlier', async () => {
    const path = await nextPath();
    const { server, frames, closed } = await serve(path, {});
    for (const turn of [1, 2]) {
      dial(path).client.send('hello', 's');
      (await frames.reaches(turn))[turn - 1]?.connection.bind('a.h1', 'e1');
    }
    const [first, second] = frames.entries.map(({ connection }) => connection);
    expect((await closed.reaches(1))[0]).toBe(first);
    expect(server.find('a.h1', 'e1')).toBe(second);
  });

  test('refuses are told, and the third one closes the connection after the last answer', async () => {
    const path = await nextPath();
    const refusals = new Log<string>();
    const { closed } = await serve(path, {
      onFrame: (connection, text) => connection.reject(refuse('LINK_MALFORMED', text)),
      onRefused: (connection, { hint }) => {
        refusals.add(hint);
        connection.send(`refused ${hint}`, 's');
      },
    });
    const { client, frames, disconnects } = dial(path);
    for (const text of ['a', 'b', 'c', 'd']) client.send(text, 's');
    await closed.reaches(1);
    await disconnects.reaches(1);
    expect(refusals.entries).toEqual(['a', 'b', 'c']);
    expect(frames.entries).toEqual(['refused a', 'refused b', 'refused c']);
  });

  test('a busy consumer holds up its own sender only', async () => {
    const path = await nextPath();
    const gate = Promise.withResolvers<void>();
    const frames = new Log<string>();
    await serve(path, {
      onFrame: (_connection, text) => {
        frames.add(text);
        return text === 'slow' ? gate.promise : undefined;
      },
    });
    const slow = dial(path, { queueBytesMax: 200_000 });
    const quick = dial(path);
    await slow.connects.reaches(1);
    slow.client.send('slow', 's');
    await frames.reaches(1);
    for (let i = 0; i < 200; i += 1) slow.client.send(`${i} ${'x'.repeat(9_000)}`, 's');
    quick.client.send('quick', 's');
    expect(await frames.reaches(2)).toEqual(['slow', 'quick']);
    expect(slow.client.dropped).toBeGreaterThan(0);
    gate.resolve();
    const arrived = 200 - slow.client.dropped;
    const texts = (await frames.reaches(2 + arrived)).slice(2);
    const order = texts.map((text) => Number.parseInt(text, 10));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order.at(-1)).toBe(199);
  });

  test('a receiver that does not read loses its oldest frames, and nobody else any', async () => {
    const path = await nextPath();
    const gate = Promise.withResolvers<void>();
    const { frames } = await serve(path, { queueBytesMax: 200_000 });
    const got = new Log<string>();
    const lazy = dial(path, {
      onFrame: (text) => {
        got.add(text);
        return gate.promise;
      },
    });
    const keen = dial(path);
    lazy.client.send('lazy', 's');
    const [toLazy] = await frames.reaches(1);
    keen.client.send('keen', 's');
    const [, toKeen] = await frames.reaches(2);
    toLazy?.connection.send('-1', 's');
    await got.reaches(1);
    for (let i = 0; i < 200; i += 1) toLazy?.connection.send(`${i} ${'x'.repeat(9_000)}`, 's');
    toKeen?.connection.send('hello', 's');
    expect(await keen.frames.reaches(1)).toEqual(['hello']);
    const dropped = toLazy?.connection.dropped ?? 0;
    expect(dropped).toBeGreaterThan(0);
    gate.resolve();
    const texts = await got.reaches(201 - dropped);
    expect(texts.at(-1)).toMatch(/^199 /);
  });

  test('nobody listens twice at one place', async () => {
    const path = await nextPath();
    await serve(path);
    await expect(serve(path)).rejects.toMatchObject({ code: 'LINK_SOCKET_TAKEN' });
  });

  test('a closed client stays closed', async () => {
    const path = await nextPath();
    const { frames, closed } = await serve(path);
    const { client, connects } = dial(path);
    await connects.reaches(1);
    await client.close();
    await closed.reaches(1);
    client.send('late', 's');
    dial(path).client.send('other', 's');
    expect((await frames.reaches(1))[0]?.text).toBe('other');
    expect([client.connected, connects.entries.length]).toEqual([false, 1]);
  });

  test('closing does not wait for a consumer that never takes what it was given', async () => {
    const path = await nextPath();
    const never = new Promise<void>(() => {});
    const { frames, closed } = await serve(path);
    const got = new Log<string>();
    const { client } = dial(path, {
      onFrame: (text) => {
        got.add(text);
        return never;
      },
    });
    client.send('hello', 's');
    const [hello] = await frames.reaches(1);
    hello?.connection.send('one', 's');
    hello?.connection.send('two', 's');
    await got.reaches(1);
    await client.close();
    await closed.reaches(1);
    expect(got.entries).toEqual(['one']);
  });
});
