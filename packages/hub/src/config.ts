/** The configuration file of a hub: who it is, where it listens, whom it knows. */
import type { HubConfig } from '@sparegrid/core/hub/config';
import {
  DEFAULT_LIMITS,
  DEFAULT_PRIVACY,
  type Limits,
  type PrivacySettings,
} from '@sparegrid/core/hub/config';
import { DEFAULT_ROUNDS, type RoundSettings } from '@sparegrid/core/rounds/settings';
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
import { brokerUrl } from '@sparegrid/link/nats/broker';
import { addressFrom, brokerDoor, tlsFrom } from '@sparegrid/link/nats/settings';
import { organization } from '@sparegrid/link/schemas/resource-spec';
import { hubId, participantId } from '@sparegrid/link/schemas/scalars';
import type { PostgresSettings } from '@sparegrid/link/store/postgres-session';
import { z } from 'zod';
import { databaseSchema, databaseSettings } from './database-settings.ts';

export interface HubSettings {
  config: HubConfig;
  keyFile: string;
  /** Path of the SQLite file, `memory`, or a database. */
  store: string | PostgresSettings;
  /** Waits while another process of this hub serves, and takes over when that one is gone. */
  standby: boolean;
  /** Paths of the hub's two sockets, or URLs of its two NATS servers. */
  sockets: { mesh: string; local: string };
  /** Where the HTTP door listens, if there is one. */
  http: HttpAddress | null;
  /** Path of the control door's socket, if there is one. */
  control: string | null;
  /** The operator's signed list of hubs, taken at the start when it is newer than the one on record. */
  hubListFile: string | null;
  /** The door for newcomers, if there is one. */
  admission: AdmissionSettings | null;
  /** The hub's own NATS servers, when its doors are there and not at local sockets. */
  nats: NatsSettings | null;
  /** Mesh doors of every other hub and its standbys: paths of sockets, or URLs of NATS servers. */
  peerSockets: { hub: string; paths: string[] }[];
  diskFreeBytesMin: number;
  inboxMax: number;
}

/** An address other than loopback needs something in front of it that speaks TLS. */
export interface HttpAddress {
  host: string;
  /** 0: any free one; the ready line tells it. */
  port: number;
}

export interface AdmissionSettings {
  /** Where it listens. */
  host: string;
  port: number;
  /** Under which name newcomers and participants reach this machine. */
  publicHost: string;
  authority: { certFile: string; keyFile: string };
}

/**
 * The mesh server trusts the authority of the network's hubs only, the local one this hub's own
 * authority only: two doors, two roots of trust.
 */
export interface NatsSettings {
  /** Configuration, log and process id of each server. */
  directory: string;
  mesh: z.infer<typeof brokerDoor>;
  local: z.infer<typeof brokerDoor>;
}

const LIMIT_KEYS = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];

const most = z.int().min(1);
const rounds = z
  .union([
    z.literal(false).transform((): null => null),
    z
      .strictObject({
        ordersFrom: z.int().min(2),
        ordersMost: most.max(10_000),
        pairsMost: most.max(10_000_000),
        solveMs: most.max(3_600_000),
        iterations: most.nullable(),
        patienceMs: most,
        workPerStep: most,
        placedPerStep: most,
      })
      .partial()
      .transform((given): RoundSettings => ({ ...DEFAULT_ROUNDS, ...given }) as RoundSettings),
  ])
  .prefault({});

const step = z.int().min(1);
const { buckets } = DEFAULT_PRIVACY;
/** `false`: names and quantities as they are, for networks of one owner. */
const privacy = z
  .union([
    z.literal(false).transform((): null => null),
    z
      .strictObject({
        pseudonymPeriodMs: z.int().min(1_000).default(DEFAULT_PRIVACY.pseudonymPeriodMs),
        buckets: z
          .strictObject({
            cpuMillicores: step.default(buckets.cpuMillicores),
            memoryBytes: step.default(buckets.memoryBytes),
            storageBytes: step.default(buckets.storageBytes),
            bandwidthBitsPerSecond: step.default(buckets.bandwidthBitsPerSecond),
            deviceMilli: step.max(1_000).default(buckets.deviceMilli),
          })
          .prefault({}),
      })
      .transform((given): PrivacySettings => given),
  ])
  .prefault({});

const fileSchema = z
  .strictObject({
    id: hubId,
    keyFile: filePath,
    store: z.union([filePath, databaseSchema]),
    standby: z.boolean().default(false),
    sockets: z.strictObject({ mesh: filePath, local: filePath }).optional(),
    http: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1'),
        port: z.int().min(0).max(65_535),
      })
      .optional(),
    nats: z.strictObject({ directory: filePath, mesh: brokerDoor, local: brokerDoor }).optional(),
    /** Whose word counts about organisations and hubs, and where its list of hubs is. */
    network: z
      .strictObject({ name: hubId, operatorKey: publicKey, hubs: filePath.optional() })
      .optional(),
    control: filePath.optional(),
    admission: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1'),
        port: z.int().min(1).max(65_535),
        publicHost: z.string().min(1).max(253).optional(),
        authority: z.strictObject({ certFile: filePath, keyFile: filePath }),
      })
      .optional(),
    /** Every hub of the network; this hub's own entry may be among them. */
    peers: z.array(z.strictObject({ id: hubId, publicKey, mesh: addresses })).max(1_024),
    participants: z
      .array(
        z.strictObject({
          id: participantId,
          publicKey,
          organization,
          collect: z.enum(['push', 'pull']).default('push'),
          lends: z.boolean().default(true),
          operator: z.boolean().default(false),
        }),
      )
      .max(100_000),
    timing,
    limits: z
      .partialRecord(z.enum(LIMIT_KEYS), z.int().min(1))
      .default({})
      .transform((given): Limits => ({ ...DEFAULT_LIMITS, ...given })),
    /** How rows reach the other hubs: from each to each, or over an elected master hub. */
    panorama: z.enum(['mesh', 'master']).default('mesh'),
    /** Hubs that are gone for good: a recovering hub does not wait for what they know. */
    waivedPeers: z.array(hubId).max(1_024).default([]),
    /** Thresholds of joint rounds; `false`: every order is matched by itself. */
    rounds,
    /** How little others learn of this hub's participants. */
    privacy,
    diskFreeBytesMin,
    inboxMax,
  })
  .superRefine((file, context) => {
    const { id, store, standby, peers, participants, sockets, nats, admission, network } = file;
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (standby && typeof store === 'string') {
      complain(['standby'], 'a standby needs a store that both processes reach: PostgreSQL');
    }
    if ((sockets === undefined) === (nats === undefined)) {
      complain(['sockets'], 'expected either sockets or nats');
    }
    if (file.limits.recordKeepMs < file.limits.resultKeepMs) {
      complain(['limits', 'recordKeepMs'], 'expected at least limits.resultKeepMs');
    }
    if (admission && !(nats && network)) {
      complain(['admission'], 'expected nats and network with it');
    }
    for (const [index, { id: participant }] of participants.entries()) {
      if (hubOf(participant) !== id) {
        complain(['participants', index, 'id'], `expected a participant of ${id}`);
      }
    }
    for (const [field, entries] of Object.entries({ peers, participants })) {
      const seen = new Set<string>();
      for (const [index, entry] of entries.entries()) {
        if (seen.has(entry.id)) complain([field, index, 'id'], `${entry.id} is listed twice`);
        seen.add(entry.id);
      }
    }
  });

/** @throws ConfigFault CONFIG_UNREADABLE, CONFIG_MALFORMED */
export function readHubConfig(configPath: string): HubSettings {
  const file = readConfig(configPath, fileSchema);
  const path = pathsFrom(configPath);
  const address = addressFrom(path);
  const nats = file.nats ? natsFrom(file.nats, path) : null;
  const {
    id,
    participants,
    timing,
    limits,
    panorama,
    rounds,
    privacy,
    diskFreeBytesMin,
    inboxMax,
  } = file;
  const others = file.peers.filter((peer) => peer.id !== id);
  return {
    config: {
      id,
      peers: file.peers.map((peer) => ({ id: peer.id, publicKey: peer.publicKey })),
      participants,
      timing,
      limits,
      panorama,
      waivedPeers: file.waivedPeers,
      ...(file.network && {
        network: { network: file.network.name, operatorKey: file.network.operatorKey },
      }),
      ...(rounds && { rounds }),
      ...(privacy && { privacy }),
    },
    control: controlFrom(file, path),
    hubListFile: file.network?.hubs ? path(file.network.hubs) : null,
    admission: file.admission ? admissionFrom(file.admission, path) : null,
    keyFile: path(file.keyFile),
    store:
      typeof file.store === 'string'
        ? storePath(configPath, file.store)
        : databaseSettings(file.store, path),
    standby: file.standby,
    sockets: doorsOf(file.sockets, nats, path),
    nats,
    http: file.http ?? null,
    peerSockets: others.map((peer) => ({ hub: peer.id, paths: peer.mesh.map(address) })),
    diskFreeBytesMin,
    inboxMax,
  };
}

/** A hub that knows its network has one in any case: beside the store, when that is a file. */
function controlFrom(
  { id, control, network, store }: z.infer<typeof fileSchema>,
  path: (given: string) => string,
): string | null {
  if (!control && !network) return null;
  const beside = typeof store === 'string' && store !== 'memory' ? store : id;
  return path(control ?? `${beside}.control`);
}

function admissionFrom(
  given: Omit<AdmissionSettings, 'publicHost'> & { publicHost?: string | undefined },
  path: (given: string) => string,
): AdmissionSettings {
  const { host, port, authority } = given;
  return {
    host,
    port,
    publicHost: given.publicHost ?? host,
    authority: { certFile: path(authority.certFile), keyFile: path(authority.keyFile) },
  };
}

function natsFrom(given: NatsSettings, path: (given: string) => string): NatsSettings {
  const tls = tlsFrom(path);
  const { directory, mesh, local } = given;
  return {
    directory: path(directory),
    mesh: { ...mesh, tls: tls(mesh.tls) },
    local: { ...local, tls: tls(local.tls) },
  };
}

function doorsOf(
  sockets: { mesh: string; local: string } | undefined,
  nats: NatsSettings | null,
  path: (given: string) => string,
): HubSettings['sockets'] {
  if (nats) return { mesh: brokerUrl(nats.mesh), local: brokerUrl(nats.local) };
  if (sockets) return { mesh: path(sockets.mesh), local: path(sockets.local) };
  throw new Error('broken invariant: neither sockets nor nats');
}
