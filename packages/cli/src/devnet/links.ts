/** How the processes of a devnet reach each other: by local sockets, or as on several hosts by NATS. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type HubId, hubOf, type NodeId, type ParticipantId } from '@sparegrid/core/units/ids';
import {
  type Certified,
  createAuthority,
  createRequest,
  issue,
} from '@sparegrid/link/identity/certificates';
import { makeFolder } from '@sparegrid/link/make-folder';
import { freePorts } from '@sparegrid/link/nats/free-ports';
import type { TlsFiles } from '@sparegrid/link/nats/nats-transport';
import type { Layout } from './layout.ts';
import { HUBS, LESSEE, LESSORS } from './topology.ts';

export type DevnetTransport = 'sockets' | 'nats';

/** What goes into the configuration files. */
export interface DevnetLinks {
  /** The doors of a hub. */
  doors(hub: HubId): { sockets: object } | { nats: object };
  /** Address of a hub for the other hubs. */
  mesh(hub: HubId): string;
  /** Address of a hub for its participants, with what they need to enter. */
  local(participant: ParticipantId): { address: string; tls?: TlsFiles };
}

export function socketLinks(layout: Layout): DevnetLinks {
  return {
    doors: (hub) => ({ sockets: layout.sockets(hub) }),
    mesh: (hub) => layout.sockets(hub).mesh,
    local: (participant) => ({ address: layout.sockets(hubOf(participant)).local }),
  };
}

const HOST = '127.0.0.1';
const AUTHORITY_DAYS = 3_650;
/** Certificates of nodes are made anew at every start. */
const NODE_DAYS = 90;

interface Ports {
  mesh: number;
  local: number;
}

/**
 * Two servers per hub, with two roots of trust: the network's authority vouches for hubs towards
 * each other, a hub's own authority for that hub towards its participants and for them towards it.
 */
export async function natsLinks(layout: Layout): Promise<DevnetLinks> {
  const ports = await portsOf(layout);
  const folder = join(layout.directory, 'tls');
  const file = (name: string) => join(folder, name);
  makeFolder(folder, 0o700);
  const nowMs = Date.now();

  const authority = async (name: string): Promise<Certified> => {
    const [certFile, keyFile] = [file(`${name}.pem`), file(`${name}.key`)];
    if (!existsSync(keyFile)) {
      const made = await createAuthority(name, AUTHORITY_DAYS, nowMs);
      writeFileSync(certFile, made.cert);
      writeFileSync(keyFile, made.key, { mode: 0o600 });
    }
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  };
  const certify = async (node: NodeId, door: string, signer: Certified): Promise<void> => {
    const { request, key } = await createRequest(node);
    const leaf = { name: node, hosts: [HOST, 'localhost'], days: NODE_DAYS };
    writeFileSync(file(`${node}.${door}.pem`), await issue(signer, request, leaf, nowMs));
    writeFileSync(file(`${node}.${door}.key`), key, { mode: 0o600 });
  };

  const network = await authority('network');
  for (const hub of HUBS) {
    const own = await authority(`subnet-${hub}`);
    await certify(hub, 'mesh', network);
    await certify(hub, 'local', own);
    for (const node of [LESSEE, ...LESSORS.map(({ id }) => id)]) {
      if (hubOf(node) === hub) await certify(node, 'local', own);
    }
  }
  const tls = (node: NodeId, door: string, signer: string): TlsFiles => ({
    certFile: file(`${node}.${door}.pem`),
    keyFile: file(`${node}.${door}.key`),
    caFile: file(`${signer}.pem`),
  });
  const url = (hub: HubId, door: keyof Ports) => `nats://${HOST}:${(ports[hub] as Ports)[door]}`;
  return {
    doors: (hub) => ({
      nats: {
        directory: layout.nats(hub),
        mesh: { host: HOST, port: ports[hub]?.mesh, tls: tls(hub, 'mesh', 'network') },
        local: { host: HOST, port: ports[hub]?.local, tls: tls(hub, 'local', `subnet-${hub}`) },
      },
    }),
    mesh: (hub) => url(hub, 'mesh'),
    local: (participant) => {
      const hub = hubOf(participant);
      return { address: url(hub, 'local'), tls: tls(participant, 'local', `subnet-${hub}`) };
    },
  };
}

/** Drawn once: they stand in the configuration of every process. */
async function portsOf(layout: Layout): Promise<Record<HubId, Ports>> {
  if (existsSync(layout.ports)) return JSON.parse(readFileSync(layout.ports, 'utf8'));
  const free = await freePorts(2 * HUBS.length);
  const ports = Object.fromEntries(
    HUBS.map((hub, at) => [hub, { mesh: free[2 * at], local: free[2 * at + 1] }]),
  );
  makeFolder(dirname(layout.ports), 0o700);
  writeFileSync(layout.ports, `${JSON.stringify(ports)}\n`);
  return ports as Record<HubId, Ports>;
}
