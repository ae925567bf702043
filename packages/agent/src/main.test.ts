/** An agent as a process, with this test as its hub: registers, runs, survives kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Reported, takeReport } from '@sparegrid/core/hub/reported';
import type { DesiredContainer, LogChunk, Message, MessageType } from '@sparegrid/core/messages';
import type { Connection } from '@sparegrid/link/connection';
import { decodeFrame } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import { Trust } from '@sparegrid/link/identity/trust-for-tests';
import {
  generateKey,
  generateSealKey,
  publicKeyOf,
  saveKey,
  sealPublicKeyOf,
} from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { type SealedTask, sealedTask } from '@sparegrid/link/sealing/sealed-task-for-tests';
import type { Server } from '@sparegrid/link/transport';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAgentConfig } from './config.ts';
import { controlAgent } from './control/control-agent.ts';
import { ContainerFiles } from './runtime/container-files.ts';
import { signalGroup } from './runtime/process-identity.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const HUB_KEY = generateKey();
const SEAL_KEY = generateSealKey();
const ID = `o-${'0'.repeat(32)}-1.0.0`;

/** The task that was ordered last. */
let sealed: SealedTask;

function openedBy(chunk: LogChunk): Promise<string> {
  return sealed.open(chunk);
}

type Heard<T extends MessageType> = Extract<Message, { type: T }>;

/** The hub's end of the link: welcomes, acknowledges, and wants what it is told to want. */
class TestHub {
  readonly output: Promise<string>[] = [];
  clockOffMs = 0;
  #containers: DesiredContainer[] = [];
  #revision = 0;
  #server: Server | undefined;
  #connection: Connection | undefined;
  readonly #heard = new Map<MessageType, Message>();
  readonly #reported: Reported = new Map();
  #changed = Promise.withResolvers<void>();
  readonly #framer = new Framer({
    crypto: nodeCrypto(HUB_KEY),
    from: 'h1',
    session: 'e1',
    epoch: 1,
    frameTtlMs: 30_000,
  });

  async open(path: string): Promise<void> {
    this.#server = await localSockets.listen({
      path,
      onFrame: (connection, frame, signature) => {
        const decoded = decodeFrame(frame, signature);
        if (!decoded.ok) throw new Error(decoded.hint);
        this.#connection = connection;
        for (const message of decoded.signed.frame.messages) this.#take(message);
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      },
      onClose: () => {},
    });
  }

  want(containers: DesiredContainer[]): void {
    this.#containers = containers;
    this.#revision += 1;
    this.#sendDesired();
  }

  async until<T extends MessageType>(
    type: T,
    wanted: (message: Heard<T>) => boolean = () => true,
  ): Promise<Heard<T>> {
    for (;;) {
      const message = this.#heard.get(type) as Heard<T> | undefined;
      if (message && wanted(message)) return message;
      await this.#changed.promise;
    }
  }

  /** Types of the messages so far. */
  kinds(): MessageType[] {
    return [...this.#heard.keys()].sort();
  }

  forgetHeard(): void {
    this.#heard.clear();
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #take(message: Message): void {
    this.#heard.set(message.type, message);
    if (message.type === 'status') {
      takeReport(this.#reported, message, 0);
      this.#heard.set('status', { ...message, containers: [...this.#reported.values()] });
    }
    if (message.type === 'hello') {
      this.#send({ type: 'welcome', hub: 'h1', epoch: 1, collect: 'push' });
      this.#sendDesired();
    } else if (message.type === 'status') {
      this.#send({ type: 'status-ack', seq: message.seq });
    } else if (message.type === 'log') {
      const isOutput = message.stream === 'stdout' || message.stream === 'stderr';
      this.output[message.seq - 1] = isOutput ? openedBy(message) : Promise.resolve('');
      this.#send({ type: 'log-ack', container: message.container, seq: message.seq });
    }
  }

  async hears(text: string): Promise<void> {
    for (;;) {
      const { promise } = this.#changed;
      if ((await this.said()).includes(text)) return;
      await promise;
    }
  }

  async said(): Promise<string> {
    return (await Promise.all(this.output)).join('');
  }

  #sendDesired(): void {
    const [revision, containers] = [this.#revision, this.#containers];
    this.#send({ type: 'desired', epoch: 1, revision, since: null, containers, gone: [] });
  }

  #send(message: Message): void {
    for (const frame of this.#framer.frame('p1.h1', [message], Date.now() + this.clockOffMs)) {
      this.#connection?.send(frame.text, frame.signature);
    }
  }
}

async function container(script: string): Promise<DesiredContainer> {
  const visible = { image: 'process:sh', architecture: null, egress: false, capabilities: [] };
  const part = ID.slice(0, -2);
  const hidden = { command: ['-c', script], env: {} };
  sealed = await sealedTask(sealPublicKeyOf(SEAL_KEY), part, visible, hidden);
  const { task, taskPrivate, release } = sealed;
  return {
    id: ID,
    attempt: 0,
    part,
    rank: 0,
    size: 1,
    lotId: 'm1',
    amounts: { cpuMillicores: 1, memoryBytes: 1, storageBytes: 0, bandwidthBitsPerSecond: 0 },
    devices: [],
    task,
    taskPrivate,
    release,
    durationMs: 60_000,
    startGraceMs: 60_000,
    stopAfterMs: 60_000,
    running: true,
  };
}

const running = ({ containers }: Heard<'status'>) => containers[0]?.state === 'running';
const exited = ({ containers }: Heard<'status'>) => containers[0]?.state === 'exited';

describe('agent process', { timeout: 120_000 }, () => {
  let folder: string;
  let hub: TestHub;
  let children: ChildProcess[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-agent-'));
    await mkdir(join(folder, 'run'), { mode: 0o700 });
    children = [];
    hub = new TestHub();
    await hub.open(join(folder, 'run/h1.sock'));
    const key = generateKey();
    saveKey(join(folder, 'p1.key'), key);
    saveKey(join(folder, 'p1.seal.key'), SEAL_KEY);
    const keys = { signKey: publicKeyOf(key), sealKey: sealPublicKeyOf(SEAL_KEY) };
    const chain = new Trust().chainOf('p1.h1', keys);
    await writeFile(join(folder, 'p1.chain.json'), JSON.stringify(chain));
    await writeConfig({ cpu: '100m', memory: '64Mi' });
  });

  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    await hub.close();
    await killLeftovers();
    await rm(folder, { recursive: true, maxRetries: 20, retryDelay: 50 });
  });

  /** Containers outlive their agent; a failed test must not leave them behind. */
  async function killLeftovers(): Promise<void> {
    const directory = join(folder, 'containers');
    for (const id of await readdir(directory).catch(() => [])) {
      const supervisor = await new ContainerFiles(join(directory, id)).supervisor();
      if (supervisor) await signalGroup(supervisor, 'SIGKILL');
    }
  }

  async function writeConfig(share: { cpu: string; memory: string }): Promise<void> {
    await writeFile(join(folder, 'p1.json'), JSON.stringify(configOf(share)));
  }

  function configOf(share: { cpu: string; memory: string }) {
    return {
      id: 'p1.h1',
      keyFile: 'p1.key',
      store: 'p1.db',
      hub: { id: 'h1', publicKey: publicKeyOf(HUB_KEY), socket: 'run/h1.sock' },
      organization: { id: 'LEI1', name: 'One', kind: 'company' },
      sealing: { keyFile: 'p1.seal.key', chainFile: 'p1.chain.json' },
      offer: { ...share, follow: 'fixed', asks: { cpuPerCoreHour: '1', memoryPerGibHour: '1' } },
      runtime: { kind: 'process', directory: 'containers', programs: ['sh'] },
      timing: { heartbeatMs: 50, stopTimeMs: 5_000 },
    };
  }

  function spawnAgent(env: NodeJS.ProcessEnv = process.env): ChildProcess {
    const child = spawn(process.execPath, [MAIN, '--config', join(folder, 'p1.json')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return child;
  }

  async function start(): Promise<ChildProcess> {
    const child = spawnAgent();
    child.stderr?.resume();
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [line] = (await once(lines, 'line')) as [string];
    expect(JSON.parse(line)).toMatchObject({ ready: true, role: 'agent', id: 'p1.h1' });
    return child;
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
    const gone = once(child, 'exit');
    child.kill(signal);
    const [code] = await gone;
    return code;
  }

  it('registers the machine and its offer, and ends when told to', async () => {
    const agent = await start();
    const { document } = await hub.until('resource');
    expect(JSON.parse(document.payload)).toMatchObject({
      participant: 'p1.h1',
      machines: [{ id: 'm1' }],
    });
    const offer = JSON.parse((await hub.until('offer')).document.payload);
    expect(offer.lots[0].amounts).toMatchObject({ cpuMillicores: 100, memoryBytes: 67_108_864 });
    expect(offer.imagePolicy).toEqual({ allow: ['process:sh'] });
    expect(await end(agent, 'SIGTERM')).toBe(0);
  });

  it('says whether its hub hears it, and why not', async () => {
    await start();
    await hub.until('status');
    const { control } = readAgentConfig(join(folder, 'p1.json'));
    const untilHub = async (hears: boolean, isWhyKnown = false) => {
      for (;;) {
        for await (const answer of controlAgent(control, 'status')) {
          if (!answer.ok || answer.hub.hears !== hears) continue;
          if (!isWhyKnown || answer.hub.why !== null) return answer.hub;
        }
      }
    };
    expect(await untilHub(true)).toEqual({ id: 'h1', hears: true, why: null });
    hub.clockOffMs = -20 * 60_000;
    const { why } = await untilHub(false, true);
    expect(why).toMatch(/^LINK_EXPIRED: /);
    hub.clockOffMs = 0;
    expect(await untilHub(true)).toEqual({ id: 'h1', hears: true, why: null });
  });

  it('runs what its hub wants, tells its output and end, and forgets it', async () => {
    await start();
    await hub.until('status');
    hub.want([await container('echo hello; exit 3')]);
    expect((await hub.until('status', exited)).containers).toMatchObject([
      { id: ID, exitCode: 3, reason: 'exit', started: true },
    ]);
    expect(await hub.said()).toBe('hello\n');
    hub.want([]);
    await hub.until('status', ({ containers }) => containers.length === 0);
  });

  it('does not start what it has no key for, or what was altered on the way', async () => {
    await start();
    await hub.until('status');
    const right = await container('echo hello');
    const other = await container('echo other');
    const wrong = [
      { ...right, id: `${right.part}.1`, release: null },
      { ...right, id: `${right.part}.2`, release: 'a'.repeat(150) },
      { ...right, id: `${right.part}.3`, taskPrivate: other.taskPrivate },
      { ...right, id: `${right.part}.4`, part: right.part.replace(/0$/, '7') },
    ];
    hub.want(wrong);
    const isOver = ({ containers }: Heard<'status'>) =>
      containers.length === wrong.length && containers.every(({ state }) => state === 'exited');
    const { containers } = await hub.until('status', isOver);
    for (const one of containers) {
      expect(one).toMatchObject({ reason: 'key-invalid', started: false, exitCode: null });
    }
    hub.want([]);
    await hub.until('status', ({ containers }) => containers.length === 0);
  });

  it('stops what its hub does not want any more', async () => {
    await start();
    await hub.until('status');
    hub.want([await container('echo go; exec sleep 1000')]);
    await hub.until('status', running);
    hub.want([]);
    await hub.until('status', ({ containers }) => containers.length === 0);
  });

  it('adopts its containers after kill -9: nothing starts twice, no output is lost', async () => {
    const first = await start();
    await hub.until('status');
    const script = 'echo start; while ! [ -e ../end ]; do sleep 0.02; done; echo end; exit 5';
    hub.want([await container(script)]);
    await hub.hears('start');
    await end(first, 'SIGKILL');
    await writeFile(join(folder, 'containers', ID, 'end'), '');
    hub.forgetHeard();
    const second = await start();
    const { containers } = await hub.until('status', exited);
    expect(containers).toMatchObject([{ id: ID, exitCode: 5, reason: 'exit' }]);
    expect(await hub.said()).toBe('start\nend\n');
    hub.want([]);
    await hub.until('status', (status) => status.containers.length === 0);
    await end(second, 'SIGTERM');
    expect(await readdir(join(folder, 'containers'))).toEqual([]);
  });

  it('leaves its containers running when it is told to end', async () => {
    const first = await start();
    await hub.until('status');
    hub.want([await container('echo go; exec sleep 1000')]);
    await hub.until('status', running);
    expect(await end(first, 'SIGTERM')).toBe(0);
    hub.forgetHeard();
    await start();
    await hub.until('status', running);
    hub.want([]);
    await hub.until('status', ({ containers }) => containers.length === 0);
  });

  it('ends with 2 when it shall offer more than the machine has', async () => {
    await writeConfig({ cpu: '100000', memory: '64Mi' });
    const child = spawnAgent();
    const [said, [code]] = await Promise.all([
      text(child.stderr as NodeJS.ReadableStream),
      once(child, 'exit'),
    ]);
    expect(code).toBe(2);
    expect(said).toContain('CONFIG_MACHINE');
    expect(said).toContain('offer.cpu');
  });

  it.each([
    ['without a network', null, process.env],
    ['in the network of the machine', 'host', process.env],
    ['without tc', 'outside', { ...process.env, PATH: '/nowhere' }],
  ])(
    'ends with 2 when containers could not be held to the bandwidth: %s',
    async (_, egressNetwork, env) => {
      const config = configOf({ cpu: '1', memory: '64Mi' });
      const runtime = { kind: 'docker', directory: 'containers', egressNetwork };
      const offer = { ...config.offer, bandwidth: '100M' };
      await writeFile(join(folder, 'p1.json'), JSON.stringify({ ...config, offer, runtime }));
      const child = spawnAgent(env);
      const [said, [code]] = await Promise.all([
        text(child.stderr as NodeJS.ReadableStream),
        once(child, 'exit'),
      ]);
      expect(code).toBe(2);
      expect(said).toContain('CONFIG_MACHINE');
      expect(said).toContain('offer.bandwidth');
    },
  );

  it('only rents in the role of a lessee: it registers and offers nothing', async () => {
    const { offer: _, runtime: __, ...config } = configOf({ cpu: '1', memory: '1Gi' });
    await writeFile(join(folder, 'p1.json'), JSON.stringify({ ...config, role: 'lessee' }));
    const agent = await start();
    await hub.until('status', ({ seq }) => seq >= 3);
    expect(hub.kinds()).toEqual(['hello', 'status']);
    expect(await end(agent, 'SIGTERM')).toBe(0);
  });

  it('says loudly that it isolates nothing', async () => {
    const child = spawnAgent();
    for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
      if (JSON.parse(line).event === 'runtime.isolates-nothing') break;
    }
    child.stderr?.resume();
    expect(await end(child, 'SIGKILL')).toBeNull();
  });
});
