/** Containers that their engine takes for never started, although their program may run. */
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { Engine } from './engine.ts';

/** Between two looks at what was killed. */
const GONE_MS = 20;
/** Where only somebody else can end it. */
const GONE_MS_MAX = 1_000;

/** States of Docker and Podman before the first start. */
const UNSTARTED = new Set(['created', 'configured', 'initialized']);

export function isUnstarted(status: string): boolean {
  return UNSTARTED.has(status);
}

/**
 * An engine that dies after a program began, and before it wrote that down, takes the container for
 * never started ever after, while the program runs on: it would neither stop nor remove it. The kernel
 * knows better: a program cannot leave its control group, whose path has the container's id.
 *
 * @returns ids of its processes, and of the shims that hold them.
 */
export async function processesOf(containerId: string): Promise<number[]> {
  const names = await readdir('/proc');
  const pids = names.map(Number).filter(Number.isInteger);
  const belongs = await Promise.all(pids.map((pid) => belongsTo(pid, containerId)));
  return pids.filter((_, at) => belongs[at]);
}

async function belongsTo(pid: number, containerId: string): Promise<boolean> {
  try {
    const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8');
    if (groups.includes(containerId)) return !(await isZombie(pid));
    const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return basename(program).startsWith('containerd-shim') && args.includes(containerId);
  } catch {
    // It ended meanwhile.
    return false;
  }
}

async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

/**
 * Removes a container that its engine takes for never started, with everything that runs of it. On
 * return nothing does; where only root may end it, that is when somebody did.
 *
 * @param containerId  the engine's own.
 * @param signal  gives up waiting.
 */
export async function removeUnstarted(
  engine: Engine,
  containerId: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  // An engine that is still about to start it finishes that first.
  await engine.remove(containerId);
  let isTold = false;
  for (let waitMs = GONE_MS; ; waitMs = Math.min(2 * waitMs, GONE_MS_MAX)) {
    const pids = await processesOf(containerId);
    if (pids.length === 0) return;
    const isAllowed = pids.map(kill).every(Boolean);
    if (!isTold || (!isAllowed && waitMs === GONE_MS_MAX)) {
      const text = isAllowed ? 'It was killed.' : 'Only root may end it: kill these processes.';
      logger.warn('container.orphan', { container: containerId, pids: pids.join(' '), text });
      isTold = true;
    }
    await sleep(waitMs, undefined, { signal });
  }
}

/** @returns false for a process of somebody else. */
function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  return true;
}
