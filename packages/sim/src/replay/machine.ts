/** Turns a node of a replay into what its lessor registers and offers: the whole machine. */

import type { MachineSpec, Organization } from '@sparegrid/core/order/resource-spec';
import type { Lot } from '@sparegrid/core/order/sell-order';
import type { OfferWanted, SpecFound } from '@sparegrid/core/participant/reporter';
import type { DeviceSpec } from '@sparegrid/core/units/resources';
import { BYTES_PER_MIB, LEASE_MS } from './orders.ts';
import { asksFrom, type Pricing } from './pricing.ts';
import type { ReplayNode } from './scenario.ts';

export const LOT_ID = 'm1';
const BYTES_PER_GIB = 1_024 * BYTES_PER_MIB;
/** Above every GPU's: orders without GPUs that ask for performance go to machines without GPUs. */
const CPU_NODE_SCORE = 1_000;
const GPU_VENDOR = 'NVIDIA';
const ARCHITECTURE = 'amd64';

/** Position of a device among its node's GPUs. */
export function gpuIndexOf(deviceId: string): number {
  return Number(deviceId.slice(GPU_PREFIX.length));
}
const GPU_PREFIX = 'gpu';

export function specOf(node: ReplayNode, organization: Organization, pricing: Pricing): SpecFound {
  const machine: MachineSpec = {
    id: LOT_ID,
    processor: {
      model: 'trace',
      architecture: ARCHITECTURE,
      cpuMillicores: node.cpuMilli,
      megahertz: 0,
    },
    memory: { model: 'trace', memoryBytes: node.memoryMib * BYTES_PER_MIB },
    storage: { model: 'trace', storageBytes: 0 },
    gpu: gpusOf(node, pricing),
    flops: [],
    bandwidthBitsPerSecond: 0,
  };
  const loose = { provision: 'single', serverCluster: null, distributed: null } as const;
  return { organization, machines: [machine], ...loose };
}

export function scoreOf(node: ReplayNode, pricing: Pricing): number {
  return node.gpus > 0 ? pricing.typeOf(node.model).score : CPU_NODE_SCORE;
}

export function offerOf(node: ReplayNode, pricing: Pricing, wallMs: number): OfferWanted {
  const lot: Lot = {
    id: LOT_ID,
    amounts: {
      cpuMillicores: node.cpuMilli,
      memoryBytes: node.memoryMib * BYTES_PER_MIB,
      storageBytes: 0,
      bandwidthBitsPerSecond: 0,
    },
    devices: gpusOf(node, pricing).map((device) => ({ ...device, milli: 1_000 })),
    asks: asksFrom(pricing.asksOf(node)),
    performance: {
      score: scoreOf(node, pricing),
      flops: [],
    },
    labels: {},
  };
  return {
    provision: 'single',
    efficiencyPermille: 1_000,
    capabilities: {
      kinds: ['job', 'service'],
      architectures: [ARCHITECTURE],
      egress: false,
      capabilities: [],
    },
    imagePolicy: { allow: [] },
    validUntilMs: wallMs + LEASE_MS,
    lots: [lot],
  };
}

function gpusOf({ gpus, model }: ReplayNode, pricing: Pricing): DeviceSpec[] {
  const memoryBytes = gpus > 0 ? pricing.typeOf(model).memoryGib * BYTES_PER_GIB : 0;
  return Array.from({ length: gpus }, (_, index) => ({
    id: `${GPU_PREFIX}${index}`,
    vendor: GPU_VENDOR,
    model,
    memoryBytes,
  }));
}
