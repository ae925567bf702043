/** What a hub's configuration file may say, and how it is refused. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_TIMING } from '@sparegrid/core/agreement/timing';
import { DEFAULT_LIMITS } from '@sparegrid/core/hub/config';
import { generateKey, publicKeyOf } from '@sparegrid/link/keys';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHubConfig } from './config.ts';

const key = () => publicKeyOf(generateKey());
const ORGANIZATION = { id: 'LEI1', name: 'One', kind: 'company' };

function valid() {
  return {
    id: 'h1',
    keyFile: 'h1.key',
    store: 'data/h1.db',
    sockets: { mesh: 'run/h1.mesh.sock', local: '/run/h1.local.sock' },
    peers: [
      { id: 'h1', publicKey: key(), mesh: 'run/h1.mesh.sock' },
      { id: 'h2', publicKey: key(), mesh: 'run/h2.mesh.sock' },
    ],
    participants: [{ id: 'p1.h1', publicKey: key(), organization: ORGANIZATION }],
  };
}

describe('hub configuration', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-config-'));
    path = join(folder, 'h1.json');
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function read(content: unknown) {
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return readHubConfig(path);
  }

  it('takes paths from the folder of the file, and defaults for what is left out', async () => {
    const settings = await read({ ...valid(), timing: { heartbeatMs: 200 } });
    expect(settings).toMatchObject({
      keyFile: join(folder, 'h1.key'),
      store: join(folder, 'data/h1.db'),
      sockets: { mesh: join(folder, 'run/h1.mesh.sock'), local: '/run/h1.local.sock' },
      peerSockets: [{ hub: 'h2', paths: [join(folder, 'run/h2.mesh.sock')] }],
      diskFreeBytesMin: 64 * 1024 * 1024,
    });
    expect(settings.config).toMatchObject({
      timing: { ...DEFAULT_TIMING, heartbeatMs: 200 },
      limits: DEFAULT_LIMITS,
      participants: [{ id: 'p1.h1', collect: 'push', lends: true }],
    });
    expect(settings.config.peers.map((peer) => peer.id)).toEqual(['h1', 'h2']);
  });

  it('takes several addresses of a hub that has a standby', async () => {
    const mesh = ['run/h2.mesh.sock', 'nats://127.0.0.1:4222'];
    const { peerSockets } = await read({
      ...valid(),
      peers: [{ id: 'h2', publicKey: key(), mesh }],
    });
    expect(peerSockets).toEqual([{ hub: 'h2', paths: [join(folder, mesh[0] ?? ''), mesh[1]] }]);
  });

  it('leaves the name of the memory store as it is', async () => {
    expect((await read({ ...valid(), store: 'memory' })).store).toBe('memory');
  });

  describe('of a database', () => {
    const database = (more: object = {}) => ({
      ...valid(),
      store: { kind: 'postgres', url: 'postgres://hub1@db.example/h1', ...more },
    });

    it('is the address, the password of a file, and verified TLS', async () => {
      await writeFile(join(folder, 'password'), 'hunter2\n', { mode: 0o600 });
      const content = { ...database({ passwordFile: 'password' }), standby: true };
      expect(await read(content)).toMatchObject({
        standby: true,
        store: {
          host: 'db.example',
          port: 5432,
          user: 'hub1',
          database: 'h1',
          password: 'hunter2',
          tls: { ca: null, cert: null, key: null },
          leaseMs: 2000,
        },
      });
    });

    it.each([
      ['postgres://hub1@127.0.0.1:5433/h1', { host: '127.0.0.1', port: 5433 }],
      ['postgres://hub1@[::1]/h1', { host: '::1' }],
      ['postgres://hub1@%2Fvar%2Frun%2Fpostgresql/h1', { host: '/var/run/postgresql' }],
    ])('needs no TLS to this machine: %s', async (url, found) => {
      expect((await read(database({ url }))).store).toMatchObject({ ...found, tls: null });
    });

    it('goes without TLS to another machine only when told so', async () => {
      expect((await read(database({ tls: 'off' }))).store).toMatchObject({ tls: null });
    });

    it.each([
      [{ url: 'postgres://hub1:hunter2@db/h1' }, 'store.url: a password does not belong here'],
      [{ url: 'postgres://hub1@db/h1?sslmode=disable' }, 'store.url: expected postgres://USER'],
      [{ url: 'postgres://db/h1' }, 'store.url: expected postgres://USER'],
      [{ url: 'mysql://hub1@db/h1' }, 'store.url: expected postgres://USER'],
      [{ lease: 1 }, 'lease'],
      [{ leaseMs: 1 }, 'store.leaseMs'],
      [{ tls: 'on' }, 'store.tls'],
    ])('is refused with %o', async (more, message) => {
      const refused = read(database(more));
      await expect(refused).rejects.toMatchObject({ code: 'CONFIG_MALFORMED' });
      await expect(refused).rejects.toThrow(message);
      await expect(refused).rejects.not.toThrow('hunter2');
    });

    it('refuses a password that everybody can read, and one that is not there', async () => {
      await writeFile(join(folder, 'open'), 'hunter2', { mode: 0o644 });
      for (const passwordFile of ['open', 'missing']) {
        const refused = read(database({ passwordFile }));
        await expect(refused).rejects.toMatchObject({ code: 'CONFIG_FILE' });
        await expect(refused).rejects.not.toThrow('hunter2');
      }
    });
  });

  it.each([
    [
      'a standby without a database',
      { ...valid(), standby: true },
      'standby: a standby needs a store that both processes reach: PostgreSQL',
    ],
    ['no JSON', '{"id": h1}', 'is not valid JSON'],
    ['another kind of value', '[]', 'the whole file'],
    ['an unknown field', { ...valid(), peer: [] }, 'peer'],
    ['an unknown bound', { ...valid(), timing: { heartbeat: 1 } }, 'timing'],
    ['a bound that is no whole number', { ...valid(), timing: { holdMs: 0.5 } }, 'timing.holdMs'],
    ['a hub id with a dot', { ...valid(), id: 'h.1' }, 'id: expected a hub id'],
    [
      'a key that is none',
      { ...valid(), peers: [{ id: 'h2', publicKey: 'abc', mesh: 'x' }] },
      'peers.0.publicKey',
    ],
    [
      'a participant of another hub',
      { ...valid(), participants: [{ ...valid().participants[0], id: 'p1.h2' }] },
      'participants.0.id',
    ],
    [
      'a participant twice',
      { ...valid(), participants: [...valid().participants, ...valid().participants] },
      'participants.1.id: p1.h1 is listed twice',
    ],
  ])('refuses %s, naming file and field', async (_what, content, message) => {
    const refused = read(content);
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_MALFORMED', retryable: false });
    await expect(refused).rejects.toThrow(path);
    await expect(refused).rejects.toThrow(message);
  });

  it('refuses a file that is not there', () => {
    expect(() => readHubConfig(path)).toThrow(/CONFIG_UNREADABLE.*h1\.json/);
  });
});
