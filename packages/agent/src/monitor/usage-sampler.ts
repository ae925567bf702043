/** Looks at running containers and at the machine, and tells both apart. */
import type { ContainerRecord } from '@sparegrid/core/participant/containers';
import type { ContainerId } from '@sparegrid/core/units/ids';
import { AMOUNT_FIELDS, addAmounts, type ResourceAmounts } from '@sparegrid/core/units/resources';
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { ContainerUsage, Runtime } from '../runtime/runtime.ts';
import type { OwnUse } from './idle-share.ts';
import { type Load, readLoad } from './load.ts';

/** How often the machine is looked at: an offer shrinks within a few of these. */
const LOOK_MS = 500;
/** The newest sample of a container is never older than this part of its age: series stay short. */
const SAMPLE_SHARE = 256;
const SAMPLE_MS_MIN = 1_000;

interface Known {
  usage: ContainerUsage;
  atMs: number;
  /** Over the time between the last two looks. */
  cpuMillicores: number;
  firstMs: number;
  sampledMs: number;
}

export interface Sampled {
  own: OwnUse;
  /** What containers hold that have not ended. */
  leased: ResourceAmounts;
  /** Free on the disk whose storage is offered. */
  diskFreeBytes: number;
}

export interface SamplerPorts {
  containers(): Iterable<ContainerRecord>;
  runtime: Runtime;
  logger: Logger;
  /** After every look but the first. */
  sampled(sampled: Sampled): void;
}

/** @patent [0046] [0047] [0063] IDL-5 IDL-6 MON-2 */
export class UsageSampler {
  readonly #directory: string;
  readonly #ports: SamplerPorts;
  readonly #known = new Map<ContainerId, Known>();
  #load: { load: Load; atMs: number } | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param directory  on the disk whose storage is offered. */
  constructor(directory: string, ports: SamplerPorts) {
    this.#directory = directory;
    this.#ports = ports;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#look()
        .catch((error: unknown) => {
          this.#ports.logger.warn('monitor.failed', { error: String(error) });
        })
        .finally(() => {
          if (!this.#stopped) this.start();
        });
    }, LOOK_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const records = [...this.#ports.containers()].filter(({ state }) => state !== 'exited');
    const running = new Set(records.map(({ desired }) => desired.id));
    for (const id of [...this.#known.keys()]) if (!running.has(id)) this.#known.delete(id);
    await Promise.all([...running].map((id) => this.#lookAt(id)));
    const load = await readLoad(this.#directory);
    const before = this.#load;
    const atMs = performance.now();
    this.#load = { load, atMs };
    if (!before) return;
    const busyMs = load.busyMs - before.load.busyMs;
    this.#ports.sampled({
      own: this.#ownUse(load, (1_000 * busyMs) / (atMs - before.atMs)),
      leased: leasedBy(records),
      diskFreeBytes: load.storageFreeBytes,
    });
  }

  async #lookAt(id: ContainerId): Promise<void> {
    const { runtime, logger } = this.#ports;
    const usage = await runtime.usage(id).catch((error: unknown) => {
      logger.info('usage.unknown', { id, error: String(error) });
      return null;
    });
    if (!usage) return;
    const atMs = performance.now();
    const before = this.#known.get(id);
    const spentMs = before ? Math.max(0, usage.cpuMs - before.usage.cpuMs) : 0;
    const cpuMillicores = before ? Math.round((1_000 * spentMs) / (atMs - before.atMs)) : 0;
    const firstMs = before?.firstMs ?? atMs;
    const waitMs = Math.max(SAMPLE_MS_MIN, (atMs - firstMs) / SAMPLE_SHARE);
    const isDue = atMs - (before?.sampledMs ?? -Infinity) >= waitMs;
    const sampledMs = isDue ? atMs : (before?.sampledMs ?? atMs);
    this.#known.set(id, { usage, atMs, cpuMillicores, firstMs, sampledMs });
    const { diskBytes: _, ...told } = usage;
    if (isDue) runtime.note(id, 'usage', { cpuMillicores, ...told });
  }

  /** The machine's use less that of leased containers, which the kernel counts in. */
  #ownUse(load: Load, cpuMillicores: number): OwnUse {
    const own = {
      cpuMillicores,
      memoryBytes: load.memoryUsedBytes,
      storageLeftBytes: load.storageFreeBytes,
    };
    for (const { usage, cpuMillicores: used } of this.#known.values()) {
      own.cpuMillicores -= used;
      own.memoryBytes -= usage.memoryBytes;
      own.storageLeftBytes += usage.diskBytes;
    }
    own.cpuMillicores = Math.max(0, Math.round(own.cpuMillicores));
    own.memoryBytes = Math.max(0, own.memoryBytes);
    return own;
  }
}

function leasedBy(records: readonly ContainerRecord[]): ResourceAmounts {
  const sum = { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0, bandwidthBitsPerSecond: 0 };
  for (const { desired } of records) addAmounts(sum, desired.amounts, 1);
  return sum;
}

export function sameAmounts(a: ResourceAmounts, b: ResourceAmounts): boolean {
  return AMOUNT_FIELDS.every((field) => a[field] === b[field]);
}
