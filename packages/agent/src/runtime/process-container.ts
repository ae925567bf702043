/** One attempt of a container of the `process` runtime, from its supervisor's start to its end. */
import { type FSWatcher, watch } from 'node:fs';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { ContainerFiles } from './container-files.ts';
import type { ContainerOutput } from './container-output.ts';
import { isRunning, type ProcessIdentity, signalGroup } from './process-identity.ts';
import type { Report } from './runtime.ts';

/**
 * How often to look whether a supervisor is gone that an earlier life of the agent started. Node can
 * await the end of its own children only; everything else here comes as an event.
 */
const LOOK_MS = 250;

export interface Followed {
  id: ContainerId;
  attempt: number;
  files: ContainerFiles;
  output: ContainerOutput;
  supervisor: ProcessIdentity;
  /** Resolves when the supervisor is gone; null for one that was adopted. */
  gone: Promise<void> | null;
}

export interface FollowSettings {
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
  #phase: 'starting' | 'running' | 'ended' | 'closed' = 'starting';
  #watcher: FSWatcher | undefined;
  #looks: NodeJS.Timeout | undefined;
  #kill: NodeJS.Timeout | undefined;
  #isStopping = false;
  /** The look under way. */
  #looking: Promise<void> | null = null;
  #lookAgain = false;

  private constructor(container: Followed, settings: FollowSettings) {
    this.#container = container;
    this.#settings = settings;
  }

  static async follow(container: Followed, settings: FollowSettings): Promise<ProcessContainer> {
    const { gone } = container;
    const followed = new ProcessContainer(container, settings);
    followed.#watch();
    if (gone !== null) void gone.then(() => followed.#look());
    else followed.#looks = setInterval(() => followed.#look(), LOOK_MS);
    followed.#look();
    return followed;
  }

  get hasEnded(): boolean {
    return this.#phase === 'ended';
  }

  /** The process group of the program while it runs. */
  get group(): ProcessIdentity | null {
    return this.#phase === 'running' ? this.#container.supervisor : null;
  }

  /** SIGTERM to the whole group now, SIGKILL after the grace. */
  async stop(graceMs: number): Promise<void> {
    if (this.#phase === 'ended') return;
    const { files, supervisor, output, attempt, id } = this.#container;
    try {
      await files.recordStopping();
      await output.life(attempt, 'stopping', { graceMs });
    } catch (error) {
      // A full disk: it ends on time all the same.
      this.#settings.logger.error('container.unrecorded', { id, error: String(error) });
    }
    this.#isStopping = true;
    await signalGroup(supervisor, 'SIGTERM');
    this.#kill ??= setTimeout(() => void this.kill(), graceMs);
  }

  async kill(): Promise<void> {
    await signalGroup(this.#container.supervisor, 'SIGKILL');
  }

  /** There is room for more output: its end may be told after the last of it. */
  logAcked(): void {
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
    const { id, attempt, files, supervisor, output } = this.#container;
    // First this look, then those at the files: what it wrote before its end is seen below.
    const over = !(await isRunning(supervisor));
    if (this.#phase === 'starting' && (await files.hasStarted())) {
      await output.life(attempt, 'started');
      if (this.#hasClosed()) return;
      this.#phase = 'running';
      await this.#settings.report({ kind: 'container-started', id });
    }
    if (this.#phase === 'running' && !(await output.pump(over))) return;
    if (!over || this.#hasClosed()) return;
    const exitCode = await files.exitCode();
    const reason =
      this.#isStopping || (await files.isStopping())
        ? 'stopped'
        : this.#phase === 'running'
          ? 'exit'
          : 'start-failed';
    await output.life(attempt, 'exited', { exitCode, reason });
    this.#phase = 'ended';
    this.#release();
    await this.#settings.report({ kind: 'container-exited', id, exitCode, reason });
  }

  #hasClosed(): boolean {
    return this.#phase === 'closed';
  }

  #release(): void {
    this.#watcher?.close();
    clearInterval(this.#looks);
    clearTimeout(this.#kill);
  }
}
