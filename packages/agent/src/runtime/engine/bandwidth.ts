/** Limits of what containers send and receive: the kernel's token buckets at both ends of their links. */
import { execFile } from 'node:child_process';
import { open, readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';

const run = promisify(execFile);

/** Everybody who reaches the outside gets this much, whatever was ordered: as slow as a link may be. */
export const BANDWIDTH_BITS_MIN = 1_000_000;

const BITS_PER_BYTE = 8;
/** Passes at once after a pause: enough for whole packets, and for what the kernel hands over together. */
const BURST_SECONDS = 0.01;
const BURST_BYTES_MIN = 32 * 1_024;
const BURST_BYTES_MAX = 64 * 1_048_576;
/** Waits before more is dropped. */
const QUEUE_SECONDS = 0.1;
const QUEUE_BYTES_MAX = 1_073_741_824;

/** What `ip -json link` tells, as far as it matters here. */
interface Link {
  ifname: string;
  ifindex: number;
  /** Number of the other end, in the namespace of that. */
  link_index?: number;
}

/** What may pass at once, in bytes. */
export function burstBytes(bitsPerSecond: number): number {
  const bytes = Math.ceil((bitsPerSecond / BITS_PER_BYTE) * BURST_SECONDS);
  return Math.min(Math.max(bytes, BURST_BYTES_MIN), BURST_BYTES_MAX);
}

/**
 * Tries it on the loopback of a network namespace that lives no longer than that.
 *
 * @returns why this process can limit nobody here, for people; null when it can.
 */
export async function whyNoLimits(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'only root can';
  try {
    await run('unshare', ['--net', 'tc', ...bucketOn('lo', BANDWIDTH_BITS_MIN)]);
    await run('nsenter', [
      '--net=/proc/self/ns/net',
      'ip',
      '-json',
      'link',
      'show',
      'type',
      'veth',
    ]);
    return null;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return (stderr || message).trim();
  }
}

/**
 * Holds a container to this much in each direction, from now on and as long as it lives: what it sends
 * waits in its own network namespace, where its program has no right to change anything, what it
 * receives at the machine's end of its link. Both go with the container. May be done again.
 *
 * @param name  the engine's for it.
 * @throws when it does not run (yet, or any more), or has no link of its own: only networks of the kind
 *         `bridge` give one.
 */
export async function limitBandwidth(
  engine: Engine,
  name: string,
  bitsPerSecond: number,
): Promise<void> {
  const info = await engine.inspect(name);
  if (!info?.State.Pid) throw new Error('it does not run');
  await limit(info.State.Pid, info.Id, bitsPerSecond);
}

async function limit(pid: number, containerId: string, bitsPerSecond: number): Promise<void> {
  const namespace = await open(`/proc/${pid}/ns/net`);
  try {
    // The number may be somebody else's by now; what is open stays what it is.
    const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8');
    if (!groups.includes(containerId)) throw new Error('it has ended');
    const [own, its] = [await stat('/proc/self/ns/net'), await namespace.stat()];
    if (own.ino === its.ino) throw new Error('it has the network of this machine');
    const inside = ['nsenter', `--net=/proc/${process.pid}/fd/${namespace.fd}`];
    const outer = await linksOf([]);
    const links = await linksOf(inside);
    if (links.length === 0) throw new Error('it has no link whose ends are known');
    for (const link of links) {
      const end = outer.find((one) => areEnds(one, link));
      if (!end) throw new Error(`the other end of its ${link.ifname} is not here`);
      await call([...inside, 'tc', ...bucketOn(link.ifname, bitsPerSecond)]);
      await call(['tc', ...bucketOn(end.ifname, bitsPerSecond)]);
    }
  } finally {
    await namespace.close();
  }
}

function areEnds(one: Link, other: Link): boolean {
  return one.link_index === other.ifindex && other.link_index === one.ifindex;
}

/** Pairs of connected links alone: the parent of any other kind may carry what is not the container's. */
async function linksOf(prefix: string[]): Promise<Link[]> {
  return JSON.parse(await call([...prefix, 'ip', '-json', 'link', 'show', 'type', 'veth']));
}

async function call([program = '', ...args]: string[]): Promise<string> {
  return (await run(program, args)).stdout;
}

function bucketOn(link: string, bitsPerSecond: number): string[] {
  const burst = burstBytes(bitsPerSecond);
  const queue = Math.ceil((bitsPerSecond / BITS_PER_BYTE) * QUEUE_SECONDS);
  const limit = Math.min(burst + queue, QUEUE_BYTES_MAX);
  const bucket = ['tbf', 'rate', `${bitsPerSecond}bit`, 'burst', `${burst}`, 'limit', `${limit}`];
  return ['qdisc', 'replace', 'dev', link, 'root', ...bucket];
}
