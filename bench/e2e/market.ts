/** Three hub processes on this machine with lessors and lessees that live in the bench process. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_TIMING, type Timing } from '@sparegrid/core/agreement/timing';
import type { Organization } from '@sparegrid/core/order/resource-spec';
import type { RoundSettings } from '@sparegrid/core/rounds/settings';
import { hubSockets } from '@sparegrid/link/addresses';
import { generateKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { Lessee } from '@sparegrid/sim/replay/lessee';
import { type Running, startLessor } from '@sparegrid/sim/replay/lessor';
import { type HubProcess, startHubProcess } from './hub-process.ts';
import { CORES, offerOf, specOf } from './machine.ts';

export const HUBS = ['h1', 'h2', 'h3'] as const;
const ORGANIZATION: Organization = { id: 'bench', name: 'Bench', kind: 'company' };
/** Under load an answer may take long; nobody shall be given up for it. */
export const TIMING: Timing = {
  ...DEFAULT_TIMING,
  hubStaleMs: 60_000,
  agentSilentMs: 60_000,
  retryMs: 10_000,
  voteTimeoutMs: 30_000,
  holdMs: 60_000,
};

export interface MarketSize {
  lessorsPerHub: number;
  /** Of each machine, all in one lot. */
  cores: number;
  /** Of each lessor, 1 when absent: the second machine of any is dearer than the first of all. */
  machines?: number;
  /** Hubs besides the three, which the bench plays itself. */
  morePeers: readonly { id: string; publicKey: string; mesh: string }[];
  /** Of the hubs' configuration; their defaults when absent. */
  rounds?: Partial<RoundSettings>;
  /** Modules that are loaded into the hubs before they start. */
  watches?: readonly string[];
}

const SMALL: MarketSize = { lessorsPerHub: 8, cores: CORES, morePeers: [] };

export interface BenchMarket {
  lessees: Lessee[];
  hubs: HubProcess[];
  keys: ReadonlyMap<string, KeyObject>;
  /** Mesh door of each hub. */
  doors: ReadonlyMap<string, string>;
  /** Files of the hubs' stores. */
  stores: readonly string[];
  /** Ends everything; returns the durable transactions of all hubs. */
  stop(): Promise<number>;
}

/** Hears every order event of every lessee. */
export type OnEvent = (order: string, name: string) => void;

export async function openMarket(
  directory: string,
  onEvent: OnEvent,
  { lessorsPerHub, cores, machines = 1, morePeers, rounds, watches }: MarketSize = SMALL,
): Promise<BenchMarket> {
  const keys = new Map(HUBS.map((hub) => [hub as string, generateKey()]));
  const run = join(directory, 'run');
  mkdirSync(run, { mode: 0o700 });
  const names = ['lessee', ...Array.from({ length: lessorsPerHub }, (_, at) => `p${at}`)];
  const members = HUBS.flatMap((hub) =>
    names.map((name) => ({ id: `${name}.${hub}`, hub, key: generateKey(), name })),
  );
  const peers = HUBS.map((hub) => ({
    id: hub,
    publicKey: publicKeyOf(keys.get(hub) as KeyObject),
    mesh: hubSockets(run, hub).mesh,
  }));
  const storeOf = (hub: string) => join(directory, `${hub}.sqlite`);
  const processes: HubProcess[] = [];
  for (const hub of HUBS) {
    const keyFile = join(directory, `${hub}.key`);
    saveKey(keyFile, keys.get(hub) as KeyObject);
    const participants = members
      .filter((member) => member.hub === hub)
      .map(({ id, key, name }) => ({
        id,
        publicKey: publicKeyOf(key),
        organization: ORGANIZATION,
        lends: name !== 'lessee',
      }));
    const store = storeOf(hub);
    const sockets = hubSockets(run, hub);
    const timing = TIMING;
    const config = {
      ...{ id: hub, keyFile, store, sockets, participants, timing },
      peers: [...peers, ...morePeers],
      ...(rounds && { rounds }),
    };
    processes.push(await startHubProcess(directory, config, watches));
  }
  const onFault = (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  };
  const lessees: Lessee[] = [];
  const lessors: Running[] = [];
  for (const { id, hub, key, name } of members) {
    const publicKey = publicKeyOf(keys.get(hub) as KeyObject);
    const hubDoor = hubSockets(run, hub).local;
    const link = { key, transport: localSockets, hubDoor, onFault };
    const own = { id, hub: { id: hub, publicKey } };
    if (name === 'lessee') {
      const timing = TIMING;
      lessees.push(
        new Lessee({
          ...link,
          ...own,
          timing,
          onEvent: (order, event) => onEvent(order, event.name),
        }),
      );
      continue;
    }
    const config = { ...own, organization: ORGANIZATION, collect: 'push', timing: TIMING } as const;
    const spec = specOf(ORGANIZATION, cores, machines);
    const at = lessors.length;
    const dearer = Array.from({ length: machines }, (_, nth) => {
      return nth * lessorsPerHub * HUBS.length + at;
    });
    const offer = offerOf(Date.now(), cores, dearer);
    lessors.push(await startLessor({ ...link, config, spec, offer }));
  }
  for (const lessee of lessees) {
    for (const hub of HUBS) await untilKnown(lessee, hub, lessorsPerHub);
  }
  return {
    lessees,
    hubs: processes,
    keys,
    stores: HUBS.map(storeOf),
    doors: new Map(HUBS.map((hub) => [hub, hubSockets(run, hub).mesh])),
    stop: async () => {
      for (const lessee of lessees) await lessee.stop();
      for (const lessor of lessors) await lessor.stop();
      let commits = 0;
      for (const hub of processes) commits += await hub.stop();
      return commits;
    },
  };
}

/** Asks a hub until it knows so many offers of that hub: each answer waits for a step of it. */
export async function untilKnown(lessee: Lessee, hub: string, offers: number): Promise<void> {
  for (let known = -1; known < offers; ) {
    const reply = await lessee.ask({ op: 'hub.status' });
    if (!reply.ok || reply.op !== 'hub.status') throw new Error('no status');
    const part = reply.status.parts.find((one) => one.hub === hub);
    known = part && !part.stale ? part.offers : -1;
  }
}
