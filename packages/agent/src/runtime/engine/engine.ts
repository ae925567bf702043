/** One Docker or Podman daemon, spoken to over its socket; it may go away and come back at any time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@sparegrid/link/daemon/logger';
import Docker from 'dockerode';

const WAIT_MS = 100;
/** Leases end while a daemon is away: when it is back, they are late enough. */
const WAIT_MS_MAX = 500;
const ANSWER_MS = 20_000;
/** Until a container that is being removed is looked at again. */
const REMOVED_MS = 1_000;

/** What the connection says when the daemon is not there, or went away while it answered. */
const AWAY = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ECONNABORTED',
  'ETIMEDOUT',
]);

export class Engine {
  readonly docker: Docker;
  readonly #logger: Logger;
  readonly #closed = new AbortController();

  constructor(socketPath: string, logger: Logger) {
    this.docker = new Docker({ socketPath });
    this.#logger = logger;
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** From now on nothing waits for the daemon any more. */
  close(): void {
    this.#closed.abort();
  }

  /**
   * Does it as soon as the daemon is there, and again when the daemon went away meanwhile: only for
   * what may be done twice.
   */
  async call<T>(what: (docker: Docker) => Promise<T>): Promise<T> {
    for (let waitMs = WAIT_MS; ; waitMs = Math.min(2 * waitMs, WAIT_MS_MAX)) {
      try {
        return await this.once(what);
      } catch (error) {
        if (!isAway(error) || this.isClosed) throw error;
        if (waitMs === WAIT_MS) this.#logger.warn('engine.away', { error: String(error) });
      }
      await sleep(waitMs, undefined, { signal: this.#closed.signal });
    }
  }

  /**
   * One try. An answer that broke off with the daemon never comes to an end: the client does not
   * tell, so the time is limited.
   */
  async once<T>(what: (docker: Docker) => Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = sleep(ANSWER_MS, undefined, { signal: over.signal }).then(() => {
      throw Object.assign(new Error('no answer of the engine'), { code: 'ETIMEDOUT' });
    });
    late.catch(() => {});
    try {
      return await Promise.race([what(this.docker), late]);
    } finally {
      over.abort();
    }
  }

  /** Whether containers outlive a Docker daemon; without this setting it ends them as it starts. */
  async hasLiveRestore(): Promise<boolean> {
    const info = await this.call((docker) => docker.info());
    return (info as { LiveRestoreEnabled?: boolean }).LiveRestoreEnabled === true;
  }

  /**
   * Where leased containers lie beside the owner's programs and not below others: weights count among
   * neighbours only. Null where only the engine knows how (systemd), or may not (rootless).
   */
  async cgroupParent(): Promise<string | null> {
    const { CgroupDriver, SecurityOptions = [] } = await this.call((docker) => docker.info());
    const isRootless = SecurityOptions.some((option: string) => option.includes('rootless'));
    return CgroupDriver === 'cgroupfs' && !isRootless ? '/' : null;
  }

  /**
   * Of Podman: its network is made and its program loaded, so that `start` lets it take its first step.
   *
   * May be done twice.
   */
  async init(name: string): Promise<void> {
    const path = `/v4.0.0/libpod/containers/${encodeURIComponent(name)}/init`;
    const statusCodes = { 204: true, 304: true, 404: 'no such container', 500: 'server error' };
    await this.call(
      ({ modem }) =>
        new Promise<void>((resolve, reject) => {
          modem.dial({ path, method: 'POST', statusCodes }, (error: unknown) =>
            error ? reject(error) : resolve(),
          );
        }),
    );
  }

  /** Kills and removes it, when it is there; on return it is gone. */
  async remove(name: string): Promise<void> {
    await this.call((docker) => remove(docker.getContainer(name)));
  }

  /** Like {@link remove}, of a daemon that must be there. @throws when it is not */
  async removeNow(name: string): Promise<void> {
    await this.once((docker) => remove(docker.getContainer(name)));
  }

  /** Undefined when there is no such container. */
  async inspect(name: string): Promise<Docker.ContainerInspectInfo | undefined> {
    return this.call((docker) => docker.getContainer(name).inspect()).catch(unlessMissing);
  }
}

async function remove(container: Docker.Container): Promise<void> {
  for (;;) {
    try {
      return await container.remove({ force: true, v: true });
    } catch (error) {
      if (statusOf(error) !== 409) return unlessMissing(error);
    }
    // Somebody else asked for it before, perhaps an agent that has ended, and it is still being done;
    // or the engine is changing its state, and nobody removes it.
    const abortSignal = AbortSignal.timeout(REMOVED_MS);
    await container.wait({ condition: 'removed', abortSignal }).catch((error: unknown) => {
      if (!abortSignal.aborted) unlessMissing(error);
    });
  }
}

export function isAway(error: unknown): boolean {
  const { code, statusCode, message } = error as {
    code?: string;
    statusCode?: number;
    message?: string;
  };
  if (statusCode !== undefined) return false;
  return (code !== undefined && AWAY.has(code)) || /socket hang up|aborted/.test(message ?? '');
}

/** The daemon was not there to begin with: what was asked for did not happen. */
export function isUnreached(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

/** For `catch`: what is not there is undefined. */
export function unlessMissing(error: unknown): undefined {
  if (statusOf(error) === 404) return undefined;
  throw error;
}
