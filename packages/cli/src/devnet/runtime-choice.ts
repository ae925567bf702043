/** Which runtime the lessors of a devnet use: Docker where a daemon can be used, else plain processes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '@sparegrid/agent/runtime/engine/engine';
import { CliFault } from '../fault.ts';
import { dockerEndpoint, type Endpoint } from './docker-endpoint.ts';

export type RuntimeName = 'auto' | 'docker' | 'process';

export type DevnetRuntime =
  | { kind: 'process'; why: string }
  | {
      kind: 'docker';
      why: string;
      /** Path of the daemon's socket. */
      socket: string;
      /** The daemon's network for containers that ask for the outside. */
      egressNetwork: string | null;
    };

type Docker = Extract<DevnetRuntime, { kind: 'docker' }>;

/** A daemon that does not answer at once is of no use. */
const ANSWER_MS = 5_000;
const BRIDGE = 'bridge';

/** @throws CliFault CLI_DEVNET_FAILED when Docker was asked for and cannot be used */
export async function chooseRuntime(name: RuntimeName): Promise<DevnetRuntime> {
  if (name === 'process') return { kind: 'process', why: 'asked for by --runtime process' };
  const found = await findDocker();
  if (found.kind === 'docker' || name === 'auto') return found;
  const { why } = found;
  throw new CliFault(
    'CLI_DEVNET_FAILED',
    `${why}. Start a daemon, or name it in DOCKER_HOST.`,
    'failed',
  );
}

/** The runtime that this machine allows for. */
export async function findDocker(): Promise<DevnetRuntime> {
  const endpoint = dockerEndpoint();
  const found = await examine(endpoint);
  if (typeof found !== 'string') return found;
  return { kind: 'process', why: `no Docker: ${found} (${endpoint.by})` };
}

/** The daemon, or why it cannot be used: containers get files of this machine, and their limits. */
async function examine({ host, by }: Endpoint): Promise<Docker | string> {
  if (!host.startsWith('unix://')) return `${host || 'nothing'} is no socket of this machine`;
  const socket = host.slice('unix://'.length);
  const engine = new Engine(socket, { info() {}, warn() {}, error() {} });
  try {
    const info = await inTime(engine.docker.info());
    const lacks = [
      !info.CpuCfsQuota && 'cpu',
      !info.MemoryLimit && 'memory',
      !info.PidsLimit && 'pids',
    ].filter((one) => one !== false);
    if (info.OSType !== 'linux') return `the daemon at ${socket} runs ${info.OSType} containers`;
    if (lacks.length > 0) return `the daemon at ${socket} cannot limit ${lacks.join(', ')}`;
    const networks = await inTime(engine.docker.listNetworks());
    return {
      kind: 'docker',
      why: `Docker ${info.ServerVersion} answers at ${socket} (${by})`,
      socket,
      egressNetwork: networks.some(({ Name }) => Name === BRIDGE) ? BRIDGE : null,
    };
  } catch (error) {
    return reasonOf(error, socket);
  } finally {
    engine.close();
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(ANSWER_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no answer in ${ANSWER_MS} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}

function reasonOf(error: unknown, socket: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `there is no ${socket}`;
  if (code === 'ECONNREFUSED') return `nobody listens at ${socket}`;
  if (code === 'EACCES') return `you may not use ${socket}`;
  return `${socket}: ${message}`;
}
