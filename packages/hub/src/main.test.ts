/** Hubs as processes: start, answer, exit codes, kill -9, restart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { HubStatus, Message } from '@sparegrid/core/messages';
import { decodeFrame } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import { generateKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Client } from '@sparegrid/link/transport';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, 'main.ts');
const LESSEE = generateKey();

/** A lessee's connection that asks for the status of its hub and hears what comes. */
class Lessee {
  readonly heard: Message[] = [];
  readonly client: Client;
  readonly #session = randomBytes(16).toString('hex');
  readonly #hub: string;
  readonly #framer: Framer;
  #changed = Promise.withResolvers<void>();

  constructor(path: string, hub: string) {
    this.#hub = hub;
    this.#framer = new Framer({
      crypto: nodeCrypto(LESSEE),
      from: `l1.${hub}`,
      session: this.#session,
      epoch: 0,
      frameTtlMs: 30_000,
    });
    this.client = localSockets.connect({
      path,
      onFrame: (frame, signature) => {
        const decoded = decodeFrame(frame, signature);
        if (decoded.ok) this.heard.push(...decoded.signed.frame.messages);
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      },
    });
  }

  async next(): Promise<Message> {
    for (;;) {
      const message = this.heard.shift();
      if (message) return message;
      await this.#changed.promise;
    }
  }

  async status(): Promise<HubStatus> {
    const request = { type: 'request', requestId: 'r1', request: { op: 'hub.status' } } as const;
    for (const frame of this.#framer.frame(this.#hub, [request], Date.now())) {
      this.client.send(frame.text, frame.signature);
    }
    const message = await this.next();
    if (message.type !== 'reply' || !message.reply.ok || message.reply.op !== 'hub.status') {
      throw new Error(`expected the status, got ${JSON.stringify(message)}`);
    }
    return message.reply.status;
  }
}

describe('hub process', () => {
  let folder: string;
  let children: ChildProcess[];
  let lessees: Lessee[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-hub-'));
    await mkdir(join(folder, 'run'), { mode: 0o700 });
    [children, lessees] = [[], []];
    const keys = { h1: generateKey(), h2: generateKey() };
    const peers = Object.entries(keys).map(([id, key]) => ({
      id,
      publicKey: publicKeyOf(key),
      mesh: `run/${id}.mesh.sock`,
    }));
    for (const [id, key] of Object.entries(keys)) {
      saveKey(join(folder, `${id}.key`), key);
      await writeConfig(id, { peers });
    }
  });

  afterEach(async () => {
    await Promise.all(lessees.map((lessee) => lessee.client.close()));
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(folder, { recursive: true });
  });

  async function writeConfig(id: string, more: object): Promise<void> {
    const organization = { id: 'LEI1', name: 'One', kind: 'company' };
    const lessee = { id: `l1.${id}`, publicKey: publicKeyOf(LESSEE), organization, lends: false };
    const config = {
      id,
      keyFile: `${id}.key`,
      store: `data/${id}.db`,
      sockets: { mesh: `run/${id}.mesh.sock`, local: `run/${id}.local.sock` },
      participants: [lessee],
      timing: { heartbeatMs: 50 },
      ...more,
    };
    await writeFile(join(folder, `${id}.json`), JSON.stringify(config));
  }

  function start(id: string, { ipc = false } = {}): ChildProcess {
    const child = spawn(process.execPath, [MAIN, '--config', join(folder, `${id}.json`)], {
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    });
    children.push(child);
    return child;
  }

  async function ready(child: ChildProcess): Promise<Record<string, unknown>> {
    child.stderr?.resume();
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [line] = (await once(lines, 'line')) as [string];
    return JSON.parse(line) as Record<string, unknown>;
  }

  async function ended(child: ChildProcess): Promise<{ code: number; said: string }> {
    const [said, [code]] = await Promise.all([
      text(child.stderr as NodeJS.ReadableStream),
      once(child, 'exit'),
    ]);
    return { code, said };
  }

  function connect(hub = 'h1'): Lessee {
    const lessee = new Lessee(join(folder, `run/${hub}.local.sock`), hub);
    lessees.push(lessee);
    return lessee;
  }

  it('says when it is ready, answers, and ends when told to', async () => {
    const hub = start('h1');
    expect(await ready(hub)).toMatchObject({ ready: true, role: 'hub', id: 'h1', epoch: 1 });
    expect(await connect().status()).toMatchObject({ hub: 'h1', epoch: 1 });
    const exited = once(hub, 'exit');
    hub.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  it('takes a higher epoch after kill -9, and sessions go on', async () => {
    const first = start('h1');
    await ready(first);
    const lessee = connect();
    await lessee.status();
    const exited = once(first, 'exit');
    first.kill('SIGKILL');
    await exited;
    expect(await ready(start('h1'))).toMatchObject({ epoch: 2 });
    expect(await lessee.status()).toMatchObject({ epoch: 2 });
  });

  it('learns its past on an older copy of its store, in the same process, and serves again', async () => {
    const [first] = [start('h1'), start('h2')] as [ChildProcess, ChildProcess];
    await Promise.all(children.map(ready));
    await endedWell(first);
    await copyFile(join(folder, 'data/h1.db'), join(folder, 'backup.db'));
    const second = start('h1');
    await ready(second);
    const peer = connect('h2');
    const epochSeen = async () =>
      (await peer.status()).parts.find((part) => part.hub === 'h1')?.epoch;
    while ((await epochSeen()) !== 2);
    await endedWell(second);
    await copyFile(join(folder, 'backup.db'), join(folder, 'data/h1.db'));
    const restored = start('h1');
    const said = createInterface({ input: restored.stderr as NodeJS.ReadableStream });
    const codes: string[] = [];
    for await (const line of said) {
      const code = /HUB_STORE_ROLLED_BACK|HUB_RECOVERED/.exec(line)?.[0];
      if (code) codes.push(code);
      if (code === 'HUB_RECOVERED') break;
    }
    expect(codes).toEqual(['HUB_STORE_ROLLED_BACK', 'HUB_RECOVERED']);
    // Its epoch is above the lost ones: the peer takes its word again.
    while (((await epochSeen()) ?? 0) <= 3);
    expect(await connect().status()).toMatchObject({ recovery: null });
    expect(restored.exitCode).toBeNull();
  }, 180_000);

  async function endedWell(child: ChildProcess): Promise<void> {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  }

  it('hears of its peers over the mesh, also after one was killed', async () => {
    const hubs = [start('h1'), start('h2')];
    await Promise.all(hubs.map(ready));
    const lessee = connect();
    const epochOfPeer = async () =>
      (await lessee.status()).parts.find((part) => part.hub === 'h2')?.epoch;
    while ((await epochOfPeer()) !== 1);
    const exited = once(hubs[1] as ChildProcess, 'exit');
    hubs[1]?.kill('SIGKILL');
    await exited;
    await ready(start('h2'));
    while ((await epochOfPeer()) !== 2);
  });

  it('tells a known sender why its frame was refused, and goes on', async () => {
    await ready(start('h1'));
    const lessee = connect();
    await lessee.status();
    lessee.client.send('{"v":1', 'AAAA');
    expect(await lessee.next()).toMatchObject({ type: 'refused', code: 'LINK_MALFORMED' });
    expect(await lessee.status()).toMatchObject({ hub: 'h1' });
  });

  it('goes on answering when the disk is low', async () => {
    await writeConfig('h1', { peers: [], diskFreeBytesMin: Number.MAX_SAFE_INTEGER });
    await ready(start('h1'));
    expect(await connect().status()).toMatchObject({ hub: 'h1' });
  });

  it('ends with the parent that holds its IPC channel', async () => {
    const hub = start('h1', { ipc: true });
    await ready(hub);
    const exited = once(hub, 'exit');
    hub.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it('ends with 2 and the name of the field when the configuration is wrong', async () => {
    await writeConfig('h1', { peers: [{ id: 'h2' }] });
    const { code, said } = await ended(start('h1'));
    expect(code).toBe(2);
    expect(said).toContain('CONFIG_MALFORMED');
    expect(said).toContain('peers.0.publicKey');
  });

  it('ends with 2 when the key file is missing, or is not the stated one', async () => {
    await rm(join(folder, 'h1.key'));
    expect(await ended(start('h1'))).toMatchObject({ code: 2 });
    saveKey(join(folder, 'h1.key'), generateKey());
    const { code, said } = await ended(start('h1'));
    expect(code).toBe(2);
    expect(said).toContain('CONFIG_KEY');
  });

  it('ends with 2 without a configuration', async () => {
    const child = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const { code, said } = await ended(child);
    expect(code).toBe(2);
    expect(said).toContain('--config FILE');
  });

  it('ends with 2 when its HTTP door has an address that is not this machine’s', async () => {
    // Reserved for documentation.
    await writeConfig('h1', { peers: [], http: { host: '203.0.113.1', port: 0 } });
    const { code, said } = await ended(start('h1'));
    expect(code).toBe(2);
    expect(said).toMatch(/CONFIG_ADDRESS.* http: 203\.0\.113\.1:0/);
  });

  it('ends with 70 when another program has the port of its HTTP door', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await writeConfig('h1', { peers: [], http: { host: '127.0.0.1', port } });
    const { code, said } = await ended(start('h1'));
    other.close();
    expect(code).toBe(70);
    expect(said).toMatch(/LINK_HTTP_ADDRESS.* http: 127\.0\.0\.1/);
  });

  it('ends with 70 when another process has its store', async () => {
    await ready(start('h1'));
    const { code, said } = await ended(start('h1'));
    expect(code).toBe(70);
    expect(said).toContain('STORE_IN_USE');
    // An operator reads it: no stack, and nothing twice.
    expect(said).not.toMatch(/^ {4}at |caused by/m);
  });
});
