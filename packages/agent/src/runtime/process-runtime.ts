/** The `process` runtime: programs as plain processes of the machine. It isolates NOTHING. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readTaskPrivate } from '@sparegrid/link/documents';
import { ContainerFiles } from './container-files.ts';
import { type Followed, ProcessContainer } from './process-container.ts';
import { identify } from './process-identity.ts';
import type { KnownContainer, Report, Runtime } from './runtime.ts';
import { startSupervisor } from './supervisor.ts';

export interface ProcessRuntimeSettings {
  /** One directory per container lies in here. */
  directory: string;
  /** Absolute path of each program that may run, by the name that images use. */
  programs: Readonly<Record<string, string>>;
  /** Search path that the programs get. */
  searchPath: string;
  /** Between SIGTERM and SIGKILL. */
  stopTimeMs: number;
  /** Kill what runs when the agent ends in order: for networks that live no longer than a try. */
  endWithAgent: boolean;
  report: Report;
  logger: Logger;
}

/** What image references of this runtime begin with. */
const IMAGE_PREFIX = 'process:';

/** Ids become directory names; they come from the hub, so they are not trusted to be harmless. */
const SAFE_ID = /^[a-z0-9][a-z0-9.-]{0,199}$/;

export class ProcessRuntime implements Runtime {
  readonly images: string[];
  readonly #settings: ProcessRuntimeSettings;
  readonly #containers = new Map<ContainerId, ProcessContainer>();
  /** For each container what is being done to it: one thing after the other. */
  readonly #work = new Map<ContainerId, Promise<void>>();

  constructor(settings: ProcessRuntimeSettings) {
    this.#settings = settings;
    this.images = Object.keys(settings.programs).map((name) => IMAGE_PREFIX + name);
  }

  async adopt(known: readonly KnownContainer[]): Promise<void> {
    const unknown = new Set(await directoriesIn(this.#settings.directory));
    for (const { id, logSeq, stopping } of known) {
      unknown.delete(id);
      await this.#do(id, () => this.#adoptOne(id, logSeq));
      if (stopping) this.stop(id);
    }
    // The core forgot these, but the agent was killed before it removed them.
    for (const id of unknown) {
      await this.#do(id, () => this.#adoptOne(id, 0, async () => {}));
      this.forget(id);
    }
  }

  start(container: DesiredContainer): void {
    const { id } = container;
    void this.#do(id, async () => {
      if (this.#containers.has(id)) return;
      try {
        await this.#start(container);
      } catch (error) {
        this.#settings.logger.warn('container.start-failed', { id, error: String(error) });
        this.#neverRan(id, this.#settings.report);
      }
    });
  }

  stop(id: ContainerId): void {
    void this.#do(id, async () => this.#containers.get(id)?.stop());
  }

  forget(id: ContainerId): void {
    void this.#do(id, async () => {
      const container = this.#containers.get(id);
      if (container && !container.hasEnded) await container.kill();
      container?.close();
      this.#containers.delete(id);
      if (SAFE_ID.test(id)) await this.#filesOf(id).remove();
    });
  }

  logAcked(id: ContainerId, seq: number): void {
    this.#containers.get(id)?.logAcked(seq);
  }

  async close(): Promise<void> {
    await Promise.all(this.#work.values());
    for (const container of this.#containers.values()) {
      if (this.#settings.endWithAgent && !container.hasEnded) await container.kill();
      container.close();
    }
    this.#containers.clear();
  }

  async #start({ id, rank, size, task, taskPrivate }: DesiredContainer): Promise<void> {
    if (!SAFE_ID.test(id)) throw new Error('the id cannot name a directory');
    const program = this.#programOf(task.public.image);
    if (taskPrivate === null) throw new Error('the private part of the task is missing');
    const read = readTaskPrivate(taskPrivate);
    if (!read.ok) throw new Error(`${read.code}: ${read.hint}`);
    const files = this.#filesOf(id);
    // Whatever the core says: what was tried before is never started again.
    if (!(await files.create())) return this.#adoptOne(id, 0);
    const work = files.path('work');
    const supervisor = await startSupervisor({
      directory: files.directory,
      program,
      args: read.value.command,
      work,
      env: {
        PATH: this.#settings.searchPath,
        ...read.value.env,
        HOME: work,
        SPAREGRID_RANK: String(rank),
        SPAREGRID_SIZE: String(size),
        SPAREGRID_CONTAINER: id,
      },
    });
    try {
      const identity = await identify(supervisor.pid);
      if (!identity) throw new Error('its supervisor ended at once');
      await files.recordSupervisor(identity);
      const { gone } = supervisor;
      await this.#follow({ id, files, supervisor: identity, gone, logSeq: 0 });
    } catch (error) {
      supervisor.abandon();
      throw error;
    }
    supervisor.release();
  }

  async #adoptOne(id: ContainerId, logSeq: number, report = this.#settings.report): Promise<void> {
    const files = this.#filesOf(id);
    const supervisor = SAFE_ID.test(id) ? await files.supervisor() : null;
    // Without this record the supervisor was never told to go on: the program did not run.
    if (supervisor) await this.#follow({ id, files, supervisor, gone: null, logSeq }, report);
    else this.#neverRan(id, report);
  }

  async #follow(container: Followed, report = this.#settings.report): Promise<void> {
    const settings = { ...this.#settings, report };
    this.#containers.set(container.id, await ProcessContainer.follow(container, settings));
  }

  #programOf(image: string): string {
    const name = image.startsWith(IMAGE_PREFIX) ? image.slice(IMAGE_PREFIX.length) : null;
    const { programs } = this.#settings;
    const program = name !== null && Object.hasOwn(programs, name) ? programs[name] : undefined;
    if (program === undefined) throw new Error(`${image} is not among the programs allowed here`);
    return program;
  }

  /** Not awaited: nothing comes after it, and what is done to the container must not wait for it. */
  #neverRan(id: ContainerId, report: Report): void {
    void report({ kind: 'container-exited', id, exitCode: null, reason: 'start-failed' });
  }

  #filesOf(id: ContainerId): ContainerFiles {
    return new ContainerFiles(join(this.#settings.directory, id));
  }

  #do(id: ContainerId, work: () => Promise<void>): Promise<void> {
    const before = this.#work.get(id) ?? Promise.resolve();
    const done = before.then(work).catch((error: unknown) => {
      this.#settings.logger.error('container.failed', { id, error: String(error) });
    });
    this.#work.set(id, done);
    void done.then(() => {
      if (this.#work.get(id) === done) this.#work.delete(id);
    });
    return done;
  }
}

async function directoriesIn(directory: string): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  return readdir(directory);
}
