/** The life of one container of the `process` runtime, from its supervisor's start to its end. */
import { type FSWatcher, watch } from 'node:fs';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { ContainerFiles } from './container-files.ts';
import { OutputLog } from './output-log.ts';
import { isRunning, type ProcessIdentity, signalGroup } from './process-identity.ts';
import type { Report } from './runtime.ts';

/**
 * How often to look whether a supervisor is gone that an earlier life of the agent started. Node can
 * await the end of its own children only; everything else here comes as an event.
 */
const LOOK_MS = 250;

export interface Followed {
  id: ContainerId;
  files: ContainerFiles;
  supervisor: ProcessIdentity;
  /** Resolves when the supervisor is gone; null for one that was adopted. */
  gone: Promise<void> | null;
  /** Last log chunk that is stored for good. */
  logSeq: number;
}

export interface FollowSettings {
  /** Between SIGTERM and SIGKILL. */
  stopTimeMs: number;
  report: Report;
  logger: Logger;
}

/**
 * Its facts are files, so every look at them gives the same answer before and after a crash of the
 * agent; this object only remembers what was reported already.
 */
export class ProcessContainer {
  readonly #container: Followed;
  readonly #settings: FollowSettings;
  readonly #log: OutputLog;
  #phase: 'starting' | 'running' | 'ended' | 'closed' = 'starting';
  #watcher: FSWatcher | undefined;
  #looks: NodeJS.Timeout | undefined;
  #kill: NodeJS.Timeout | undefined;
  /** The look under way. */
  #looking: Promise<void> | null = null;
  #lookAgain = false;

  private constructor(container: Followed, settings: FollowSettings, log: OutputLog) {
    this.#container = container;
    this.#settings = settings;
    this.#log = log;
  }

  static async follow(container: Followed, settings: FollowSettings): Promise<ProcessContainer> {
    const { id, files, logSeq, gone } = container;
    const log = await OutputLog.open(files, logSeq, (stream, text) =>
      settings.report({ kind: 'log', container: id, stream, text }),
    );
    const followed = new ProcessContainer(container, settings, log);
    followed.#watch();
    if (gone !== null) void gone.then(() => followed.#look());
    else followed.#looks = setInterval(() => followed.#look(), LOOK_MS);
    if (await files.isStopping()) await followed.stop();
    followed.#look();
    return followed;
  }

  get hasEnded(): boolean {
    return this.#phase === 'ended';
  }

  /** SIGTERM to the whole group now, SIGKILL after the stop time. */
  async stop(): Promise<void> {
    if (this.#phase === 'ended') return;
    const { files, supervisor } = this.#container;
    await files.recordStopping();
    await signalGroup(supervisor, 'SIGTERM');
    this.#kill ??= setTimeout(() => void this.kill(), this.#settings.stopTimeMs);
  }

  async kill(): Promise<void> {
    await signalGroup(this.#container.supervisor, 'SIGKILL');
  }

  logAcked(seq: number): void {
    this.#log.acked(seq);
    this.#look();
  }

  /** Stops following; the container runs on. */
  close(): void {
    this.#phase = 'closed';
    this.#release();
  }

  #watch(): void {
    const { id, files } = this.#container;
    try {
      this.#watcher = watch(files.directory, () => this.#look());
      this.#watcher.on('error', () => this.#look());
    } catch (error) {
      // The system has no watch left: looking at intervals is slower, but loses nothing.
      this.#settings.logger.warn('container.unwatched', { id, error: String(error) });
      this.#looks ??= setInterval(() => this.#look(), LOOK_MS);
    }
  }

  /** One look at a time; what happens during it causes one more. */
  #look(): void {
    if (this.#looking !== null) {
      this.#lookAgain = true;
      return;
    }
    if (this.#phase === 'ended' || this.#phase === 'closed') return;
    this.#lookAgain = false;
    this.#looking = this.#examine()
      .catch((error: unknown) => {
        const { id } = this.#container;
        this.#settings.logger.error('container.unreadable', { id, error: String(error) });
        this.#looks ??= setInterval(() => this.#look(), LOOK_MS);
      })
      .finally(() => {
        this.#looking = null;
        if (this.#lookAgain) this.#look();
      });
  }

  async #examine(): Promise<void> {
    const { id, files, supervisor } = this.#container;
    // First this look, then those at the files: what it wrote before its end is seen below.
    const over = !(await isRunning(supervisor));
    if (this.#phase === 'starting' && (await files.hasStarted())) {
      this.#phase = 'running';
      await this.#settings.report({ kind: 'container-started', id });
    }
    if (this.#phase === 'running' && !(await this.#log.pump(over))) return;
    if (!over || this.#phase === 'closed') return;
    const exitCode = await files.exitCode();
    const reason = (await files.isStopping())
      ? 'stopped'
      : this.#phase === 'running'
        ? 'exit'
        : 'start-failed';
    this.#phase = 'ended';
    this.#release();
    await this.#settings.report({ kind: 'container-exited', id, exitCode, reason });
  }

  #release(): void {
    this.#watcher?.close();
    clearInterval(this.#looks);
    clearTimeout(this.#kill);
  }
}
