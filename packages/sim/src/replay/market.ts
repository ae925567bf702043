/** The market of a replay: hubs as the daemon composes them, a lessor per node, a lessee per hub. */
import { hash, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { DEFAULT_TIMING, type Timing } from '@sparegrid/core/agreement/timing';
import { type AdmittedParticipant, DEFAULT_LIMITS, type Limits } from '@sparegrid/core/hub/config';
import type { OrderEvent } from '@sparegrid/core/order/order-record';
import type { Organization } from '@sparegrid/core/order/resource-spec';
import type { RoundSettings } from '@sparegrid/core/rounds/settings';
import type { HubId, OrderId, ParticipantId } from '@sparegrid/core/units/ids';
import { type Hub, startHub } from '@sparegrid/hub/app';
import type { HubSettings } from '@sparegrid/hub/config';
import { hubSockets } from '@sparegrid/link/addresses';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { InProcessNetwork } from '@sparegrid/link/in-process';
import { generateKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import { MEMORY } from '@sparegrid/link/store/open-store';
import type { Transport } from '@sparegrid/link/transport';
import { Lessee } from './lessee.ts';
import { type Running, startLessor } from './lessor.ts';
import { offerOf, specOf } from './machine.ts';
import type { Pricing } from './pricing.ts';
import type { ReplayNode } from './scenario.ts';

/**
 * All of it shares one thread, so answers may take long and nobody is to be given up for it; agents
 * report at changes, and hardly ever without.
 */
const TIMING: Timing = {
  ...DEFAULT_TIMING,
  heartbeatMs: 5_000,
  hubStaleMs: 60_000,
  agentSilentMs: 600_000,
  retryMs: 5_000,
  retryMaxMs: 30_000,
  voteTimeoutMs: 60_000,
  holdMs: 120_000,
  startGraceMs: 300_000,
  frameTtlMs: 120_000,
};
const AGENT_TIMING: Timing = { ...TIMING, heartbeatMs: 120_000 };
const MANY = 10_000_000;
/** What a replay compares is matching: nothing waits for its turn. */
const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  openOrdersPerParticipant: MANY,
  agreementsPreparing: MANY,
  ordersQueued: MANY,
};
const INBOX_MAX = 65_536;

const ORGANIZATION: Organization = { id: 'replay', name: 'Replay', kind: 'institution' };
const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} };
const LESSEE = 'lessee';

export interface MarketSettings {
  nodes: readonly ReplayNode[];
  pricing: Pricing;
  hubs: number;
  store: 'sqlite' | 'memory';
  /** Null: hubs match every order by itself. */
  rounds: RoundSettings | null;
  /** Keys and stores lie here. */
  directory: string;
  onEvent(order: OrderId, event: OrderEvent): void;
  onFault(error: unknown): void;
}

export interface Market {
  /** One per hub, in the order of the hubs. */
  lessees: Lessee[];
  nodeOf(lessor: ParticipantId): ReplayNode | undefined;
  stop(): Promise<void>;
}

interface Member {
  id: ParticipantId;
  hub: HubId;
  key: KeyObject;
  node: ReplayNode | null;
}

/** A node belongs to the hub that the hash of its name gives. */
export function hubOfNode(name: string, hubs: number): number {
  return Number.parseInt(hash('sha256', name, 'hex').slice(0, 12), 16) % hubs;
}

/** Resolves when every process is there; that all offers are known everywhere takes a moment more. */
export async function openMarket(settings: MarketSettings): Promise<Market> {
  const transport = new InProcessNetwork();
  const hubs = Array.from({ length: settings.hubs }, (_, at) => `h${at + 1}`);
  const keys = new Map(hubs.map((hub) => [hub, generateKey()]));
  const lessors = settings.nodes.map((node, index) => lessorOf(hubs, node, index));
  const members = [...hubs.map(lesseeOf), ...lessors];
  const publicKeyOfHub = (hub: HubId) => publicKeyOf(keys.get(hub) as KeyObject);
  const running: Running[] = [];
  for (const hub of hubs) {
    const admitted = members.filter((member) => member.hub === hub).map(admittedOf);
    const peers = hubs.map((id) => ({ id, publicKey: publicKeyOfHub(id) }));
    const key = keys.get(hub) as KeyObject;
    running.push(await openHub(settings, { hub, key, peers, admitted, transport }));
  }
  const doorOf = (hub: HubId) => hubSockets(settings.directory, hub).local;
  const hubConfig = (hub: HubId) => ({ id: hub, publicKey: publicKeyOfHub(hub) });
  const { onEvent, onFault, pricing } = settings;
  const lessees: Lessee[] = [];
  for (const { id, hub, key, node } of members) {
    const link = { transport, hubDoor: doorOf(hub), key, onFault };
    if (node === null) {
      lessees.push(new Lessee({ ...link, id, hub: hubConfig(hub), timing: TIMING, onEvent }));
      continue;
    }
    const own = { id, hub: hubConfig(hub), organization: ORGANIZATION, timing: AGENT_TIMING };
    running.push(
      await startLessor({
        ...link,
        config: { ...own, collect: 'push' },
        spec: specOf(node, ORGANIZATION, pricing),
        offer: offerOf(node, pricing, Date.now()),
      }),
    );
  }
  const nodes = new Map(members.map(({ id, node }) => [id, node ?? undefined]));
  return {
    lessees,
    nodeOf: (lessor) => nodes.get(lessor),
    stop: async () => {
      await Promise.all(lessees.map((lessee) => lessee.stop()));
      for (const node of running.reverse()) await node.stop();
    },
  };
}

function lesseeOf(hub: HubId): Member {
  return { id: `${LESSEE}.${hub}`, hub, key: generateKey(), node: null };
}

/** Names of files need not be ids: lessors are numbered. */
function lessorOf(hubs: readonly HubId[], node: ReplayNode, index: number): Member {
  const hub = hubs[hubOfNode(node.name, hubs.length)] as HubId;
  return { id: `n${index}.${hub}`, hub, key: generateKey(), node };
}

function admittedOf({ id, key, node }: Member): AdmittedParticipant {
  const lends = node !== null;
  const publicKey = publicKeyOf(key);
  return { id, publicKey, organization: ORGANIZATION, collect: 'push', lends };
}

interface HubParts {
  hub: HubId;
  key: KeyObject;
  peers: HubSettings['config']['peers'];
  admitted: AdmittedParticipant[];
  transport: Transport;
}

function openHub(settings: MarketSettings, parts: HubParts): Promise<Hub> {
  const { hub, key, peers, admitted, transport } = parts;
  const { directory, store, rounds } = settings;
  const keyFile = join(directory, `${hub}.key.pem`);
  saveKey(keyFile, key);
  const others = peers.filter(({ id }) => id !== hub);
  return startHub(
    {
      config: {
        id: hub,
        peers,
        participants: admitted,
        timing: TIMING,
        limits: LIMITS,
        ...(rounds && { rounds }),
      },
      keyFile,
      store: store === 'memory' ? MEMORY : join(directory, `${hub}.sqlite`),
      standby: false,
      sockets: hubSockets(directory, hub),
      nats: null,
      control: null,
      hubListFile: null,
      admission: null,
      http: null,
      peerSockets: others.map(({ id }) => ({ hub: id, paths: [hubSockets(directory, id).mesh] })),
      diskFreeBytesMin: 0,
      inboxMax: INBOX_MAX,
    },
    {
      openLinks: async () => ({ transport, setUsers: () => {}, close: async () => {} }),
      logger: SILENT,
      fail: settings.onFault,
    },
  );
}
