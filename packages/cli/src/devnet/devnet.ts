/** A running devnet: every hub and agent a process of its own, watched, and ended together. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Engine } from '@sparegrid/agent/runtime/engine/engine';
import type { NodeId } from '@sparegrid/core/units/ids';
import { endBroker } from '@sparegrid/link/nats/broker';
import { lockStore } from '@sparegrid/link/store/store-lock';
import { CliFault } from '../fault.ts';
import { Child } from './child.ts';
import { DevnetDatabase, type DevnetStore, databaseDirectory } from './database.ts';
import { ensureDemoImage } from './image/demo-image.ts';
import { Layout } from './layout.ts';
import { endContainers, endEngineContainers } from './left-containers.ts';
import { type DevnetTransport, natsLinks, socketLinks } from './links.ts';
import { prepareDevnet } from './prepare.ts';
import { chooseRuntime, type DevnetRuntime, type RuntimeName } from './runtime-choice.ts';
import { showShare } from './show-share.ts';
import { makeStateFolder } from './state-folder.ts';
import { HUBS, LESSORS } from './topology.ts';

export interface DevnetSettings {
  /** Absolute path of the state directory. */
  directory: string;
  /** Forget everything that is there first. */
  fresh: boolean;
  /** How processes reach each other. */
  transport: DevnetTransport;
  /** Where hubs keep their records; null: as before, files in a new devnet. */
  store?: DevnetStore | null;
  /** How lessors run containers. */
  runtime: RuntimeName;
  say(text: string): void;
}

/** Who runs, as told by the file that `devnet status` reads. */
export interface Pids {
  supervisor: number;
  runtime: DevnetRuntime;
  children: Record<NodeId, number | null>;
}

const LOUD =
  'WARNING: the devnet runs programs with the `process` runtime, which ISOLATES NOTHING.\n' +
  '         They have all rights of your user. Never order what you would not run yourself.';
const ISOLATED =
  'Tasks run in containers: no network unless asked for, read-only root, limits as ordered.';

export class Devnet {
  readonly layout: Layout;
  readonly runtime: DevnetRuntime;
  readonly #children: Child[] = [];
  readonly #unlock: () => void;
  readonly #say: (text: string) => void;
  #database: DevnetDatabase | null = null;
  #stopped: Promise<void> | null = null;

  private constructor(
    layout: Layout,
    runtime: DevnetRuntime,
    unlock: () => void,
    say: (text: string) => void,
  ) {
    this.layout = layout;
    this.runtime = runtime;
    this.#unlock = unlock;
    this.#say = say;
  }

  /**
   * Makes or resumes the devnet of the directory and starts its processes. The caller stops it, also
   * when {@link ready} fails.
   *
   * @throws CliFault CLI_DEVNET_RUNS, CLI_DEVNET_FAILED, CLI_FILE_UNWRITABLE
   */
  static async open(settings: DevnetSettings): Promise<Devnet> {
    const { directory, fresh, transport, say } = settings;
    const layout = new Layout(directory);
    makeStateFolder(layout);
    const unlock = lockDevnet(layout);
    let runtime: DevnetRuntime;
    let database: DevnetDatabase | null = null;
    try {
      if (fresh) wipe(layout);
      runtime = await readyRuntime(settings);
      const links = transport === 'nats' ? await natsLinks(layout) : socketLinks(layout);
      if (storeOf(layout, settings.store ?? null) === 'postgres') {
        database = await DevnetDatabase.start(layout, say);
      }
      await prepareDevnet(
        layout,
        links,
        runtime,
        (hub) => database?.store(hub) ?? layout.store(hub),
      );
    } catch (error) {
      await database?.stop();
      unlock();
      throw error;
    }
    say(`Runtime ${runtime.kind}: ${runtime.why}.`);
    say(runtime.kind === 'process' ? LOUD : ISOLATED);
    const devnet = new Devnet(layout, runtime, unlock, say);
    devnet.#database = database;
    const add = (name: NodeId, role: 'hub' | 'agent') => {
      const [main, config, log] = [mainOf(role), layout.config(name), layout.log(name)];
      const changed = () => devnet.#writePids();
      devnet.#children.push(new Child({ name, main, config, log, say, changed }));
    };
    for (const hub of HUBS) add(hub, 'hub');
    for (const { id } of LESSORS) add(id, 'agent');
    return devnet;
  }

  /** Starts the processes; resolves when each was ready once. @throws CliFault CLI_DEVNET_FAILED */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#children.map((child) => child.start()));
    } catch (cause) {
      throw new CliFault('CLI_DEVNET_FAILED', (cause as Error).message, 'failed', cause);
    }
  }

  /** Ends agents, hubs and what runs in containers; may be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** For those who cannot wait. */
  kill(): void {
    for (const child of this.#children) child.kill();
    this.#database?.kill();
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
    await this.#endContainers();
    // Those whose hub was killed and had not come back yet.
    for (const hub of HUBS) {
      for (const door of ['mesh', 'local']) await endBroker(join(this.layout.nats(hub), door));
    }
    await this.#database?.stop();
    rmSync(this.layout.pids, { force: true });
    this.#unlock();
  }

  async #endContainers(): Promise<void> {
    const lenders = LESSORS.map(({ id }) => ({ id, directory: this.layout.containers(id) }));
    await endContainers(lenders.map(({ directory }) => directory));
    if (this.runtime.kind === 'process') return;
    const { socket } = this.runtime;
    await endEngineContainers(socket, lenders).catch((error: unknown) => {
      const why = (error as Error).message;
      this.#say(`WARNING: not all containers were removed: ${why} (Docker at ${socket}).`);
      this.#say('         See what is left: docker ps -a --filter label=sparegrid.owner');
    });
  }

  #writePids(): void {
    const children = Object.fromEntries(this.#children.map(({ name, pid }) => [name, pid]));
    const draft = `${this.layout.pids}.tmp`;
    const pids: Pids = { supervisor: process.pid, runtime: this.runtime, children };
    writeFileSync(draft, `${JSON.stringify(pids)}\n`);
    renameSync(draft, this.layout.pids);
  }
}

/** Chosen, and with the image that tasks use. @throws CliFault CLI_DEVNET_FAILED */
async function readyRuntime({ runtime: name, say }: DevnetSettings): Promise<DevnetRuntime> {
  const runtime = await chooseRuntime(name);
  if (runtime.kind === 'process') return runtime;
  const engine = new Engine(runtime.socket, { info() {}, warn() {}, error() {} });
  try {
    await ensureDemoImage(engine.docker, { say, show: showShare });
    return runtime;
  } catch (cause) {
    const why = `no image in ${runtime.socket}: ${(cause as Error).message}`;
    if (name === 'auto') return { kind: 'process', why };
    throw new CliFault('CLI_DEVNET_FAILED', `${why}.`, 'failed', cause);
  } finally {
    engine.close();
  }
}

function lockDevnet(layout: Layout): () => void {
  try {
    return lockStore(layout.lock);
  } catch (cause) {
    const hint = `Use it; or end it with sparegrid devnet down, or take another --dir than ${layout.directory}.`;
    throw new CliFault('CLI_DEVNET_RUNS', hint, 'failed', cause);
  }
}

/**
 * A devnet stays with the store that it was made with: in another one its hubs would have forgotten
 * everything. @throws CliFault CLI_DEVNET_FAILED
 */
function storeOf(layout: Layout, wanted: DevnetStore | null): DevnetStore {
  const file = join(layout.directory, 'store');
  const isNew = !existsSync(layout.key(HUBS[0] as string));
  const kept = existsSync(file) ? (readFileSync(file, 'utf8') as DevnetStore) : null;
  const store = kept ?? (isNew ? (wanted ?? 'sqlite') : 'sqlite');
  if (wanted !== null && wanted !== store) {
    const hint = `Its records are in ${store}. Use --fresh to forget them, or another --dir.`;
    throw new CliFault('CLI_DEVNET_FAILED', hint, 'failed');
  }
  writeFileSync(file, store);
  return store;
}

/** Only what a devnet makes: the directory may be somebody's by mistake. */
function wipe(layout: Layout): void {
  for (const name of [
    'keys',
    'config',
    'state',
    'log',
    'containers',
    'run',
    'nats',
    'tls',
    'context.json',
    'store',
  ]) {
    rmSync(`${layout.directory}/${name}`, { recursive: true, force: true });
  }
  rmSync(databaseDirectory(layout), { recursive: true, force: true });
}

function mainOf(role: 'hub' | 'agent'): string {
  return fileURLToPath(import.meta.resolve(`@sparegrid/${role}/main`));
}
