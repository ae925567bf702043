/** A link over several addresses, on real sockets. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectAny } from './connect-any.ts';
import { localSockets } from './local-socket.ts';
import type { Client, Server } from './transport.ts';

describe('link over several addresses', () => {
  let folder: string;
  let servers: Server[];
  let client: Client;
  let heard: string[];
  let waiting: { count: number; reached(): void };
  const events = { up: 0, down: 0 };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-any-'));
    [servers, heard] = [[], []];
    waiting = { count: Number.POSITIVE_INFINITY, reached: () => {} };
    Object.assign(events, { up: 0, down: 0 });
  });

  afterEach(async () => {
    await client.close();
    await Promise.all(servers.map((server) => server.close()));
    await rm(folder, { recursive: true });
  });

  const path = (name: string) => join(folder, `${name}.sock`);

  async function listen(name: string): Promise<Server> {
    const server = await localSockets.listen({
      path: path(name),
      onFrame: (_connection, text) => note(`${name} ${text}`),
      onClose: () => {},
    });
    servers.push(server);
    return server;
  }

  function note(line: string): void {
    heard.push(line);
    if (heard.length >= waiting.count) waiting.reached();
  }

  function open(): void {
    client = connectAny(localSockets, [path('a'), path('b')], {
      onFrame: () => {},
      onConnect: () => {
        events.up += 1;
        note('up');
      },
      onDisconnect: () => {
        events.down += 1;
        note('down');
      },
    });
  }

  const until = (count: number) =>
    new Promise<void>((reached) => {
      waiting = { count, reached };
      if (heard.length >= count) reached();
    });

  it('goes to whoever listens, and to who does so next', async () => {
    const first = await listen('a');
    open();
    await until(1);
    client.send('1', 's');
    await until(2);
    await first.close();
    await until(3);
    client.send('2', 's');
    await listen('b');
    await until(5);
    expect(heard).toEqual(['up', 'a 1', 'down', 'up', 'b 2']);
  });

  it('keeps what is sent before anybody listens', async () => {
    open();
    for (const text of ['1', '2', '3']) client.send(text, 's');
    expect(client.connected).toBe(false);
    await listen('b');
    await until(4);
    expect(heard).toEqual(['up', 'b 1', 'b 2', 'b 3']);
  });

  it('sends each frame to all that listen, and is down when none does', async () => {
    const [first, second] = [await listen('a'), await listen('b')];
    open();
    await until(2);
    client.send('1', 's');
    await until(4);
    expect(heard.slice(2).sort()).toEqual(['a 1', 'b 1']);
    await first.close();
    client.send('2', 's');
    await until(5);
    expect(events).toEqual({ up: 2, down: 0 });
    await second.close();
    await until(6);
    expect(heard.slice(4)).toEqual(['b 2', 'down']);
  });
});
