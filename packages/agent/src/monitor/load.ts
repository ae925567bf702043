/** What the machine does right now, from the kernel's own counters. */
import { readFile, statfs } from 'node:fs/promises';

/** The kernel's unit of processor time in /proc on every Linux that Node runs on. */
const TICK_MS = 10;

export interface Load {
  /** Processor time spent so far over all processors, without idling. */
  busyMs: number;
  memoryUsedBytes: number;
  storageFreeBytes: number;
  /** Through all interfaces but the machine's own loop, so far. */
  receivedBytes: number;
  sentBytes: number;
}

/**
 * @param directory  on the disk whose storage is offered.
 * @patent [0046] [0063] IDL-5 MON-2
 */
export async function readLoad(directory: string): Promise<Load> {
  const [stat, memory, network, disk] = await Promise.all([
    readFile('/proc/stat', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
    readFile('/proc/net/dev', 'utf8').catch(() => ''),
    statfs(directory),
  ]);
  const kib = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(memory)?.[1] ?? 0);
  return {
    busyMs: busyTicks(stat) * TICK_MS,
    memoryUsedBytes: (kib('MemTotal') - kib('MemAvailable')) * 1_024,
    storageFreeBytes: disk.bavail * disk.bsize,
    ...traffic(network),
  };
}

/** `cpu user nice system idle iowait irq softirq steal`: all but idle and iowait. */
function busyTicks(stat: string): number {
  const numbers = stat.slice(0, stat.indexOf('\n')).trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = numbers;
  return user + nice + system + irq + softirq + steal;
}

function traffic(text: string): { receivedBytes: number; sentBytes: number } {
  const sum = { receivedBytes: 0, sentBytes: 0 };
  for (const line of text.split('\n')) {
    const [, name, fields] = /^ *([^:|]+): *(.*)$/.exec(line) ?? [];
    if (name === undefined || name === 'lo') continue;
    const numbers = (fields ?? '').split(/\s+/).map(Number);
    sum.receivedBytes += numbers[0] ?? 0;
    sum.sentBytes += numbers[8] ?? 0;
  }
  return sum;
}
