/** A running devnet: every hub and agent a process of its own, watched, and ended together. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeId } from '@sparegrid/core/units/ids';
import { endBroker } from '@sparegrid/link/nats/broker';
import { lockStore } from '@sparegrid/link/store/store-lock';
import { CliFault } from '../fault.ts';
import { Child } from './child.ts';
import { Layout } from './layout.ts';
import { endContainers } from './left-containers.ts';
import { type DevnetTransport, natsLinks, socketLinks } from './links.ts';
import { prepareDevnet } from './prepare.ts';
import { HUBS, LESSORS } from './topology.ts';

export interface DevnetSettings {
  /** Absolute path of the state directory. */
  directory: string;
  /** Forget everything that is there first. */
  fresh: boolean;
  /** How processes reach each other. */
  transport: DevnetTransport;
  say(text: string): void;
}

/** Who runs, as told by the file that `devnet status` reads. */
export interface Pids {
  supervisor: number;
  children: Record<NodeId, number | null>;
}

const LOUD =
  'WARNING: the devnet runs programs with the `process` runtime, which ISOLATES NOTHING.\n' +
  '         They have all rights of your user. Never order what you would not run yourself.';

export class Devnet {
  readonly layout: Layout;
  readonly #children: Child[];
  readonly #unlock: () => void;
  #stopped: Promise<void> | null = null;

  private constructor(layout: Layout, children: Child[], unlock: () => void) {
    this.layout = layout;
    this.#children = children;
    this.#unlock = unlock;
  }

  /**
   * Makes or resumes the devnet of the directory and starts its processes. The caller stops it, also
   * when {@link ready} fails.
   *
   * @throws CliFault CLI_DEVNET_RUNS
   */
  static async open({ directory, fresh, transport, say }: DevnetSettings): Promise<Devnet> {
    const layout = new Layout(directory);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const unlock = lockDevnet(layout);
    if (fresh) wipe(layout);
    try {
      const links = transport === 'nats' ? await natsLinks(layout) : socketLinks(layout);
      await prepareDevnet(layout, links);
    } catch (error) {
      unlock();
      throw error;
    }
    say(LOUD);
    const children: Child[] = [];
    const devnet = new Devnet(layout, children, unlock);
    const add = (name: NodeId, role: 'hub' | 'agent') => {
      const [main, config, log] = [mainOf(role), layout.config(name), layout.log(name)];
      const changed = () => devnet.#writePids();
      children.push(new Child({ name, main, config, log, say, changed }));
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
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
    await endContainers(LESSORS.map(({ id }) => this.layout.containers(id)));
    // Those whose hub was killed and had not come back yet.
    for (const hub of HUBS) {
      for (const door of ['mesh', 'local']) await endBroker(join(this.layout.nats(hub), door));
    }
    rmSync(this.layout.pids, { force: true });
    this.#unlock();
  }

  #writePids(): void {
    const children = Object.fromEntries(this.#children.map(({ name, pid }) => [name, pid]));
    const draft = `${this.layout.pids}.tmp`;
    const pids: Pids = { supervisor: process.pid, children };
    writeFileSync(draft, `${JSON.stringify(pids)}\n`);
    renameSync(draft, this.layout.pids);
  }
}

function lockDevnet(layout: Layout): () => void {
  try {
    return lockStore(layout.lock);
  } catch (cause) {
    const hint = `Stop it (Ctrl-C), or use another --dir than ${layout.directory}.`;
    throw new CliFault('CLI_DEVNET_RUNS', hint, 'failed', cause);
  }
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
  ]) {
    rmSync(`${layout.directory}/${name}`, { recursive: true, force: true });
  }
}

function mainOf(role: 'hub' | 'agent'): string {
  return fileURLToPath(import.meta.resolve(`@sparegrid/${role}/main`));
}
