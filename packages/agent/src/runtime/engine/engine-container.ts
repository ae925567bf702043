/** One attempt of a container of an engine, from its start to its end, over restarts of the engine. */
import { uptime } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeReason } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { isDiskFull } from '@sparegrid/link/store/reserve';
import type Docker from 'dockerode';
import type { ContainerFiles } from '../container-files.ts';
import type { ContainerOutput } from '../container-output.ts';
import type { ContainerUsage, Report } from '../runtime.ts';
import { limitBandwidth } from './bandwidth.ts';
import { type Engine, statusOf } from './engine.ts';
import type { FirstWords } from './first-words.ts';
import { appendFrames, type OutputBase } from './log-copy.ts';
import type { Scratch } from './scratch.ts';
import { isUnstarted, processesOf, removeUnstarted } from './unstarted.ts';

export interface EngineAttempt {
  id: ContainerId;
  attempt: number;
  /** The engine's name for it. */
  name: string;
  files: ContainerFiles;
  output: ContainerOutput;
  base: OutputBase;
  scratch: Scratch;
  /** Of one that was started just now, where its engine lets them be heard. */
  firstWords: FirstWords | null;
  kind: 'docker' | 'podman';
  /** Bits per second that it may send, and receive; null: as much as it can. */
  bandwidthMax: number | null;
}

type State = Pick<Docker.ContainerInspectInfo['State'], 'ExitCode' | 'OOMKilled' | 'FinishedAt'>;

interface End {
  exitCode: number | null;
  reason: RuntimeReason;
  /** For people. */
  detail?: string | undefined;
}

/** Between the end of what an engine says of a container and the next look at it. */
const LOOK_MS = 100;
/** Between two tries on a full disk. */
const FULL_MS = 1_000;
/** What a program ends with that was killed. */
const KILLED = 137;

export class EngineContainer {
  readonly #attempt: EngineAttempt;
  readonly #engine: Engine;
  readonly #report: Report;
  readonly #logger: Logger;
  #phase: 'starting' | 'running' | 'ended' | 'closed' = 'starting';
  #room = Promise.withResolvers<void>();
  #kill: NodeJS.Timeout | undefined;
  readonly #closed = new AbortController();
  #isOverStorage = false;
  /** Why it could not be held to its bandwidth, and was ended. */
  #unlimited: string | null = null;
  #isStopping = false;

  /** @param wasStarted  a moment ago, and by the caller. */
  constructor(
    attempt: EngineAttempt,
    wasStarted: boolean,
    engine: Engine,
    report: Report,
    logger: Logger,
  ) {
    this.#attempt = attempt;
    this.#engine = engine;
    this.#report = report;
    this.#logger = logger;
    void this.#followToEnd(wasStarted).catch((error: unknown) => {
      if (this.#phase === 'closed' || engine.isClosed) return;
      logger.error('container.lost', { id: attempt.id, error: String(error) });
    });
  }

  get attempt(): number {
    return this.#attempt.attempt;
  }

  get hasEnded(): boolean {
    return this.#phase === 'ended';
  }

  /** SIGTERM now, SIGKILL after the grace; both as soon as the engine is there. */
  async stop(graceMs: number): Promise<void> {
    if (this.#phase === 'ended' || this.#phase === 'closed') return;
    const { files, output, attempt, id } = this.#attempt;
    try {
      await files.recordStopping();
      await output.life(attempt, 'stopping', { graceMs });
    } catch (error) {
      // A full disk: it ends on time all the same.
      this.#logger.error('container.unrecorded', { id, error: String(error) });
    }
    this.#isStopping = true;
    this.#kill ??= setTimeout(() => void this.#signal('SIGKILL'), graceMs);
    void this.#signal('SIGTERM');
  }

  async #signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { id, name } = this.#attempt;
    try {
      await this.#engine.call((docker) => docker.getContainer(name).kill({ signal }));
    } catch (error) {
      // 404, 409: it is gone, or does not run any more.
      const status = statusOf(error);
      if (status === 404 || status === 409 || this.#engine.isClosed) return;
      this.#logger.warn('container.signal-failed', { id, signal, error: String(error) });
    }
  }

  /** There is room for more output. */
  logAcked(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }

  /** Stops following; the container runs on. */
  close(): void {
    this.#phase = 'closed';
    this.#closed.abort();
    void this.#attempt.firstWords?.end();
    clearTimeout(this.#kill);
    this.#room.resolve();
  }

  /** @patent [0063] MON-2 */
  async usage(): Promise<ContainerUsage | null> {
    if (this.#phase !== 'running') return null;
    const { name, scratch } = this.#attempt;
    const options = { stream: false, 'one-shot': true } as const;
    const stats: Docker.ContainerStats = await this.#engine.once((docker) =>
      docker.getContainer(name).stats(options as { stream: false }),
    );
    const storageBytes = await scratch.usedBytes();
    if (scratch.mode === 'watched' && storageBytes > scratch.limitBytes) {
      this.#isOverStorage = true;
      void this.#signal('SIGKILL');
    }
    const networks = Object.values(stats.networks ?? {});
    const cache = stats.memory_stats?.stats?.total_inactive_file ?? 0;
    return {
      cpuMs: Math.round((stats.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1_000_000),
      memoryBytes: Math.max(0, (stats.memory_stats?.usage ?? 0) - cache),
      storageBytes,
      diskBytes: scratch.mode === 'image' ? scratch.limitBytes : storageBytes,
      receivedBytes: networks.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0),
      sentBytes: networks.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0),
    };
  }

  /** Every look gives the same answer: on a full disk they are repeated until there is room. */
  async #followToEnd(wasStarted: boolean): Promise<void> {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await this.#follow(wasStarted && isFirst);
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        this.#logger.error('container.disk-full', { id: this.#attempt.id, error: String(error) });
      }
      await sleep(FULL_MS, undefined, { signal: this.#closed.signal });
    }
  }

  async #follow(wasStarted: boolean): Promise<void> {
    /** The engine was away when it was looked at last. */
    let cut = false;
    if (wasStarted) {
      // Its first words do not wait for anything.
      const copied = this.#copy(false);
      // Podman's is limited before its first step.
      if (this.#attempt.kind === 'docker') await this.#limit();
      await this.#began();
      cut = !(await copied);
    }
    for (let looks = 0; ; looks += 1) {
      if (this.#hasClosed()) return;
      const info = await this.#engine.inspect(this.#attempt.name);
      if (this.#hasClosed()) return;
      if (!info) return this.#ended({ exitCode: null, reason: 'exit', detail: 'it was removed' });
      const { Status } = info.State;
      if (isUnstarted(Status)) return this.#ended(await this.#endUnstarted(info.Id));
      if (info.State.Running || Status === 'paused') {
        // A copy ends with the container, or with the engine; one more may end before either is seen.
        if (looks > 0) await sleep(LOOK_MS);
        if (this.#phase === 'starting') {
          await this.#limit();
          await this.#began();
        }
        cut = !(await this.#copy(false));
        continue;
      }
      if (this.#phase === 'starting') await this.#began();
      await this.#copy(true);
      if (this.#hasClosed()) return;
      return this.#ended(await this.#endOf(info.State, cut));
    }
  }

  /** Its engine takes it for never started, and may have died in the middle of that. */
  async #endUnstarted(containerId: string): Promise<End> {
    await this.#attempt.firstWords?.end();
    const hasRun = (await processesOf(containerId)).length > 0;
    // Durable before the traces are gone: this attempt was the one.
    if (hasRun && this.#phase === 'starting') await this.#began();
    await removeUnstarted(this.#engine, containerId, this.#logger, this.#closed.signal);
    if (!hasRun) return { exitCode: null, reason: 'start-failed', detail: 'it was never started' };
    const detail = 'its engine died as it was started, and it was ended';
    return { exitCode: null, reason: 'exit', detail };
  }

  /** Whoever cannot be held to its bandwidth would take that of others: it does not run on. */
  async #limit(): Promise<void> {
    const { id, name, bandwidthMax } = this.#attempt;
    if (bandwidthMax === null) return;
    try {
      await limitBandwidth(this.#engine, name, bandwidthMax);
    } catch (error) {
      // What ended meanwhile needs no limit.
      if (this.#hasClosed() || !(await this.#engine.inspect(name))?.State.Running) return;
      this.#unlimited = (error as Error).message;
      this.#logger.error('container.unlimited', { id, error: this.#unlimited });
      await this.#signal('SIGKILL');
    }
  }

  async #began(): Promise<void> {
    const { id, attempt, files, output } = this.#attempt;
    await files.recordStarted();
    await output.life(attempt, 'started');
    if (this.#hasClosed()) return;
    this.#phase = 'running';
    await this.#report({ kind: 'container-started', id });
  }

  /**
   * From the beginning of the engine's log: what the files have is skipped.
   *
   * @returns whether it came to its end.
   */
  async #copy(isLast: boolean): Promise<boolean> {
    const { signal } = this.#closed;
    const { name, files, base, output, firstWords } = this.#attempt;
    const open = (docker: Docker) =>
      docker.getContainer(name).logs({ follow: true, stdout: true, stderr: true });
    try {
      const source = await (isLast ? this.#engine.call(open) : this.#engine.once(open));
      const stream = source as NodeJS.ReadableStream & { destroy(): void };
      signal.addEventListener('abort', () => stream.destroy());
      if (signal.aborted) stream.destroy();
      // From here on the log is heard, and one at a time may write.
      await firstWords?.end();
      await appendFrames(stream as AsyncIterable<Buffer>, files, base, () => output.poke());
      return true;
    } catch (error) {
      if (isDiskFull(error)) throw error;
      // Cut off with the engine, or on purpose: the next copy goes on where this one ended.
      if (isLast && statusOf(error) !== 404) {
        this.#logger.warn('container.log-cut', { name, error: String(error) });
      }
      return false;
    }
  }

  /** @param cut  its engine was away when it ended. */
  async #endOf(state: State, cut: boolean): Promise<End> {
    const { ExitCode: exitCode } = state;
    const isStopping = this.#isStopping || (await this.#attempt.files.isStopping());
    if (!isStopping && (await this.#wasTakenAlong(state, cut))) {
      // A program may answer SIGTERM with 0: it has not done its work for all that.
      const detail = 'it was ended together with its engine';
      return { exitCode: exitCode === 0 ? null : exitCode, reason: 'exit', detail };
    }
    if (this.#unlimited !== null) {
      const detail = `its bandwidth could not be limited: ${this.#unlimited}`;
      return { exitCode, reason: 'exit', detail };
    }
    const detail = cut ? 'its engine was away: the last of its output may be missing' : undefined;
    return { exitCode, reason: this.#reasonOf(state, isStopping), detail };
  }

  /** Whoever stops a machine, or a Docker daemon without live restore, stops its containers. */
  async #wasTakenAlong({ FinishedAt }: State, cut: boolean): Promise<boolean> {
    const bootedAtMs = Date.now() - uptime() * 1_000;
    if (Date.parse(FinishedAt) < bootedAtMs) return true;
    if (!cut || this.#attempt.kind === 'podman') return false;
    return !(await this.#engine.hasLiveRestore());
  }

  #reasonOf({ OOMKilled, ExitCode }: State, isStopping: boolean): RuntimeReason {
    if (this.#isOverStorage) return 'out-of-storage';
    if (OOMKilled && ExitCode !== 0) return 'out-of-memory';
    if (isStopping) return 'stopped';
    // Docker may hear of it after the end, Podman never under the first version of control groups; nobody
    // else sends SIGKILL.
    if (ExitCode === KILLED) return 'out-of-memory';
    return 'exit';
  }

  /** The last output goes first, as far as acknowledgements allow. */
  async #ended({ exitCode, reason, detail }: End): Promise<void> {
    const { id, attempt, output } = this.#attempt;
    const end = { exitCode, reason, ...(detail ? { detail } : {}) };
    await output.life(attempt, reason === 'start-failed' ? reason : 'exited', end);
    for (;;) {
      const room = this.#room.promise;
      if ((await output.pump(true)) || this.#hasClosed()) break;
      await Promise.race([room, sleep(FULL_MS)]);
    }
    clearTimeout(this.#kill);
    if (this.#hasClosed()) return;
    this.#phase = 'ended';
    await this.#report({ kind: 'container-exited', id, exitCode, reason });
  }

  #hasClosed(): boolean {
    return this.#phase === 'closed';
  }
}
