/** Makes the keys once and writes the configuration files of every process of the devnet. */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HubId, NodeId } from '@sparegrid/core/units/ids';
import { hubOf } from '@sparegrid/core/units/ids';
import { generateKey, loadKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import { makeFolder } from '@sparegrid/link/make-folder';
import { freePorts } from '@sparegrid/link/nats/free-ports';
import { type ContextText, contextFile } from '../context.ts';
import { DEMO_IMAGE } from './image/demo-image.ts';
import type { Layout } from './layout.ts';
import type { DevnetLinks } from './links.ts';
import type { DevnetRuntime } from './runtime-choice.ts';
import {
  HUBS,
  LESSEE,
  LESSEE_ORGANIZATION,
  LESSORS,
  type Lessor,
  lessorsOf,
  SLICE,
} from './topology.ts';
import { vouchForLessors } from './trust.ts';

const HOST = '127.0.0.1';

/** Keys stay as they are: they are the identities in what is stored. */
export async function prepareDevnet(
  layout: Layout,
  links: DevnetLinks,
  runtime: DevnetRuntime,
  storeOf: (hub: HubId) => string | object,
): Promise<void> {
  for (const folder of ['keys', 'config', 'state', 'log', 'containers']) {
    makeFolder(join(layout.directory, folder), 0o700);
  }
  makeFolder(layout.socketDirectory, 0o700);
  for (const node of [...HUBS, LESSEE, ...LESSORS.map(({ id }) => id)]) {
    if (!existsSync(layout.key(node))) saveKey(layout.key(node), generateKey());
  }
  const network = vouchForLessors(layout, Date.now());
  // Drawn at every start: somebody else may have taken the former ones.
  const free = await freePorts(HUBS.length);
  const http = new Map(HUBS.map((hub, at) => [hub, { host: HOST, port: free[at] as number }]));
  for (const hub of HUBS) {
    writeJson(layout.config(hub), {
      ...hubConfig(layout, links, hub),
      store: storeOf(hub),
      http: http.get(hub),
    });
  }
  for (const lessor of LESSORS) {
    const config = agentConfig(layout, links, lessor);
    writeJson(layout.config(lessor.id), {
      ...config,
      runtime: runtimeConfig(layout.containers(lessor.id), runtime),
    });
  }
  const hub = hubOf(LESSEE);
  const { address, tls } = links.local(LESSEE);
  const context: ContextText = {
    hub: { id: hub, publicKey: publicKeyIn(layout, hub) },
    url: `http://${HOST}:${http.get(hub)?.port}`,
    hubSocket: address,
    ...(tls && { tls }),
    participant: LESSEE,
    keyFile: layout.key(LESSEE),
    network,
  };
  writeJson(contextFile(layout.directory), context);
}

function hubConfig(layout: Layout, links: DevnetLinks, hub: HubId): object {
  const lessee = {
    id: LESSEE,
    publicKey: publicKeyIn(layout, LESSEE),
    organization: LESSEE_ORGANIZATION,
    lends: false,
    // Whoever tries the devnet is its operator, too, and wants to see everything.
    operator: true,
  };
  const lessors = lessorsOf(hub).map(({ id, organization, collect }) => ({
    id,
    publicKey: publicKeyIn(layout, id),
    organization,
    collect,
  }));
  return {
    id: hub,
    keyFile: layout.key(hub),
    ...links.doors(hub),
    peers: HUBS.map((id) => ({
      id,
      publicKey: publicKeyIn(layout, id),
      mesh: links.mesh(id),
    })),
    participants: hubOf(LESSEE) === hub ? [...lessors, lessee] : lessors,
  };
}

function agentConfig(layout: Layout, links: DevnetLinks, lessor: Lessor): object {
  const { id, organization, collect, cpuPerCoreHour, memoryPerGibHour } = lessor;
  const hub = hubOf(id);
  const { address, tls } = links.local(id);
  return {
    id,
    keyFile: layout.key(id),
    sealing: { keyFile: layout.sealKey(id), chainFile: layout.chain(id) },
    store: layout.store(id),
    control: layout.control(id),
    hub: { id: hub, publicKey: publicKeyIn(layout, hub), socket: address, ...(tls && { tls }) },
    organization,
    collect,
    offer: { ...SLICE, follow: 'fixed', asks: { cpuPerCoreHour, memoryPerGibHour } },
  };
}

function runtimeConfig(directory: string, runtime: DevnetRuntime): object {
  // Also when the supervisor is killed: what it cannot end, its agents end.
  const any = { directory, endWithAgent: true };
  if (runtime.kind === 'process') {
    return { kind: 'process', ...any, programs: ['node', 'sh'], images: [DEMO_IMAGE] };
  }
  const { socket, egressNetwork } = runtime;
  return { kind: 'docker', ...any, socket, egressNetwork };
}

function publicKeyIn(layout: Layout, node: NodeId): string {
  return publicKeyOf(loadKey(layout.key(node)));
}

function writeJson(file: string, value: object): void {
  makeFolder(dirname(file));
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}
