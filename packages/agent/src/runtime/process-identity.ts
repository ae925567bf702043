/** Tells whether a process is still the one that was started: process ids are used again. */
import { readFile } from 'node:fs/promises';

export interface ProcessIdentity {
  pid: number;
  /** In clock ticks since boot, as /proc has it. */
  startTicks: string;
  /** Ticks mean nothing in another boot. */
  bootId: string;
}

/** The identity of a running process; null when it is gone, or only waits to be reaped. */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the program's name in brackets and may itself hold brackets and blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (startTicks === undefined || state === 'Z' || state === 'X') return null;
  return { pid, startTicks, bootId: await bootId() };
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const found = await identify(identity.pid);
  return (
    found !== null && found.startTicks === identity.startTicks && found.bootId === identity.bootId
  );
}

/** Signals the process group that `identity` leads, unless that process is gone. */
export async function signalGroup(
  identity: ProcessIdentity,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  if (!(await isRunning(identity))) return;
  try {
    process.kill(-identity.pid, signal);
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
