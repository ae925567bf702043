/** Who may serve a hub's NATS server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Server } from '../transport.ts';
import { Broker } from './broker.ts';
import { hasNatsServer } from './for-tests.ts';
import { freePorts } from './free-ports.ts';
import { natsTransport } from './nats-transport.ts';
import { SERVING_SUBJECT } from './subjects.ts';

describe.skipIf(!hasNatsServer())('the place of a hub at its NATS server', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sg-nats-server-'));
  let broker: Broker;
  let other: NatsConnection;
  const open: Server[] = [];

  async function listen(): Promise<Server> {
    const transport = natsTransport({ node: 'h1', tls: null });
    const server = await transport.listen({
      path: broker.url,
      onFrame: () => {},
      onClose: () => {},
    });
    open.push(server);
    return server;
  }

  /** Another process that is asked whether it serves. */
  async function occupy(onAsked: (question: Msg) => void) {
    const subscription = other.subscribe(SERVING_SUBJECT, {
      callback: (_, question) => onAsked(question),
    });
    await other.flush();
    return subscription;
  }

  beforeAll(async () => {
    broker = await Broker.start({
      directory: join(directory, 'nats'),
      name: 'h1',
      host: '127.0.0.1',
      port: (await freePorts(1))[0] as number,
      tls: null,
      owner: 'h1',
      users: [],
    });
    other = await connect({ servers: broker.url });
  });
  afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));
  afterAll(async () => {
    await other?.close();
    await broker?.stop();
    rmSync(directory, { recursive: true });
  });

  test('is free for one process, and taken for the next', async () => {
    await listen();
    await expect(listen()).rejects.toMatchObject({ code: 'LINK_SOCKET_TAKEN' });
  });

  test('whoever says nothing is asked again, and what it says then counts', async () => {
    let asked = 0;
    const subscription = await occupy((question) => {
      asked += 1;
      if (asked > 1) question.respond();
    });
    await expect(listen()).rejects.toMatchObject({ code: 'LINK_SOCKET_TAKEN' });
    expect(asked).toBeGreaterThan(1);
    subscription.unsubscribe();
  });

  test('becomes free when somebody who says nothing has gone', async () => {
    const subscription = await occupy(() => subscription.unsubscribe());
    await listen();
  });
});
