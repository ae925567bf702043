/** Plain examples of the nouns of the market; every test states only what it is about. */
import type { BuyOrder } from '../src/order/buy-order.ts';
import type { MachineSpec, Organization, ResourceSpec } from '../src/order/resource-spec.ts';
import type { Asks, Lot, LotDevice, SellOrder } from '../src/order/sell-order.ts';
import type { ParticipantId } from '../src/units/ids.ts';
import type {
  DeviceRequest,
  DeviceSpec,
  ReplicaRequest,
  ResourceAmounts,
} from '../src/units/resources.ts';
import { digest } from './keys.ts';

export const GIB = 2 ** 30;
export const CREDIT = 1_000_000n;
/** Wall time at which the worlds of the tests begin. */
export const WALL_MS = 1_800_000_000_000;

export const acme: Organization = { id: 'acme', name: 'Acme', kind: 'company' };

export function amounts(over: Partial<ResourceAmounts> = {}): ResourceAmounts {
  return {
    cpuMillicores: 4000,
    memoryBytes: 8 * GIB,
    storageBytes: 0,
    bandwidthBitsPerSecond: 0,
    ...over,
  };
}

export function gpu(id: string, over: Partial<DeviceSpec> = {}): DeviceSpec {
  return { id, vendor: 'acme', model: 'G1', memoryBytes: 16 * GIB, ...over };
}

export function lotGpu(id: string, milli = 1000, over: Partial<DeviceSpec> = {}): LotDevice {
  return { ...gpu(id, over), milli };
}

export function deviceRequest(over: Partial<DeviceRequest> = {}): DeviceRequest {
  return { count: 1, shareMilli: 1000, models: [], vendor: null, minMemoryBytes: 0, ...over };
}

export function machine(id = 'm1', over: Partial<MachineSpec> = {}): MachineSpec {
  return {
    id,
    processor: { model: 'x', architecture: 'amd64', cpuMillicores: 8000, megahertz: 3000 },
    memory: { model: 'ddr5', memoryBytes: 16 * GIB },
    storage: { model: 'nvme', storageBytes: 100 * GIB },
    gpu: [],
    flops: [],
    bandwidthBitsPerSecond: 10 ** 10,
    ...over,
  };
}

export function resourceSpec(
  participant: ParticipantId,
  over: Partial<ResourceSpec> = {},
): ResourceSpec {
  return {
    participant,
    revision: 1,
    organization: acme,
    provision: 'single',
    machines: [machine()],
    serverCluster: null,
    distributed: null,
    ...over,
  };
}

/** One core hour costs one credit, nothing else costs anything. */
export function asks(over: Partial<Asks> = {}): Asks {
  return {
    cpuMicroPerCoreHour: CREDIT,
    memoryMicroPerGibHour: 0n,
    storageMicroPerGibHour: 0n,
    bandwidthMicroPerGbitHour: 0n,
    deviceMicroPerHour: 0n,
    ...over,
  };
}

export function lot(id = 'm1', over: Partial<Lot> = {}): Lot {
  return {
    id,
    amounts: amounts(),
    devices: [],
    asks: asks(),
    performance: { score: 100, flops: [] },
    labels: {},
    ...over,
  };
}

export function sellOrder(participant: ParticipantId, over: Partial<SellOrder> = {}): SellOrder {
  return {
    participant,
    revision: 1,
    termsRevision: 1,
    provision: 'single',
    efficiencyPermille: 1000,
    capabilities: {
      kinds: ['job', 'service'],
      architectures: ['amd64'],
      egress: false,
      capabilities: [],
    },
    imagePolicy: { allow: [] },
    validUntilMs: WALL_MS + 24 * 3_600_000,
    lots: [lot()],
    ...over,
  };
}

export function replica(over: Partial<ReplicaRequest> = {}): ReplicaRequest {
  return { ...amounts({ cpuMillicores: 1000, memoryBytes: GIB }), device: null, ...over };
}

export function buyOrder(over: Partial<BuyOrder> = {}): BuyOrder {
  return {
    lessee: 'lea.h1',
    salt: 's1',
    kind: 'service',
    replica: replica(),
    count: { min: 1, max: 1 },
    limitMicroPerReplicaHour: 100n * CREDIT,
    budgetMicro: 1000n * CREDIT,
    performance: { minScore: 0, minFlops: [], provision: 'any', labels: {} },
    task: {
      public: { image: 'process:true', architecture: null, egress: false, capabilities: [] },
      privateDigest: digest(''),
    },
    priority: { kind: 'price' },
    durationMs: 10_000,
    expiresAtMs: WALL_MS + 600_000,
    fill: 'atomic',
    maxLessors: 8,
    disconnect: { stopAfterMs: 20_000, onLoss: 'terminate' },
    ...over,
  };
}
