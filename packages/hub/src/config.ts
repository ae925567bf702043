/** The configuration file of a hub: who it is, where it listens, whom it knows. */
import type { HubConfig } from '@sparegrid/core/hub/config';
import { DEFAULT_LIMITS, type Limits } from '@sparegrid/core/hub/config';
import { hubOf } from '@sparegrid/core/units/ids';
import {
  diskFreeBytesMin,
  filePath,
  inboxMax,
  pathsFrom,
  publicKey,
  storePath,
  timing,
} from '@sparegrid/link/daemon/node-settings';
import { readConfig } from '@sparegrid/link/daemon/read-config';
import { organization } from '@sparegrid/link/schemas/resource-spec';
import { hubId, participantId } from '@sparegrid/link/schemas/scalars';
import { z } from 'zod';

export interface HubSettings {
  config: HubConfig;
  keyFile: string;
  /** Path of the SQLite file, or `memory`. */
  store: string;
  sockets: { mesh: string; local: string };
  /** Mesh socket of every other hub. */
  peerSockets: { hub: string; path: string }[];
  diskFreeBytesMin: number;
  inboxMax: number;
}

const LIMIT_KEYS = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];

const fileSchema = z
  .strictObject({
    id: hubId,
    keyFile: filePath,
    store: filePath,
    sockets: z.strictObject({ mesh: filePath, local: filePath }),
    /** Every hub of the network; this hub's own entry may be among them. */
    peers: z.array(z.strictObject({ id: hubId, publicKey, mesh: filePath })).max(1_024),
    participants: z
      .array(
        z.strictObject({
          id: participantId,
          publicKey,
          organization,
          collect: z.enum(['push', 'pull']).default('push'),
          lends: z.boolean().default(true),
        }),
      )
      .max(100_000),
    timing,
    limits: z
      .partialRecord(z.enum(LIMIT_KEYS), z.int().min(1))
      .default({})
      .transform((given): Limits => ({ ...DEFAULT_LIMITS, ...given })),
    diskFreeBytesMin,
    inboxMax,
  })
  .superRefine(({ id, peers, participants }, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
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
  const { id, participants, timing, limits, diskFreeBytesMin, inboxMax } = file;
  const others = file.peers.filter((peer) => peer.id !== id);
  return {
    config: {
      id,
      peers: file.peers.map((peer) => ({ id: peer.id, publicKey: peer.publicKey })),
      participants,
      timing,
      limits,
    },
    keyFile: path(file.keyFile),
    store: storePath(configPath, file.store),
    sockets: { mesh: path(file.sockets.mesh), local: path(file.sockets.local) },
    peerSockets: others.map((peer) => ({ hub: peer.id, path: path(peer.mesh) })),
    diskFreeBytesMin,
    inboxMax,
  };
}
