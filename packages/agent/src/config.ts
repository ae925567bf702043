/** The configuration file of an agent: who it is, its hub, what it offers, how it runs containers. */
import type { ParticipantConfig } from '@sparegrid/core/participant/config';
import { hubOf } from '@sparegrid/core/units/ids';
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

export interface AgentSettings {
  config: ParticipantConfig;
  keyFile: string;
  /** Path of the SQLite file, or `memory`. */
  store: string;
  /** Local doors of the hub and its standbys: paths of sockets, or URLs of NATS servers. */
  hubSockets: string[];
  /** Needed for NATS. */
  tls: TlsFiles | null;
  machine: MachineSettings;
  offer: OfferSettings;
  runtime: {
    /** Containers keep their files here. */
    directory: string;
    /** Names of the programs that may run. */
    programs: string[];
    /** Whether containers are killed when the agent ends in order; else they run on. */
    endWithAgent: boolean;
  };
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
  kinds: z.array(jobKind).min(1).default(['job', 'service']),
  capabilities: z.array(name).default([]),
  /** How long an offer stands; it is renewed when half of that is over. */
  validityMs: z.int().min(1_000).default(3_600_000),
});

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
    organization,
    collect: z.enum(['push', 'pull']).default('push'),
    machine: z
      .strictObject({
        id: name.min(1).default('m1'),
        bandwidth: bitsPerSecond.optional(),
        flops: z.array(flopsRate).default([]),
      })
      .prefault({}),
    offer: offerSchema,
    runtime: z.strictObject({
      kind: z.literal('process'),
      directory: filePath,
      programs: z
        .array(z.string().regex(/^[A-Za-z0-9._-]+$/, 'expected the name of a program'))
        .default(['node', 'sh']),
      endWithAgent: z.boolean().default(false),
    }),
    timing,
    diskFreeBytesMin,
    inboxMax,
  })
  .refine(({ id, hub }) => hubOf(id) === hub.id, {
    path: ['hub', 'id'],
    message: 'expected the hub that the participant’s id names',
  })
  .refine(
    ({ hub }) => hub.socket.every((address) => isNatsUrl(address) === (hub.tls !== undefined)),
    {
      path: ['hub', 'tls'],
      message: 'expected with a nats:// address, and only there',
    },
  );

/** @throws ConfigFault CONFIG_UNREADABLE, CONFIG_MALFORMED */
export function readAgentConfig(configPath: string): AgentSettings {
  const file = readConfig(configPath, fileSchema);
  const path = pathsFrom(configPath);
  const { id, hub, organization, collect, timing, machine, offer, runtime } = file;
  const directory = path(runtime.directory);
  return {
    config: {
      id,
      hub: { id: hub.id, publicKey: hub.publicKey },
      organization,
      collect,
      timing,
    },
    keyFile: path(file.keyFile),
    store: storePath(configPath, file.store),
    hubSockets: hub.socket.map(addressFrom(path)),
    tls: hub.tls ? tlsFrom(path)(hub.tls) : null,
    machine: {
      id: machine.id,
      bandwidthBitsPerSecond: machine.bandwidth ?? null,
      flops: machine.flops,
      directory,
    },
    offer,
    runtime: { directory, programs: runtime.programs, endWithAgent: runtime.endWithAgent },
    diskFreeBytesMin: file.diskFreeBytesMin,
    inboxMax: file.inboxMax,
  };
}
