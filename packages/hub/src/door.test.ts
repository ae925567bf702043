/** Who gets in by which door, and whose a connection is; over real sockets with real signatures. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SignedFrame } from '@sparegrid/core/messages';
import type { Door } from '@sparegrid/link/addresses';
import type { FrameText } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import { generateKey, publicKeyOf } from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Client, Server } from '@sparegrid/link/transport';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DoorKeeper } from './door.ts';

const KEYS = new Map(['h1', 'h2', 'p1.h1', 'p2.h1', 'p1.h2'].map((id) => [id, generateKey()]));

function framerOf(from: string, { as = from, session = 'e1' } = {}) {
  const key = KEYS.get(from) as ReturnType<typeof generateKey>;
  return new Framer({ crypto: nodeCrypto(key), from: as, session, epoch: 1, frameTtlMs: 30_000 });
}

function frameOf(framer: Framer, to = 'h1'): FrameText {
  const [frame] = framer.frame(to, [{ type: 'snapshot-request', of: 'h1' }], Date.now());
  return frame as FrameText;
}

/** What happens at a door, as lines that can be awaited. */
class Log {
  readonly lines: string[] = [];
  #changed = Promise.withResolvers<void>();

  note(line: string): void {
    this.lines.push(line);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async reaches(count: number): Promise<string[]> {
    while (this.lines.length < count) await this.#changed.promise;
    return this.lines;
  }
}

describe('door', () => {
  let folder: string;
  let log: Log;
  let servers: Server[];
  let clients: Client[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-door-'));
    [log, servers, clients] = [new Log(), [], []];
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(servers.map((server) => server.close()));
    await rm(folder, { recursive: true });
  });

  async function open(door: Door): Promise<Server> {
    const keeper = new DoorKeeper({
      door,
      hub: 'h1',
      crypto: nodeCrypto(KEYS.get('h1') as ReturnType<typeof generateKey>),
      keysFor: ({ from }) => {
        const key = KEYS.get(from);
        return key ? [publicKeyOf(key)] : [];
      },
      accept: ({ frame }: SignedFrame) => {
        log.note(`accepted ${frame.from} ${frame.session} ${frame.seq}`);
        return undefined;
      },
    });
    const server = await localSockets.listen({
      path: join(folder, `${door}.sock`),
      onFrame: (connection, text, signature) => keeper.onFrame(connection, text, signature),
      onRefused: (_connection, { code }) => log.note(code),
      onClose: ({ from, session }) => log.note(`closed ${from} ${session}`),
    });
    servers.push(server);
    return server;
  }

  function connect(door: Door): Client {
    const client = localSockets.connect({ path: join(folder, `${door}.sock`), onFrame: () => {} });
    clients.push(client);
    return client;
  }

  function send(client: Client, { text, signature }: FrameText): void {
    client.send(text, signature);
  }

  it('binds a connection to the sender of its first valid frame', async () => {
    const server = await open('local');
    send(connect('local'), frameOf(framerOf('p1.h1')));
    expect(await log.reaches(1)).toEqual(['accepted p1.h1 e1 0']);
    expect(server.find('p1.h1', 'e1')).toBeDefined();
  });

  it.each([
    ['local', 'h2', 'h1', 'LINK_NOT_ALLOWED'],
    ['local', 'p1.h2', 'h1', 'LINK_NOT_ALLOWED'],
    ['mesh', 'p1.h1', 'h1', 'LINK_NOT_ALLOWED'],
    ['mesh', 'h1', 'h1', 'LINK_NOT_ALLOWED'],
    ['mesh', 'h2', 'h3', 'LINK_AUDIENCE'],
  ] as const)('at the %s door refuses %s that speaks to %s', async (door, from, to, code) => {
    await open(door);
    send(connect(door), frameOf(framerOf(from), to));
    expect(await log.reaches(1)).toEqual([code]);
  });

  it('refuses strangers and forged signatures', async () => {
    const server = await open('local');
    const client = connect('local');
    send(client, frameOf(framerOf('p1.h1', { as: 'p9.h1' })));
    send(client, frameOf(framerOf('p1.h1', { as: 'p2.h1' })));
    expect(await log.reaches(2)).toEqual(['LINK_UNKNOWN_SENDER', 'LINK_SIGNATURE']);
    expect(server.of('p2.h1')).toEqual([]);
  });

  it('refuses what is no frame, and closes at the third', async () => {
    await open('local');
    const client = connect('local');
    for (let n = 0; n < 3; n++) client.send('{}', 'AAAA');
    expect(await log.reaches(4)).toEqual([
      'LINK_MALFORMED',
      'LINK_MALFORMED',
      'LINK_MALFORMED',
      'closed null null',
    ]);
  });

  it('refuses another sender on a connection that is taken', async () => {
    await open('local');
    const client = connect('local');
    send(client, frameOf(framerOf('p1.h1')));
    send(client, frameOf(framerOf('p2.h1')));
    expect(await log.reaches(2)).toEqual(['accepted p1.h1 e1 0', 'LINK_NOT_ALLOWED']);
  });

  it('lets a sender go on with its session over a new connection', async () => {
    const server = await open('local');
    const framer = framerOf('p1.h1');
    send(connect('local'), frameOf(framer));
    await log.reaches(1);
    const first = server.find('p1.h1', 'e1');
    send(connect('local'), frameOf(framer));
    expect((await log.reaches(3)).sort()).toEqual([
      'accepted p1.h1 e1 0',
      'accepted p1.h1 e1 1',
      'closed p1.h1 e1',
    ]);
    expect(server.find('p1.h1', 'e1')).not.toBe(first);
  });

  it('does not give a session to who replays a frame of it', async () => {
    const server = await open('local');
    const frame = frameOf(framerOf('p1.h1'));
    send(connect('local'), frame);
    await log.reaches(1);
    const rightful = server.find('p1.h1', 'e1');
    send(connect('local'), frame);
    expect(await log.reaches(2)).toEqual(['accepted p1.h1 e1 0', 'LINK_REPLAYED']);
    expect(server.find('p1.h1', 'e1')).toBe(rightful);
  });
});
