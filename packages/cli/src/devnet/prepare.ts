/** Makes the files of a devnet: keys once, configuration files at every start. */
import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hubOf, type NodeId } from '@sparegrid/core/units/ids';
import { hubSockets } from '@sparegrid/link/addresses';
import { generateKey, loadKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import { type Context, writeContext } from './context.ts';
import { type Layout, layoutOf } from './layout.ts';
import { HUBS, LESSEE, LESSEE_ORGANIZATION, LESSORS, type PlannedLessor, SLICE } from './plan.ts';

/** Shorter than the defaults: on one machine answers come at once, and people watch. */
const TIMING = {
  heartbeatMs: 1_000,
  hubStaleMs: 4_000,
  agentSilentMs: 8_000,
  retryMs: 300,
  startGraceMs: 30_000,
  stopTimeMs: 5_000,
};

/** Writes everything that the processes and the commands read; existing keys and data stay. */
export function prepareDevnet(directory: string): Context {
  const layout = layoutOf(directory);
  for (const path of ['keyOf', 'configOf', 'storeOf', 'logOf'] as const) {
    mkdirSync(dirname(layout[path]('x')), { recursive: true, mode: 0o700 });
  }
  const keys = new Map<NodeId, KeyObject>();
  for (const node of [...HUBS, LESSEE, ...LESSORS.map(({ id }) => id)]) {
    keys.set(node, keyFor(layout.keyOf(node)));
  }
  const publicKey = (node: NodeId) => publicKeyOf(keys.get(node) as KeyObject);
  for (const hub of HUBS) write(layout.configOf(hub), hubConfig(layout, hub, publicKey));
  for (const lessor of LESSORS) {
    write(layout.configOf(lessor.id), agentConfig(layout, lessor, publicKey));
  }
  const hub = hubOf(LESSEE);
  const context: Context = {
    hubSocket: hubSockets(layout.sockets, hub).local,
    hub: { id: hub, publicKey: publicKey(hub) },
    participant: LESSEE,
    keyFile: layout.keyOf(LESSEE),
  };
  writeContext(directory, context);
  return context;
}

function keyFor(path: string): KeyObject {
  if (existsSync(path)) return loadKey(path);
  const key = generateKey();
  saveKey(path, key);
  return key;
}

function write(path: string, config: object): void {
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);
}

type PublicKeys = (node: NodeId) => string;

function hubConfig(layout: Layout, id: string, publicKey: PublicKeys): object {
  const lessors = LESSORS.map(({ id: lessor, organization }) => ({
    id: lessor,
    organization,
    lends: true,
  }));
  const participants = [{ id: LESSEE, organization: LESSEE_ORGANIZATION, lends: false }, ...lessors]
    .filter((participant) => hubOf(participant.id) === id)
    .map((participant) => ({ ...participant, publicKey: publicKey(participant.id) }));
  return {
    id,
    keyFile: layout.keyOf(id),
    store: layout.storeOf(id),
    sockets: hubSockets(layout.sockets, id),
    peers: HUBS.map((hub) => ({
      id: hub,
      publicKey: publicKey(hub),
      mesh: hubSockets(layout.sockets, hub).mesh,
    })),
    participants,
    timing: TIMING,
  };
}

function agentConfig(layout: Layout, lessor: PlannedLessor, publicKey: PublicKeys): object {
  const { id, organization, cpuPerCoreHour } = lessor;
  const hub = hubOf(id);
  return {
    id,
    keyFile: layout.keyOf(id),
    store: layout.storeOf(id),
    hub: { id: hub, publicKey: publicKey(hub), socket: hubSockets(layout.sockets, hub).local },
    organization,
    offer: { ...SLICE, asks: { cpuPerCoreHour, memoryPerGibHour: '0.004' } },
    // The network lives no longer than its supervisor: neither do its containers.
    runtime: { kind: 'process', directory: layout.containersOf(id), endWithAgent: true },
    timing: TIMING,
  };
}
