/** A runtime over a directory of its own, in one life of the agent after another, on a real daemon. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import { createLogger } from '@sparegrid/link/daemon/logger';
import { ContainerFiles } from './container-files.ts';
import { containerForTests } from './container-for-tests.ts';
import { EngineRuntime } from './engine/engine-runtime.ts';
import { type EngineKind, IMAGE, type TestEngine } from './engine/for-tests.ts';
import { scratchMode } from './engine/scratch.ts';
import { ProcessRuntime } from './process-runtime.ts';
import { Reports } from './reports-for-tests.ts';
import type { Runtime } from './runtime.ts';

export const RESULT_BYTES_MAX = 1_048_576;

const numbers = (function* () {
  for (let number = 0; ; number++) yield number;
})();

/** A container that runs this script of a shell. */
export function shell(kind: EngineKind | 'process', script: string): DesiredContainer {
  const id = `o-${'0'.repeat(32)}-1.0.${numbers.next().value}`;
  const command = kind === 'process' ? ['-c', script] : ['sh', '-c', script];
  return containerForTests(id, {
    image: kind === 'process' ? 'process:sh' : IMAGE,
    task: { command, env: { GREETING: 'hello' } },
    over: { rank: 3, size: 5 },
  });
}

interface Outside {
  /** The daemon's network for containers that may reach the outside. */
  egressNetwork: string | null;
  limitsBandwidth: boolean;
}

export class TestRuntime {
  readonly directory: string;
  readonly #engine: TestEngine | null;
  readonly #outside: Outside;
  #runtime!: Runtime;
  #reports!: Reports;

  private constructor(engine: TestEngine | null, directory: string, outside: Outside) {
    this.#engine = engine;
    this.#outside = outside;
    this.directory = directory;
  }

  /** @param engine  null: plain processes. */
  static async open(
    engine: TestEngine | null,
    outside: Outside = { egressNetwork: null, limitsBandwidth: false },
  ): Promise<TestRuntime> {
    const kind = engine?.kind ?? 'process';
    const directory = await mkdtemp(join(tmpdir(), `sparegrid-${kind}-`));
    const opened = new TestRuntime(engine, directory, outside);
    await opened.reopen();
    return opened;
  }

  /** Of the present life. */
  get runtime(): Runtime {
    return this.#runtime;
  }

  get reports(): Reports {
    return this.#reports;
  }

  get kind(): EngineKind | 'process' {
    return this.#engine?.kind ?? 'process';
  }

  /** A new life of the agent over the same directory; the caller has closed the one before. */
  async reopen(endWithAgent = false): Promise<void> {
    const reports = new Reports();
    const common = {
      directory: this.directory,
      resultBytesMax: RESULT_BYTES_MAX,
      endWithAgent,
      report: reports.take,
      logger: createLogger('p1.h1', () => {}),
    };
    const runtime = this.#engine
      ? new EngineRuntime({
          ...common,
          kind: this.#engine.kind,
          socket: this.#engine.socket,
          owner: 'test',
          images: [],
          pidsMax: 64,
          ...this.#outside,
          cgroupParent: null,
          devices: { null0: ['/dev/fuse'] },
          scratchMode: await scratchMode(),
        })
      : new ProcessRuntime({
          ...common,
          programs: { sh: '/bin/sh' },
          images: [],
          searchPath: process.env['PATH'] ?? '',
        });
    reports.acknowledge = (id, seq) => runtime.logAcked(id, seq);
    this.#runtime = runtime;
    this.#reports = reports;
  }

  /** Starts a script and tells its container. */
  run(script: string, over: Partial<DesiredContainer> = {}): ContainerId {
    const container = { ...shell(this.kind, script), ...over };
    this.#runtime.start(container);
    return container.id;
  }

  /** For scripts that wait for a file `end` in their result directory. */
  async endOf(id: ContainerId): Promise<void> {
    const path = this.#engine ? 'disk/out/end' : 'left/end';
    await writeFile(join(this.directory, id, path), '');
  }

  /** What its daemon says of a container. */
  async inspect(id: ContainerId) {
    const name = (await this.#engine?.names())?.find((known) => known.includes(`-${id}-`)) ?? '';
    const found = await this.#engine?.engine.inspect(name);
    if (!found) throw new Error(`there is no container ${id}`);
    return found;
  }

  /** Of the program, or of the shell that supervises it. */
  async pidOf(id: ContainerId): Promise<number> {
    if (this.#engine) return (await this.inspect(id)).State.Pid;
    return (await new ContainerFiles(join(this.directory, id)).supervisor())?.pid ?? 0;
  }

  /** Forgets and ends all there is. */
  async clear(): Promise<void> {
    for (const id of await readdir(this.directory)) this.#runtime.forget(id);
    await this.#runtime.close();
  }

  /** @throws when a container is left */
  async close(): Promise<void> {
    await this.clear();
    const left = (await this.#engine?.names()) ?? [];
    if (left.length > 0) throw new Error(`containers are left: ${left.join(', ')}`);
    await rm(this.directory, { recursive: true, maxRetries: 20, retryDelay: 50 });
  }
}

export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
