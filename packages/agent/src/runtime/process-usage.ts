/** What the processes of one group use, from what the kernel says of each. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerUsage } from './runtime.ts';

/** The kernel's unit of processor time in /proc on every Linux that Node runs on. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;

/**
 * Traffic is not told: a plain process has no network of its own.
 *
 * @param directory  where the group keeps its files.
 */
export async function usageOfGroup(group: number, directory: string): Promise<ContainerUsage> {
  const usage = { cpuMs: 0, memoryBytes: 0, receivedBytes: 0, sentBytes: 0 };
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => null);
    if (text === null) continue;
    // From the third field on: the second one, the program's name, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[2]) !== group) continue;
    // With the time of children that ended and were waited for.
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    usage.cpuMs += ticks * TICK_MS;
    usage.memoryBytes += Number(fields[21]) * PAGE_BYTES;
  }
  const storageBytes = await bytesIn(directory);
  return { ...usage, storageBytes, diskBytes: storageBytes };
}

/** Bytes of all files below a directory; what vanishes meanwhile counts as nothing. */
export async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(
    () => [],
  );
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => null);
    bytes += (found?.blocks ?? 0) * 512;
  }
  return bytes;
}
