/** Who may do what on a hub's NATS server: by certificate, and by nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Certified, createAuthority, createRequest, issue } from '../identity/certificates.ts';
import { Broker } from './broker.ts';
import { hasNatsServer } from './for-tests.ts';
import { freePorts } from './free-ports.ts';
import { natsTransport, type TlsFiles } from './nats-transport.ts';
import { OPEN } from './parcel.ts';
import { GONE_SUBJECT, linePrefix } from './subjects.ts';

/** A busy machine is slow to shake hands; who is not let in is told at once all the same. */
const ENTER_MS_MAX = 60_000;

const directory = mkdtempSync(join(tmpdir(), 'sg-nats-'));

describe.skipIf(!hasNatsServer())('access to a hub’s NATS server', () => {
  const nowMs = Date.now();
  let authority: Certified;
  let broker: Broker;
  const open: NatsConnection[] = [];

  async function files(node: string, signer: Certified) {
    const { request, key } = await createRequest(node);
    const leaf = { name: node, hosts: ['127.0.0.1', 'localhost'], days: 1 };
    const cert = await issue(signer, request, leaf, nowMs);
    const at = (ending: string) => join(directory, `${node}.${ending}`);
    writeFileSync(at('pem'), cert);
    writeFileSync(at('key'), key, { mode: 0o600 });
    return { cert, key, certFile: at('pem'), keyFile: at('key') };
  }

  async function enter(node: string, signer = authority): Promise<NatsConnection> {
    const { cert, key } = await files(node, signer);
    const inboxPrefix = `_INBOX.${node.replaceAll('.', '_')}`;
    const tls = { cert, key, ca: authority.cert };
    const options = {
      servers: broker.url,
      reconnect: false,
      timeout: ENTER_MS_MAX,
      inboxPrefix,
      tls,
    };
    const connection = await connect(options);
    open.push(connection);
    return connection;
  }

  /** The server's word on a connection's next mistake. */
  async function denial(connection: NatsConnection): Promise<string> {
    for await (const status of connection.status()) {
      if (status.type === 'error') return status.error.message;
    }
    return 'closed';
  }

  beforeAll(async () => {
    authority = await createAuthority('hub h1', 1, nowMs);
    const caFile = join(directory, 'ca.pem');
    writeFileSync(caFile, authority.cert);
    const { certFile, keyFile } = await files('h1', authority);
    broker = await Broker.start({
      directory: join(directory, 'broker'),
      name: 'h1',
      host: '127.0.0.1',
      port: (await freePorts(1))[0] as number,
      tls: { certFile, keyFile, caFile },
      owner: 'h1',
      users: ['a.h1', 'b.h1'],
    });
  });
  afterEach(() => Promise.all(open.splice(0).map((connection) => connection.close())));
  afterAll(async () => {
    await broker?.stop();
    rmSync(directory, { recursive: true });
  });

  test('a participant is heard on its own subjects', async () => {
    const hub = await enter('h1');
    const heard = new Promise<string>((resolve) => {
      hub.subscribe('up.*.*', { callback: (_, { subject }) => resolve(subject) });
    });
    await hub.flush();
    const a = await enter('a.h1');
    a.publish('up.a_h1.1');
    expect(await heard).toBe('up.a_h1.1');
  });

  test.each(['up.b_h1.1', 'down.a_h1.1', 'hello', 'serving'])(
    'a participant may not publish to %s',
    async (subject) => {
      const a = await enter('a.h1');
      const denied = denial(a);
      a.publish(subject);
      await a.flush();
      expect(await denied).toMatch(/permission/i);
    },
  );

  test.each(['>', 'up.*.*', 'down.b_h1.*', 'down.*.*', '_INBOX.b_h1.>'])(
    'a participant may not listen to %s',
    async (subject) => {
      const a = await enter('a.h1');
      const denied = denial(a);
      a.subscribe(subject, { callback: () => {} });
      await a.flush();
      expect(await denied).toMatch(/permission/i);
    },
  );

  test('nobody enters with a name that was not admitted', async () => {
    await expect(enter('c.h1')).rejects.toThrow(/authorization/i);
  });

  test('nobody enters with a certificate of another authority', async () => {
    const stranger = await createAuthority('hub h2', 1, nowMs);
    await expect(enter('a.h1', stranger)).rejects.toThrow();
  });

  test('nobody enters without a certificate', async () => {
    const options = { servers: broker.url, reconnect: false, timeout: ENTER_MS_MAX };
    await expect(connect({ ...options, tls: { ca: authority.cert } })).rejects.toThrow();
  });

  test('the hub hears of a line’s end from the server when nobody says goodbye', async () => {
    const { certFile, keyFile, caFile } = broker.settings.tls as TlsFiles;
    const transport = natsTransport({ node: 'h1', tls: { certFile, keyFile, caFile } });
    const closed = Promise.withResolvers<void>();
    const server = await transport.listen({
      path: broker.url,
      onFrame: () => {},
      onClose: () => closed.resolve(),
    });
    const a = await enter('a.h1');
    const opened = new Promise<void>((resolve) => {
      a.subscribe('down.a_h1.*', { callback: () => resolve() });
    });
    a.publish(`up.a_h1.${linePrefix(a.info?.client_id as number)}1`, OPEN);
    await opened;
    await a.close();
    await closed.promise;
    await server.close();
  });

  test('only the hub hears who is gone', async () => {
    const a = await enter('a.h1');
    const denied = denial(a);
    a.subscribe(GONE_SUBJECT, { callback: () => {} });
    await a.flush();
    expect(await denied).toMatch(/permission/i);
  });

  test('who is expelled is put out at once, and the others stay', async () => {
    const [a, b] = [await enter('a.h1'), await enter('b.h1')];
    broker.setUsers(['a.h1']);
    await b.closed();
    await expect(enter('b.h1')).rejects.toThrow(/authorization/i);
    await a.flush();
    expect(a.isClosed()).toBe(false);
  });

  test('the server outlives its hub’s process and is taken over, with the list of now', async () => {
    const { pid } = broker;
    const again = await Broker.start({ ...broker.settings, users: ['b.h1'] });
    expect(again.pid).toBe(pid);
    await enter('b.h1');
  });
});
