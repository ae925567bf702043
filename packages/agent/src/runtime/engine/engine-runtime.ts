/** Containers of a Docker Engine or Podman daemon: isolated, bounded, adopted after any crash. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readTaskPrivate } from '@sparegrid/link/documents';
import { makeFolder } from '@sparegrid/link/make-folder';
import type Docker from 'dockerode';
import { ContainerFiles } from '../container-files.ts';
import { ContainerOutput } from '../container-output.ts';
import { archiveOf } from '../directory-archive.ts';
import type { ContainerUsage, KnownContainer, Report, Runtime } from '../runtime.ts';
import { BANDWIDTH_BITS_MIN, limitBandwidth } from './bandwidth.ts';
import { type Confinement, containerOptions } from './container-options.ts';
import { Ending, isInTime } from './ending.ts';
import { Engine, isAway, isUnreached, statusOf } from './engine.ts';
import { EngineContainer } from './engine-container.ts';
import { FirstWords } from './first-words.ts';
import { Images } from './image.ts';
import type { OutputBase } from './log-copy.ts';
import { Scratch, type ScratchMode } from './scratch.ts';
import { isUnstarted, removeUnstarted } from './unstarted.ts';

export interface EngineRuntimeSettings extends Confinement {
  kind: 'docker' | 'podman';
  /** Path of the daemon's socket. */
  socket: string;
  /** One directory per container lies in here. */
  directory: string;
  /** Tells the containers of this agent from everybody else's on the same daemon. */
  owner: string;
  /** Prefixes of the images that may run; none: any. */
  images: string[];
  scratchMode: ScratchMode;
  /** A result above this is not handed over. */
  resultBytesMax: number;
  /** Kill what runs when the agent ends in order: for networks that live no longer than a try. */
  endWithAgent: boolean;
  report: Report;
  logger: Logger;
}

/** Labels by which an agent finds what it started. */
export const LABEL = {
  owner: 'sparegrid.owner',
  container: 'sparegrid.container',
  attempt: 'sparegrid.attempt',
} as const;

/** Ids become names of directories and containers; they come from the hub. */
const SAFE_ID = /^[a-z0-9][a-z0-9.-]{0,199}$/;

/** Grace of a stop that only this runtime remembers. */
const STOP_MS = 15_000;
/** What is under way may take so long when the agent ends. */
const CLOSE_MS = 5_000;
/** And the end of all containers: a daemon that hangs, or is away, keeps no agent from its own. */
const END_MS = 8_000;

/** @patent [0044] [0061] C2.1 CLU-7 */
export class EngineRuntime implements Runtime {
  readonly images: string[];
  readonly egress: boolean;
  readonly #settings: EngineRuntimeSettings;
  readonly #engine: Engine;
  readonly #images: Images;
  readonly #containers = new Map<ContainerId, EngineContainer>();
  readonly #outputs = new Map<ContainerId, ContainerOutput>();
  /** Starts under way, which a stop cuts short. */
  readonly #starting = new Map<ContainerId, AbortController>();
  /** For each container what is being done to it: one thing after the other. */
  readonly #work = new Map<ContainerId, Promise<void>>();
  readonly #closed = new AbortController();
  #isEnding = false;
  /** Of all containers; asked for once. */
  #cgroupParent: Promise<string | null> | undefined;

  constructor(settings: EngineRuntimeSettings) {
    this.#settings = settings;
    this.#engine = new Engine(settings.socket, settings.logger);
    this.#images = new Images(this.#engine, `${settings.directory}.images`);
    this.images = settings.images;
    this.egress = settings.egressNetwork !== null;
  }

  async adopt(known: readonly KnownContainer[]): Promise<void> {
    makeFolder(this.#settings.directory);
    const names = await readdir(this.#settings.directory);
    // Not awaited: the daemon may be away, and the agent goes on without it.
    for (const container of known) void this.#do(container.id, () => this.#adoptOne(container));
    const ids = new Set(known.map(({ id }) => id));
    for (const id of names) if (!ids.has(id)) this.forget(id);
    void this.#removeUnknown(known, names).catch((error: unknown) => this.#failed('adopt', error));
    this.#parent().catch((error: unknown) => this.#failed('adopt', error));
    void this.#warn().catch((error: unknown) => this.#failed('adopt', error));
  }

  async #warn(): Promise<void> {
    const { kind, socket, logger } = this.#settings;
    if (kind === 'podman' || (await this.#engine.hasLiveRestore())) return;
    const text = 'A restart of this Docker daemon ends all containers: set "live-restore": true.';
    logger.warn('runtime.no-live-restore', { socket, text });
  }

  /** Of this agent, but not what it shall follow: left by a crash between two steps. */
  async #removeUnknown(known: readonly KnownContainer[], forgotten: string[]): Promise<void> {
    const attempts = new Map(known.map(({ id, attempt }) => [id, String(attempt)]));
    for (const { Id, Labels, State } of await this.#listOwn()) {
      const id = Labels[LABEL.container] ?? '';
      const isFollowed = attempts.get(id) === Labels[LABEL.attempt];
      if (isFollowed || (!attempts.has(id) && forgotten.includes(id))) continue;
      await this.#remove(Id, State);
    }
  }

  #listOwn(container?: ContainerId) {
    const label = [`${LABEL.owner}=${this.#settings.owner}`];
    if (container !== undefined) label.push(`${LABEL.container}=${container}`);
    return this.#engine.call((docker) =>
      docker.listContainers({ all: true, filters: JSON.stringify({ label }) as never }),
    );
  }

  start(container: DesiredContainer): void {
    const { id, attempt } = container;
    void this.#do(id, async () => {
      const stopped = new AbortController();
      if (this.#isEnding) stopped.abort();
      this.#starting.set(id, stopped);
      try {
        await this.#start(container, stopped.signal);
      } catch (error) {
        if (this.#engine.isClosed) return;
        this.#settings.logger.warn('container.start-failed', { id, error: String(error) });
        await this.#neverRan(id, attempt, String(error));
      } finally {
        this.#starting.delete(id);
      }
    });
  }

  stop(id: ContainerId, graceMs: number): void {
    this.#starting.get(id)?.abort();
    void this.#do(id, async () => this.#containers.get(id)?.stop(graceMs));
  }

  collect(id: ContainerId): void {
    void this.#do(id, async () => {
      const output = this.#outputs.get(id);
      const { report } = this.#settings;
      if (!output) return void report({ kind: 'container-closed', id });
      const files = this.#filesOf(id);
      await output.close(await files.attempt(), () => this.#archive(files));
    });
  }

  /** Its storage is not there any more when the machine was started anew since. */
  async #archive(files: ContainerFiles): Promise<Readable | null> {
    const base = await files.base();
    const scratch = this.#scratchOf(files, base?.storageBytes ?? 0);
    if (base) await scratch.open();
    return archiveOf(scratch.paths.out);
  }

  forget(id: ContainerId): void {
    void this.#do(id, async () => {
      this.#containers.get(id)?.close();
      this.#containers.delete(id);
      this.#outputs.delete(id);
      if (!SAFE_ID.test(id)) return;
      for (const { Id, State } of await this.#listOwn(id)) await this.#remove(Id, State);
      const files = this.#filesOf(id);
      await new Scratch(this.#settings.scratchMode, files.directory, 0).close();
      await files.remove();
    });
  }

  async #remove(containerId: string, state: string): Promise<void> {
    if (!isUnstarted(state)) return this.#engine.remove(containerId);
    await removeUnstarted(this.#engine, containerId, this.#settings.logger, this.#closed.signal);
  }

  logAcked(id: ContainerId, seq: number): void {
    const output = this.#outputs.get(id);
    output?.acked(seq);
    output?.poke();
    this.#containers.get(id)?.logAcked();
  }

  async usage(id: ContainerId): Promise<ContainerUsage | null> {
    return (await this.#containers.get(id)?.usage()) ?? null;
  }

  note(id: ContainerId, stream: 'life' | 'usage', line: object): void {
    void this.#do(id, async () => this.#outputs.get(id)?.note(stream, line));
  }

  async close(): Promise<void> {
    if (this.#settings.endWithAgent) await this.#endAll();
    this.#engine.close();
    this.#closed.abort();
    for (const container of this.#containers.values()) container.close();
    // What a daemon that hangs never answers is looked up by the next life of the agent.
    await isInTime(this.#settled(), CLOSE_MS);
    // Also of what was just being started.
    for (const container of this.#containers.values()) container.close();
    this.#containers.clear();
  }

  #settled(): Promise<unknown> {
    return Promise.all(this.#work.values());
  }

  /** Whatever is left after a while is left, and told. */
  async #endAll(): Promise<void> {
    this.#isEnding = true;
    for (const stopped of this.#starting.values()) stopped.abort();
    const ending = new Ending({
      settled: () => this.#settled(),
      isStarting: () => this.#starting.size > 0,
      list: () => this.#listOwn(),
      remove: ({ Id, State }) => this.#remove(Id, State),
      failed: ({ Id }, error) => this.#failed(Id, error),
    });
    try {
      const ended = ending.run().then(() => this.#closeScratch());
      if (!(await isInTime(ended, END_MS))) throw new Error(`not ended within ${END_MS} ms`);
    } catch (error) {
      const containers = ending.left.join(' ');
      this.#settings.logger.error('container.left', { containers, error: String(error) });
    }
  }

  async #closeScratch(): Promise<void> {
    for (const id of this.#outputs.keys()) {
      const { directory } = this.#filesOf(id);
      await new Scratch(this.#settings.scratchMode, directory, 0).close().catch(() => {});
    }
  }

  async #start(container: DesiredContainer, stopped: AbortSignal): Promise<void> {
    const { id, attempt, task, taskPrivate, amounts } = container;
    const { storageBytes } = amounts;
    if (!SAFE_ID.test(id)) throw new Error('the id cannot name a container');
    const { image: reference } = task.public;
    const { images, owner } = this.#settings;
    const isAllowed = images.length === 0 || images.some((prefix) => reference.startsWith(prefix));
    if (!isAllowed) throw new Error(`${reference} is not among the images allowed here`);
    if (taskPrivate === null) throw new Error('the private part of the task is missing');
    const read = readTaskPrivate(taskPrivate);
    if (!read.ok) throw new Error(`${read.code}: ${read.hint}`);
    const files = this.#filesOf(id);
    const isNew = await files.create();
    // Whatever the core says: what was tried before is never started again.
    if (!isNew && attempt <= (await files.attempt())) {
      if (this.#containers.has(id)) return;
      return this.#adoptOne({ id, attempt, logSeq: 0, stopGraceMs: null });
    }
    const output = this.#outputs.get(id) ?? (await this.#openOutput(id, 0));
    const before = this.#containers.get(id);
    before?.close();
    output.began();
    const base = { out: await files.sizeOf('out'), err: await files.sizeOf('err') };
    if (before) await this.#engine.remove(this.#nameOf(id, before.attempt));
    const login = read.value.registry ?? null;
    const wanted = { reference, login, pinned: await files.image() };
    const scratch = this.#scratchOf(files, storageBytes);
    const name = this.#nameOf(id, attempt);
    const bandwidthMax = this.#bandwidthOf(container);
    const labels = { [LABEL.owner]: owner, [LABEL.container]: id, [LABEL.attempt]: `${attempt}` };
    // The record must be durable, the storage there, and the container made before it is started;
    // none of them needs another.
    await allOf([
      files
        .beginAttempt(attempt)
        .then(() => files.recordBase({ ...base, storageBytes, bandwidthMax })),
      scratch.open(),
      this.#images.find(wanted, stopped).then(async (image) => {
        const confinement = { ...this.#settings, cgroupParent: await this.#parent() };
        const { paths } = scratch;
        const options = containerOptions(container, read.value, image, paths, confinement);
        const made = { ...options, name, Labels: labels };
        await this.#engine.call((docker) => create(docker, made));
        await files.recordImage(image.id);
        await output.life(attempt, 'image', { image: reference, digest: image.digest });
      }),
    ]);
    if (stopped.aborted) throw new Error('stopped before it was started');
    const { kind, report, logger } = this.#settings;
    const firstWords = kind === 'docker' ? await this.#listen(name, files, base, output) : null;
    let isStarted: boolean;
    try {
      if (kind === 'podman' && bandwidthMax !== null) {
        await this.#engine.init(name);
        await limitBandwidth(this.#engine, name, bandwidthMax);
      }
      isStarted = await this.#startOnce(name, stopped);
    } catch (error) {
      await firstWords?.end();
      const info = await this.#engine.inspect(name);
      if (info) await this.#remove(info.Id, info.State.Status);
      throw error;
    }
    const attempted = { id, attempt, name, files, output, base, scratch, firstWords, kind };
    const details = { ...attempted, bandwidthMax };
    const made = new EngineContainer(details, isStarted, this.#engine, report, logger);
    this.#containers.set(id, made);
  }

  /** Bits per second; null where nobody promised any, or there is no network. */
  #bandwidthOf({ task, amounts }: DesiredContainer): number | null {
    const { limitsBandwidth, egressNetwork } = this.#settings;
    if (!limitsBandwidth || egressNetwork === null || !task.public.egress) return null;
    return Math.max(amounts.bandwidthBitsPerSecond, BANDWIDTH_BITS_MIN);
  }

  #parent(): Promise<string | null> {
    const { cgroupParent } = this.#settings;
    if (cgroupParent !== null) return Promise.resolve(cgroupParent);
    this.#cgroupParent ??= this.#engine.cgroupParent().catch((error: unknown) => {
      this.#cgroupParent = undefined;
      throw error;
    });
    return this.#cgroupParent;
  }

  /** Without it the first words come with the log, a little later. */
  async #listen(
    name: string,
    files: ContainerFiles,
    base: OutputBase,
    output: ContainerOutput,
  ): Promise<FirstWords | null> {
    const copied = () => output.poke();
    const over = new AbortController();
    try {
      return await this.#engine.once((docker) =>
        FirstWords.listen(docker.getContainer(name), files, base, copied, over.signal),
      );
    } catch {
      over.abort();
      return null;
    }
  }

  /**
   * Starts it once whatever happens: a program may have begun, and even ended, although the answer was
   * lost with the daemon.
   *
   * @returns false when whether it was started must be looked up.
   */
  async #startOnce(name: string, stopped: AbortSignal): Promise<boolean> {
    for (;;) {
      try {
        await this.#engine.once((docker) => docker.getContainer(name).start());
        return true;
      } catch (error) {
        if (!isAway(error) || this.#engine.isClosed) throw error;
        if (!isUnreached(error)) return false;
      }
      await this.#engine.call((docker) => docker.ping());
      if (stopped.aborted) throw new Error('stopped before it was started');
    }
  }

  async #adoptOne({ id, attempt, logSeq, stopGraceMs }: KnownContainer): Promise<void> {
    const files = this.#filesOf(id);
    const isThere = SAFE_ID.test(id) && (await files.exists());
    if (isThere && !this.#outputs.has(id)) await this.#openOutput(id, logSeq);
    const base = isThere && (await files.attempt()) === attempt ? await files.base() : null;
    const name = this.#nameOf(id, attempt);
    const info = base && (await this.#engine.inspect(name));
    const hasRun = isThere && (await files.hasStarted());
    if (!base || (!info && !hasRun)) {
      return this.#neverRan(id, attempt, 'the agent ended before it was started');
    }
    const output = this.#outputs.get(id) as ContainerOutput;
    const scratch = this.#scratchOf(files, base.storageBytes);
    const { kind, report, logger } = this.#settings;
    const bandwidthMax = this.#settings.limitsBandwidth ? (base.bandwidthMax ?? null) : null;
    const attempted = { id, attempt, name, files, output, base, scratch, firstWords: null, kind };
    const details = { ...attempted, bandwidthMax };
    const container = new EngineContainer(details, false, this.#engine, report, logger);
    this.#containers.set(id, container);
    const isStopping = await files.isStopping();
    if (stopGraceMs !== null || isStopping) await container.stop(stopGraceMs ?? STOP_MS);
  }

  #scratchOf(files: ContainerFiles, storageBytes: number): Scratch {
    return new Scratch(this.#settings.scratchMode, files.directory, storageBytes);
  }

  async #openOutput(id: ContainerId, logSeq: number): Promise<ContainerOutput> {
    const output = await ContainerOutput.open(id, this.#filesOf(id), logSeq, this.#settings);
    this.#outputs.set(id, output);
    return output;
  }

  /** Its report is not awaited: what is done to the container must not wait for it. */
  async #neverRan(id: ContainerId, attempt: number, error: string): Promise<void> {
    const noted = this.#outputs.get(id)?.startFailed(attempt, error);
    await noted?.catch((cause: unknown) => this.#failed(id, cause));
    const event = { kind: 'container-exited', id, exitCode: null } as const;
    void this.#settings.report({ ...event, reason: 'start-failed' });
  }

  #nameOf(id: ContainerId, attempt: number): string {
    return `sparegrid-${this.#settings.owner}-${id}-${attempt}`;
  }

  #filesOf(id: ContainerId): ContainerFiles {
    return new ContainerFiles(join(this.#settings.directory, id));
  }

  /** What the end of this runtime cut short is no failure. */
  #failed(what: string, error: unknown): void {
    if (this.#engine.isClosed && (isAway(error) || isAborted(error))) return;
    this.#settings.logger.error('container.failed', { id: what, error: String(error) });
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

/** Waits for all of them, also when one fails: nothing goes on unseen. @throws the first failure */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  for (const done of await Promise.allSettled(work)) {
    if (done.status === 'rejected') throw done.reason;
  }
}

function isAborted(error: unknown): boolean {
  return (error as Error).name === 'AbortError';
}

/** One that an earlier try made is as good: its name says which attempt it is. */
async function create(docker: Docker, options: Docker.ContainerCreateOptions): Promise<void> {
  try {
    await docker.createContainer(options);
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
  }
}
