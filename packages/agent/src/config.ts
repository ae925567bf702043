/** The configuration file of an agent: who it is, its hub, what it offers, how it runs containers. */
import { DEFAULT_LIMITS } from '@sparegrid/core/hub/config';
import { type Buckets, DEFAULT_BUCKETS } from '@sparegrid/core/order/buckets';
import type { Organization } from '@sparegrid/core/order/resource-spec';
import type { ParticipantConfig } from '@sparegrid/core/participant/config';
import { hubOf } from '@sparegrid/core/units/ids';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import {
  addresses,
  diskFreeBytesMin,
  filePath,
  inboxMax,
  pathsFrom,
  publicKey,
  storePath,
  timing,
} from '@sparegrid/link/daemon/node-settings';
import { readConfig } from '@sparegrid/link/daemon/read-config';
import type { TlsFiles } from '@sparegrid/link/nats/nats-transport';
import { addressFrom, isNatsUrl, tlsFiles, tlsFrom } from '@sparegrid/link/nats/settings';
import { organization } from '@sparegrid/link/schemas/resource-spec';
import { flopsRate } from '@sparegrid/link/schemas/resources';
import { hubId, name, participantId } from '@sparegrid/link/schemas/scalars';
import { jobKind } from '@sparegrid/link/schemas/sell-order';
import { z } from 'zod';
import { bitsPerSecond, bytes, credits, millicores } from './config-units.ts';
import type { MachineSettings } from './monitor/specs.ts';

/** What shall be offered of the machine, at which asks. */
export type OfferSettings = z.infer<typeof offerSchema>;

interface AnyRuntime {
  /** Containers keep their files here. */
  directory: string;
  /** Whether containers are killed when the agent ends in order; else they run on. */
  endWithAgent: boolean;
  /** A result above this is not handed over. */
  resultBytesMax: number;
}

export type RuntimeSettings = AnyRuntime &
  (
    | {
        kind: 'process';
        /** Names of the programs that may run. */
        programs: string[];
        /** Images that stand for all of them: the first word of the command is the program. */
        images: string[];
      }
    | {
        kind: 'docker' | 'podman';
        /** Path of the daemon's socket. */
        socket: string;
        /** Prefixes of the images that may run; none: any. */
        images: string[];
        pidsMax: number;
        /** The daemon's network for containers that may reach the outside; null: none may. */
        egressNetwork: string | null;
        /** Control group of leased containers; null: beside the owner's programs where that is possible. */
        cgroupParent: string | null;
        /** Host devices by the device ids of the offer. */
        devices: Record<string, string[]>;
      }
  );

/** `lessee`: it only rents. */
export type AgentRole = 'lessor' | 'lessee';

/** What an agent that lends needs; the others only rent. */
export interface LendingSettings {
  organization: Organization;
  machine: MachineSettings;
  offer: OfferSettings;
  runtime: RuntimeSettings;
}

/** What lessees seal tasks to. */
export interface SealingFiles {
  /** X25519 key, readable by its owner only. Who loses it loses what is sealed to it. */
  keyFile: string;
  /** The organisation's word that it is this agent's key, and the operator's on the organisation. */
  chainFile: string;
}

export interface AgentSettings {
  config: ParticipantConfig;
  /** Path of the control door's socket. */
  control: string;
  /** Remembers over restarts whether the agent is paused. */
  modeFile: string;
  /** Where the files of its admission are, when it joined with a token. */
  membership: string | null;
  /** Null in the role of a lessee. */
  lending: LendingSettings | null;
  keyFile: string;
  /** Null for an agent that only rents. */
  sealing: SealingFiles | null;
  /** Path of the SQLite file, or `memory`. */
  store: string;
  /** Local doors of the hub and its standbys: paths of sockets, or URLs of NATS servers. */
  hubSockets: string[];
  /** Needed for NATS. */
  tls: TlsFiles | null;
  diskFreeBytesMin: number;
  inboxMax: number;
}

const asksSchema = z.strictObject({
  cpuPerCoreHour: credits,
  memoryPerGibHour: credits,
  storagePerGibHour: credits.default(0n),
  bandwidthPerGbitHour: credits.default(0n),
  devicePerHour: credits.default(0n),
});

const offerSchema = z.strictObject({
  cpu: millicores,
  memory: bytes,
  storage: bytes.default(0),
  bandwidth: bitsPerSecond.default(0),
  /** Shares in thousandths of devices that the machine has. */
  devices: z.array(z.strictObject({ id: name, milli: z.int().min(1).max(1_000) })).default([]),
  asks: asksSchema,
  /** Benchmark figure, comparable within the network; 0 says nothing. */
  score: z.int().min(0).default(0),
  labels: z.record(name, name).default({}),
  /** `load`: only what the machine's own work leaves idle, at every moment. `fixed`: always all of it. */
  follow: z.enum(['load', 'fixed']).default('load'),
  /** Left to the machine's own work beyond what it uses. */
  margin: z
    .strictObject({
      cpu: millicores.default(100),
      memory: bytes.default(134_217_728),
      storage: bytes.default(1_073_741_824),
    })
    .prefault({})
    .transform(({ cpu, memory, storage }) => ({
      cpuMillicores: cpu,
      memoryBytes: memory,
      storageBytes: storage,
    })),
  /** What is offered is rounded down to whole multiples of these before anybody hears of it. */
  buckets: z
    .strictObject({
      cpu: millicores.default(DEFAULT_BUCKETS.cpuMillicores),
      memory: bytes.default(DEFAULT_BUCKETS.memoryBytes),
      storage: bytes.default(DEFAULT_BUCKETS.storageBytes),
      bandwidth: bitsPerSecond.default(DEFAULT_BUCKETS.bandwidthBitsPerSecond),
      deviceMilli: z.int().min(1).max(1_000).default(DEFAULT_BUCKETS.deviceMilli),
    })
    .prefault({})
    .refine((steps) => Object.values(steps).every((step) => step > 0), 'expected more than 0')
    .transform(
      ({ cpu, memory, storage, bandwidth, deviceMilli }): Buckets => ({
        cpuMillicores: cpu,
        memoryBytes: memory,
        storageBytes: storage,
        bandwidthBitsPerSecond: bandwidth,
        deviceMilli,
      }),
    ),
  kinds: z.array(jobKind).min(1).default(['job', 'service']),
  capabilities: z.array(name).default([]),
  /** How long an offer stands; it is renewed when half of that is over. */
  validityMs: z.int().min(1_000).default(3_600_000),
});

const anyRuntime = {
  directory: filePath,
  endWithAgent: z.boolean().default(false),
  resultBytesMax: bytes.default(DEFAULT_LIMITS.resultBytes),
};

function engineRuntime(kind: 'docker' | 'podman', socket: string) {
  return z.strictObject({
    kind: z.literal(kind),
    ...anyRuntime,
    socket: filePath.default(socket),
    images: z.array(name).default([]),
    pidsMax: z.int().min(1).default(256),
    egressNetwork: name.nullable().default(null),
    cgroupParent: name.nullable().default(null),
    devices: z.record(name, z.array(filePath)).default({}),
  });
}

const runtimeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('process'),
    ...anyRuntime,
    programs: z
      .array(z.string().regex(/^[A-Za-z0-9._-]+$/, 'expected the name of a program'))
      .default(['node', 'sh']),
    images: z.array(name).default([]),
  }),
  engineRuntime('docker', '/var/run/docker.sock'),
  engineRuntime('podman', '/run/podman/podman.sock'),
]);

const fileSchema = z
  .strictObject({
    id: participantId,
    keyFile: filePath,
    store: filePath,
    hub: z.strictObject({
      id: hubId,
      publicKey,
      /** Path of the hub's local socket, or URL of its local NATS server; a list with standbys. */
      socket: addresses,
      tls: tlsFiles.optional(),
    }),
    /** The network's name and its operator's key: the hub's keys are those of the operator's list. */
    network: z.strictObject({ name: hubId, operatorKey: publicKey }).optional(),
    organization,
    collect: z.enum(['push', 'pull']).default('push'),
    machine: z
      .strictObject({
        id: name.min(1).default('m1'),
        bandwidth: bitsPerSecond.optional(),
        flops: z.array(flopsRate).default([]),
      })
      .prefault({}),
    role: z.enum(['lessor', 'lessee']).default('lessor'),
    offer: offerSchema.optional(),
    runtime: runtimeSchema.optional(),
    sealing: z.strictObject({ keyFile: filePath, chainFile: filePath }).optional(),
    control: filePath.optional(),
    /** The directory of a participant that joined with a token: the agent renews its certificate. */
    membership: filePath.optional(),
    timing,
    diskFreeBytesMin,
    inboxMax,
  })
  .refine(({ id, hub }) => hubOf(id) === hub.id, {
    path: ['hub', 'id'],
    message: 'expected the hub that the participant’s id names',
  })
  .refine(({ role, sealing }) => sealing || role === 'lessee', {
    path: ['sealing'],
    message: 'expected keyFile and chainFile; only the role lessee does without',
  })
  .refine(({ role, offer, runtime }) => (offer && runtime) || role === 'lessee', {
    path: ['offer'],
    message: 'expected offer and runtime; only the role lessee does without',
  })
  .refine(
    ({ hub }) => hub.socket.every((address) => isNatsUrl(address) === (hub.tls !== undefined)),
    {
      path: ['hub', 'tls'],
      message: 'expected with a nats:// address, and only there',
    },
  );

/** @param role  instead of the one in the file. @throws ConfigFault CONFIG_UNREADABLE, CONFIG_MALFORMED */
export function readAgentConfig(configPath: string, role?: AgentRole): AgentSettings {
  const read = readConfig(configPath, fileSchema);
  const file = { ...read, role: role ?? read.role };
  if (file.role === 'lessor' && !(file.offer && file.runtime)) {
    const hint = `${configPath}: offer and runtime are needed in the role of a lessor.`;
    throw new ConfigFault('CONFIG_MALFORMED', hint);
  }
  const path = pathsFrom(configPath);
  const { id, hub, organization, collect, timing } = file;
  const store = storePath(configPath, file.store);
  const beside = path(store === 'memory' ? id : file.store);
  return {
    config: {
      id,
      hub: { id: hub.id, publicKey: hub.publicKey },
      organization,
      collect,
      timing,
      ...(file.network && {
        network: { network: file.network.name, operatorKey: file.network.operatorKey },
      }),
      ...(file.offer && { buckets: file.offer.buckets }),
    },
    keyFile: path(file.keyFile),
    sealing: file.sealing
      ? { keyFile: path(file.sealing.keyFile), chainFile: path(file.sealing.chainFile) }
      : null,
    store,
    control: path(file.control ?? `${beside}.control`),
    modeFile: `${beside}.mode`,
    membership: file.membership ? path(file.membership) : null,
    lending: lendingOf(file, path),
    hubSockets: hub.socket.map(addressFrom(path)),
    tls: hub.tls ? tlsFrom(path)(hub.tls) : null,
    diskFreeBytesMin: file.diskFreeBytesMin,
    inboxMax: file.inboxMax,
  };
}

function lendingOf(
  { role, organization, machine, offer, runtime }: z.infer<typeof fileSchema>,
  path: (file: string) => string,
): LendingSettings | null {
  if (role === 'lessee' || !offer || !runtime) return null;
  const directory = path(runtime.directory);
  return {
    organization,
    machine: {
      id: machine.id,
      bandwidthBitsPerSecond: machine.bandwidth ?? null,
      flops: machine.flops,
      directory,
    },
    offer,
    runtime:
      runtime.kind === 'process'
        ? { ...runtime, directory }
        : { ...runtime, directory, socket: path(runtime.socket) },
  };
}
