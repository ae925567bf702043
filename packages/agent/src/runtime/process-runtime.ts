/** The `process` runtime: programs as plain processes of the machine. It isolates NOTHING. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readTaskPrivate } from '@sparegrid/link/documents';
import { makeFolder } from '@sparegrid/link/make-folder';
import { ContainerFiles } from './container-files.ts';
import { ContainerOutput } from './container-output.ts';
import { archiveOf } from './directory-archive.ts';
import { ProcessContainer } from './process-container.ts';
import { identify, type ProcessIdentity, signalGroup } from './process-identity.ts';
import { usageOfGroup } from './process-usage.ts';
import type { ContainerUsage, KnownContainer, Report, Runtime } from './runtime.ts';
import { startSupervisor } from './supervisor.ts';

export interface ProcessRuntimeSettings {
  /** One directory per container lies in here. */
  directory: string;
  /** Absolute path of each program that may run, by the name that images use. */
  programs: Readonly<Record<string, string>>;
  /** Images that stand for all of them: the first word of the command is the program. */
  images: readonly string[];
  /** Search path that the programs get. */
  searchPath: string;
  /** A result above this is not handed over. */
  resultBytesMax: number;
  /** Kill what runs when the agent ends in order: for networks that live no longer than a try. */
  endWithAgent: boolean;
  report: Report;
  logger: Logger;
}

/** What image references of this runtime begin with. */
const IMAGE_PREFIX = 'process:';

/** Grace of a stop that only this runtime remembers. */
const STOP_MS = 15_000;

/** Ids become directory names; they come from the hub, so they are not trusted to be harmless. */
const SAFE_ID = /^[a-z0-9][a-z0-9.-]{0,199}$/;

export class ProcessRuntime implements Runtime {
  readonly images: string[];
  /** It isolates nothing: whatever runs can reach the outside. */
  readonly egress = true;
  readonly #settings: ProcessRuntimeSettings;
  readonly #containers = new Map<ContainerId, ProcessContainer>();
  readonly #outputs = new Map<ContainerId, ContainerOutput>();
  /** For each container what is being done to it: one thing after the other. */
  readonly #work = new Map<ContainerId, Promise<void>>();

  constructor(settings: ProcessRuntimeSettings) {
    this.#settings = settings;
    const programs = Object.keys(settings.programs).map((name) => IMAGE_PREFIX + name);
    this.images = [...programs, ...settings.images];
  }

  async adopt(known: readonly KnownContainer[]): Promise<void> {
    const unknown = new Set(await directoriesIn(this.#settings.directory));
    for (const container of known) {
      unknown.delete(container.id);
      await this.#do(container.id, () => this.#adoptOne(container));
    }
    // The core forgot these, but the agent was killed before it removed them.
    for (const id of unknown) {
      await this.#do(id, async () => {
        const supervisor = SAFE_ID.test(id) ? await this.#filesOf(id).supervisor() : null;
        if (supervisor) await signalGroup(supervisor, 'SIGKILL');
      });
      this.forget(id);
    }
  }

  start(container: DesiredContainer): void {
    const { id, attempt } = container;
    void this.#do(id, async () => {
      try {
        await this.#start(container);
      } catch (error) {
        this.#settings.logger.warn('container.start-failed', { id, error: String(error) });
        await this.#neverRan(id, attempt, String(error));
      }
    });
  }

  stop(id: ContainerId, graceMs: number): void {
    void this.#do(id, async () => this.#containers.get(id)?.stop(graceMs));
  }

  collect(id: ContainerId): void {
    void this.#do(id, async () => {
      const { report } = this.#settings;
      const output = this.#outputs.get(id);
      if (!output) return void report({ kind: 'container-closed', id });
      await output.close(await this.#filesOf(id).attempt(), () => this.#archive(id));
    });
  }

  forget(id: ContainerId): void {
    void this.#do(id, async () => {
      const container = this.#containers.get(id);
      if (container && !container.hasEnded) await container.kill();
      container?.close();
      this.#containers.delete(id);
      this.#outputs.delete(id);
      if (SAFE_ID.test(id)) await this.#filesOf(id).remove();
    });
  }

  logAcked(id: ContainerId, seq: number): void {
    this.#outputs.get(id)?.acked(seq);
    this.#outputs.get(id)?.poke();
    this.#containers.get(id)?.logAcked();
  }

  async usage(id: ContainerId): Promise<ContainerUsage | null> {
    const group = this.#containers.get(id)?.group;
    return group ? usageOfGroup(group.pid, this.#filesOf(id).directory) : null;
  }

  note(id: ContainerId, stream: 'life' | 'usage', line: object): void {
    void this.#do(id, async () => this.#outputs.get(id)?.note(stream, line));
  }

  async close(): Promise<void> {
    await Promise.all(this.#work.values());
    for (const container of this.#containers.values()) {
      if (this.#settings.endWithAgent && !container.hasEnded) await container.kill();
      container.close();
    }
    this.#containers.clear();
  }

  async #start({ id, attempt, rank, size, task, taskPrivate }: DesiredContainer): Promise<void> {
    if (!SAFE_ID.test(id)) throw new Error('the id cannot name a directory');
    if (taskPrivate === null) throw new Error('the private part of the task is missing');
    const read = readTaskPrivate(taskPrivate);
    if (!read.ok) throw new Error(`${read.code}: ${read.hint}`);
    const { program, args } = this.#programOf(task.public.image, read.value.command);
    const files = this.#filesOf(id);
    const isNew = await files.create();
    // Whatever the core says: what was tried before is never started again.
    if (!isNew && attempt <= (await files.attempt())) {
      if (this.#containers.has(id)) return;
      return this.#adoptOne({ id, attempt, logSeq: 0, stopGraceMs: null });
    }
    this.#containers.get(id)?.close();
    const output = this.#outputs.get(id) ?? (await this.#openOutput(id, 0));
    output.began();
    await files.beginAttempt(attempt);
    const work = files.path('work');
    const supervisor = await startSupervisor({
      directory: files.directory,
      program,
      args,
      work,
      env: {
        PATH: this.#settings.searchPath,
        ...read.value.env,
        HOME: work,
        SPAREGRID_OUT: files.path('left'),
        SPAREGRID_RANK: String(rank),
        SPAREGRID_SIZE: String(size),
        SPAREGRID_CONTAINER: id,
        SPAREGRID_ATTEMPT: String(attempt),
      },
    });
    try {
      const identity = await identify(supervisor.pid);
      if (!identity) throw new Error('its supervisor ended at once');
      await files.recordSupervisor(identity);
      await this.#follow(id, attempt, identity, supervisor.gone);
    } catch (error) {
      supervisor.abandon();
      throw error;
    }
    supervisor.release();
  }

  async #adoptOne({ id, attempt, logSeq, stopGraceMs }: KnownContainer): Promise<void> {
    const files = this.#filesOf(id);
    const isThere = SAFE_ID.test(id) && (await files.exists());
    if (isThere && !this.#outputs.has(id)) await this.#openOutput(id, logSeq);
    const isSame = isThere && (await files.attempt()) === attempt;
    const supervisor = isSame ? await files.supervisor() : null;
    // Without this record the supervisor was never told to go on: the program did not run.
    if (!supervisor) return this.#neverRan(id, attempt, 'the agent ended before it was started');
    await this.#follow(id, attempt, supervisor, null);
    const isStopping = await files.isStopping();
    if (stopGraceMs !== null || isStopping) {
      await this.#containers.get(id)?.stop(stopGraceMs ?? STOP_MS);
    }
  }

  async #follow(
    id: ContainerId,
    attempt: number,
    supervisor: ProcessIdentity,
    gone: Promise<void> | null,
  ): Promise<void> {
    const output = this.#outputs.get(id) as ContainerOutput;
    const container = { id, attempt, files: this.#filesOf(id), output, supervisor, gone };
    this.#containers.set(id, await ProcessContainer.follow(container, this.#settings));
  }

  async #openOutput(id: ContainerId, logSeq: number): Promise<ContainerOutput> {
    const output = await ContainerOutput.open(id, this.#filesOf(id), logSeq, this.#settings);
    this.#outputs.set(id, output);
    return output;
  }

  async #archive(id: ContainerId): Promise<Readable | null> {
    return archiveOf(this.#filesOf(id).path('left'));
  }

  #programOf(image: string, command: string[]): { program: string; args: string[] } {
    const { programs, images } = this.#settings;
    const isNamed = image.startsWith(IMAGE_PREFIX);
    if (!isNamed && !images.includes(image.replace(/:latest$/, ''))) {
      throw new Error(`${image} is not among the images allowed here`);
    }
    const [first = '', ...rest] = command;
    const name = isNamed ? image.slice(IMAGE_PREFIX.length) : first;
    const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
    if (program !== undefined) return { program, args: isNamed ? command : rest };
    throw new Error(`${name || 'nothing'} is not among the programs allowed here`);
  }

  /** Its report is not awaited: what is done to the container must not wait for it. */
  async #neverRan(id: ContainerId, attempt: number, error: string): Promise<void> {
    const noted = this.#outputs.get(id)?.startFailed(attempt, error);
    await noted?.catch((cause: unknown) => this.#failed(id, cause));
    const event = { kind: 'container-exited', id, exitCode: null } as const;
    void this.#settings.report({ ...event, reason: 'start-failed' });
  }

  #filesOf(id: ContainerId): ContainerFiles {
    return new ContainerFiles(join(this.#settings.directory, id));
  }

  #failed(id: ContainerId, error: unknown): void {
    this.#settings.logger.error('container.failed', { id, error: String(error) });
  }

  #do(id: ContainerId, work: () => Promise<void>): Promise<void> {
    const before = this.#work.get(id) ?? Promise.resolve();
    const done = before.then(work).catch((error: unknown) => this.#failed(id, error));
    this.#work.set(id, done);
    void done.then(() => {
      if (this.#work.get(id) === done) this.#work.delete(id);
    });
    return done;
  }
}

async function directoriesIn(directory: string): Promise<string[]> {
  makeFolder(directory);
  return readdir(directory);
}
