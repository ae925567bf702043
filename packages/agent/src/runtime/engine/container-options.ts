/** How a container is shut in: the limits that were ordered, and nothing that was not. */
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { TaskPrivate } from '@sparegrid/core/order/buy-order';
import type Docker from 'dockerode';
import type { FoundImage } from './image.ts';

export interface Confinement {
  /** Processes and threads at most. */
  pidsMax: number;
  /** Network of containers that may reach the outside. */
  egressNetwork: string | null;
  /** Whether these are held to the bandwidth that they ordered; needs root. */
  limitsBandwidth: boolean;
  /** Control group that its own lies in; null: as the engine has it. */
  cgroupParent: string | null;
  /** Host devices by the device ids of the offer. */
  devices: Readonly<Record<string, readonly string[]>>;
}

/** Nobody's: images that ask for root get it instead. */
const USER = '65534:65534';
const NANOS_PER_MILLICORE = 1_000_000;
/** The least that engines accept; nothing at all would mean no limit. */
const MEMORY_BYTES_MIN = 6 * 1_048_576;
const CPU_MILLICORES_MIN = 10;
/**
 * Against the weight of 1,024 that each of the owner's programs, or groups of them, has: a lease gets
 * what it ordered however much its owner does, and never more, as that is its limit.
 */
const WEIGHT_PER_CORE = 32 * 1_024;
const WEIGHT_MAX = 262_144;
const OPEN_FILES = 1_024;
const OPEN_FILES_MAX = 16_384;
/** Of one user over all containers: the bound of a single one is its number of processes. */
const PROCESSES_MAX = 16_384;
/** Output is kept by the agent; the engine's copy is only what was not taken yet. */
const LOG_BYTES_MAX = '256m';

/**
 * Every capability dropped, no new privileges, read-only root, no network, nobody's rights; writable
 * are `/out` (the result) and `/tmp`, together bounded by the storage ordered.
 *
 * @param paths  of the bounded storage.
 * @patent [0044] C2.1 ISO-1
 */
export function containerOptions(
  container: DesiredContainer,
  task: TaskPrivate,
  image: FoundImage,
  paths: { out: string; tmp: string },
  confinement: Confinement,
): Docker.ContainerCreateOptions {
  const { id, attempt, rank, size, amounts, devices } = container;
  const memory = Math.max(amounts.memoryBytes, MEMORY_BYTES_MIN);
  const cpuMillicores = Math.max(amounts.cpuMillicores, CPU_MILLICORES_MIN);
  const { egress } = container.task.public;
  const hostDevices = devices.flatMap(({ deviceId }) => confinement.devices[deviceId] ?? []);
  return {
    Image: image.id,
    ...(task.command.length > 0 ? { Cmd: task.command } : {}),
    Env: Object.entries({
      ...task.env,
      HOME: '/tmp',
      SPAREGRID_OUT: '/out',
      SPAREGRID_RANK: String(rank),
      SPAREGRID_SIZE: String(size),
      SPAREGRID_CONTAINER: id,
      SPAREGRID_ATTEMPT: String(attempt),
    }).map(([name, value]) => `${name}=${value}`),
    User: isRoot(image.user) ? USER : image.user,
    AttachStdin: false,
    Tty: false,
    NetworkDisabled: !egress,
    HostConfig: {
      NanoCpus: cpuMillicores * NANOS_PER_MILLICORE,
      CpuShares: Math.min(WEIGHT_MAX, Math.ceil((cpuMillicores * WEIGHT_PER_CORE) / 1_000)),
      ...(confinement.cgroupParent === null ? {} : { CgroupParent: confinement.cgroupParent }),
      Memory: memory,
      // No swap on top.
      MemorySwap: memory,
      PidsLimit: confinement.pidsMax,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      NetworkMode: egress ? (confinement.egressNetwork ?? 'none') : 'none',
      IpcMode: 'private',
      // Stated, so that it does not depend on what the daemon itself may open.
      Ulimits: [
        { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES_MAX },
        { Name: 'nproc', Soft: PROCESSES_MAX, Hard: PROCESSES_MAX },
      ],
      Binds: [`${paths.out}:/out:rw`, `${paths.tmp}:/tmp:rw`],
      Devices: hostDevices.map((path) => ({
        PathOnHost: path,
        PathInContainer: path,
        CgroupPermissions: 'rw',
      })),
      LogConfig: { Type: 'json-file', Config: { 'max-size': LOG_BYTES_MAX } },
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      AutoRemove: false,
    },
  };
}

function isRoot(user: string): boolean {
  const [name] = user.split(':');
  return name === '' || name === 'root' || /^0+$/.test(name ?? '');
}
