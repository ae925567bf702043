/** Private Docker and Podman daemons for tests, with one image made without any registry. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@sparegrid/link/daemon/logger';
import { Engine } from './engine.ts';

export type EngineKind = 'docker' | 'podman';

/** Debian's shell of one file without libraries. */
const BUSYBOX = '/bin/busybox';
export const IMAGE = 'sparegrid/busybox:test';

const PROGRAMS: Readonly<Record<EngineKind, readonly string[]>> = {
  docker: ['dockerd', 'containerd', 'runc'],
  podman: ['podman', 'conmon', 'runc'],
};

/** What is missing here for tests with this engine; null when nothing is. */
export function whyNot(kind: EngineKind): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const missing = PROGRAMS[kind].filter((program) => find(program) === undefined);
  if (!existsSync(BUSYBOX)) missing.push(BUSYBOX);
  return missing.length === 0 ? null : `no ${missing.join(', ')}`;
}

function find(program: string): string | undefined {
  const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;
  return path
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((file) => existsSync(file));
}

export interface EngineOptions {
  /** Whether containers outlive the daemon; Podman's always do. */
  liveRestore?: boolean;
  /** Lets the moments of a start be held, see {@link TestEngine.hold}. */
  holds?: boolean;
  /** Of Podman: who makes control groups. Where systemd does not run its daemon answers all the same. */
  cgroupManager?: 'cgroupfs' | 'systemd';
}

/**
 * Stands for runc, and keeps back the answer to what the file `hold` names, `create` or `start`, as long
 * as that is there.
 */
const HOLDING_RUNC = (folder: string, runc: string) => `#!/bin/sh
${runc} "$@"
code=$?
[ -e ${folder}/hold ] || exit $code
for word in "$@"; do
  [ "$word" = "$(cat ${folder}/hold 2>/dev/null)" ] || continue
  : >${folder}/held
  while [ -e ${folder}/hold ]; do sleep 0.02; done
done
exit $code
`;

const UNMOUNTS_MAX = 20;
/** Addresses of the network that a daemon makes. */
const NETWORK_SIZE = 16;

/** A daemon of its own: socket, data, processes; others on the machine are not touched. */
export class TestEngine {
  readonly kind: EngineKind;
  readonly socket: string;
  readonly engine: Engine;
  readonly #folder: string;
  readonly #liveRestore: boolean;
  readonly #runtime: string;
  readonly #cgroupManager: string;
  readonly #networks: string[] = [];
  #daemon: ChildProcess | undefined;

  private constructor(kind: EngineKind, options: EngineOptions) {
    const { liveRestore = true, holds = false, cgroupManager = 'cgroupfs' } = options;
    this.kind = kind;
    this.#cgroupManager = cgroupManager;
    this.#liveRestore = liveRestore;
    this.#folder = mkdtempSync(join(tmpdir(), `sg-${kind}-`));
    this.socket = join(this.#folder, 'd.sock');
    this.#runtime = holds ? join(this.#folder, 'holding-runc') : 'runc';
    if (holds) {
      const script = HOLDING_RUNC(this.#folder, find('runc') ?? 'runc');
      writeFileSync(this.#runtime, script, { mode: 0o755 });
    }
    this.engine = new Engine(
      this.socket,
      createLogger(kind, () => {}),
    );
  }

  static async start(kind: EngineKind, options: EngineOptions = {}): Promise<TestEngine> {
    const started = new TestEngine(kind, options);
    await started.start();
    await started.#makeImage();
    return started;
  }

  /** Starts the daemon (again) and waits until it answers. */
  async start(): Promise<void> {
    // A daemon that was killed could not remove these.
    for (const name of ['d.sock', 'docker.pid', 'exec/containerd/containerd.pid']) {
      rmSync(join(this.#folder, name), { force: true });
    }
    const [program, args, env] = this.kind === 'docker' ? this.#docker() : this.#podman();
    const daemon = spawn(program, args, {
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, ...env },
      // Podman's monitor leaves a file where it was started.
      cwd: this.#folder,
      stdio: 'ignore',
      detached: true,
    });
    this.#daemon = daemon;
    const ended = once(daemon, 'exit').then(([code, signal]) => {
      throw new Error(`${program} ended with ${code ?? signal}`);
    });
    ended.catch(() => {});
    const answers = this.engine.call((docker) => docker.ping());
    await Promise.race([answers, ended]);
  }

  #docker(): [string, string[], NodeJS.ProcessEnv] {
    const at = (name: string) => join(this.#folder, name);
    const args = [
      ['-H', `unix://${this.socket}`],
      ['--data-root', at('data')],
      ['--exec-root', at('exec')],
      ['--pidfile', at('docker.pid')],
      ['--default-ulimit', 'nofile=1024:20000'],
      ['--iptables=false', '--bridge=none'],
      this.#liveRestore ? ['--live-restore'] : [],
      this.#runtime === 'runc'
        ? []
        : ['--add-runtime', `holding=${this.#runtime}`, '--default-runtime', 'holding'],
    ];
    return [find('dockerd') ?? 'dockerd', args.flat(), {}];
  }

  #podman(): [string, string[], NodeJS.ProcessEnv] {
    const at = (name: string) => join(this.#folder, name);
    const settings = [
      '[containers]',
      'default_ulimits = ["nofile=1024:20000","nproc=4096:4096"]',
      '[network]',
      `network_config_dir = "${at('networks')}"`,
    ];
    writeFileSync(at('containers.conf'), settings.join('\n'));
    const args = [
      ['--root', at('root'), '--runroot', at('run'), '--tmpdir', at('tmp')],
      ['--cgroup-manager', this.#cgroupManager, '--runtime', this.#runtime],
      ['system', 'service', '--time=0', `unix://${this.socket}`],
    ];
    return [find('podman') ?? 'podman', args.flat(), { CONTAINERS_CONF: at('containers.conf') }];
  }

  async #makeImage(): Promise<void> {
    const root = join(this.#folder, 'image');
    for (const name of ['bin', 'tmp', 'out', 'etc', 'proc', 'dev', 'sys']) {
      mkdirSync(join(root, name), { recursive: true });
    }
    copyFileSync(BUSYBOX, join(root, 'bin/busybox'));
    execFileSync('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
    const tar = join(this.#folder, 'image.tar');
    execFileSync('tar', ['-cf', tar, '-C', root, '.']);
    const [repo, tag] = IMAGE.split(':') as [string, string];
    const progress = await this.engine.docker.importImage(tar, {});
    let said = '';
    for await (const piece of progress as AsyncIterable<Buffer>) said += piece;
    const id = /sha256:[0-9a-f]{64}/.exec(said)?.[0] ?? said;
    // By its full name: Podman looks nowhere else for the short one.
    await this.engine.docker.getImage(id).tag({ repo: `docker.io/${repo}`, tag });
    await this.engine.docker.getImage(IMAGE).inspect();
  }

  /** kill -9 of the daemon alone: containers run on. */
  async killDaemon(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const gone = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await gone;
  }

  /**
   * Does something that starts a container, and resolves when it was made (`create`), or its program
   * started (`start`), and the daemon does not know it yet.
   *
   * @returns what lets it go on.
   */
  async hold(moment: 'create' | 'start', what: () => void): Promise<() => void> {
    const [hold, held] = [join(this.#folder, 'hold'), join(this.#folder, 'held')];
    rmSync(held, { force: true });
    writeFileSync(hold, moment);
    what();
    while (!existsSync(held)) await sleep(5);
    return () => rmSync(hold);
  }

  /** A network of the kind bridge, without a way to the outside; gone with the daemon. */
  async makeNetwork(): Promise<string> {
    const Name = basename(this.#folder);
    const digest = hash('sha256', Name, 'buffer');
    // Daemons that know nothing of each other would choose the same bridge and addresses. Those for
    // benchmarks (RFC 2544) are in no machine's own network.
    const number = digest.readUInt16BE() % ((2 * 65_536) / NETWORK_SIZE);
    await this.engine.docker.createNetwork({
      Name,
      Driver: 'bridge',
      Internal: true,
      IPAM: { Config: [{ Subnet: subnetOf(number) }] },
      Options: { 'com.docker.network.bridge.name': `sg${digest.toString('hex', 2, 8)}` },
    });
    this.#networks.push(Name);
    return Name;
  }

  /** Names of the containers that there are, running or not. */
  async names(): Promise<string[]> {
    const all = await this.engine.call((docker) => docker.listContainers({ all: true }));
    return all.flatMap(({ Names }) => Names.map((name) => name.replace(/^\//, '')));
  }

  /** Removes everything: containers, daemon, data. */
  async close(): Promise<void> {
    if (this.#daemon?.exitCode !== null || this.#daemon.signalCode !== null) await this.start();
    const all = await this.engine.docker.listContainers({ all: true });
    for (const { Id } of all) {
      await this.engine.docker.getContainer(Id).remove({ force: true, v: true });
    }
    for (const name of this.#networks) {
      await this.engine.docker.getNetwork(name).remove();
      // Podman's plugin for addresses remembers every network.
      await rm(join('/var/lib/cni/networks', name), { recursive: true, force: true });
    }
    this.engine.close();
    const daemon = this.#daemon as ChildProcess;
    const gone = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await gone;
    await unmountBelow(this.#folder);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

function subnetOf(number: number): string {
  const first = number * NETWORK_SIZE;
  return `198.${18 + (first >> 16)}.${(first >> 8) & 255}.${first & 255}/28`;
}

/** What tests that failed left mounted; whoever mounted it may be unmounting it, too. */
export async function unmountBelow(folder: string): Promise<void> {
  for (let tries = 0; tries < UNMOUNTS_MAX; tries++) {
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    const below = mounts
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((path) => path.startsWith(`${folder}/`));
    if (below.length === 0) return;
    for (const path of below.reverse()) spawnSync('umount', ['-l', path]);
    await sleep(50);
  }
}
