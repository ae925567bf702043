/** The machines and orders of the benchmark: every replica fits everywhere, so only the path counts. */
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { Organization } from '@sparegrid/core/order/resource-spec';
import type { OfferWanted, SpecFound } from '@sparegrid/core/participant/reporter';
import type { Crypto } from '@sparegrid/core/units/document';

const HOUR_MS = 3_600_000;
const GIB = 2 ** 30;
/** Room for this many replicas in each lessor: the cheapest fill up one after the other. */
export const CORES = 160;
const EMPTY = { storageBytes: 0, bandwidthBitsPerSecond: 0 };

/** @param machines  each with so many cores. */
export function specOf(organization: Organization, cores = CORES, machines = 1): SpecFound {
  return {
    organization,
    provision: 'single',
    serverCluster: null,
    distributed: null,
    machines: Array.from({ length: machines }, (_, at) => ({
      id: `m${at + 1}`,
      processor: {
        model: 'bench',
        architecture: 'amd64',
        cpuMillicores: cores * 1000,
        megahertz: 0,
      },
      memory: { model: 'bench', memoryBytes: cores * GIB },
      storage: { model: 'bench', storageBytes: 0 },
      gpu: [],
      flops: [],
      bandwidthBitsPerSecond: 0,
    })),
  };
}

/** @param dearer  of each machine, added to the price of a core: which one is the cheaper. */
export function offerOf(
  wallMs: number,
  cores = CORES,
  dearer: readonly number[] = [0],
): OfferWanted {
  return {
    provision: 'single',
    efficiencyPermille: 1000,
    capabilities: { kinds: ['service'], architectures: ['amd64'], egress: false, capabilities: [] },
    imagePolicy: { allow: [] },
    validUntilMs: wallMs + HOUR_MS,
    lots: dearer.map((more, at) => ({
      id: `m${at + 1}`,
      amounts: { cpuMillicores: cores * 1000, memoryBytes: cores * GIB, ...EMPTY },
      devices: [],
      asks: {
        cpuMicroPerCoreHour: 20_000n + BigInt(more),
        memoryMicroPerGibHour: 5_000n,
        storageMicroPerGibHour: 0n,
        bandwidthMicroPerGbitHour: 0n,
        deviceMicroPerHour: 0n,
      },
      performance: { score: 1, flops: [] },
      labels: {},
    })),
  };
}

/** @param replicas more than one lessor holds need several lessors. */
export function orderOf(
  lessee: string,
  salt: string,
  cores: number,
  replicas: number,
  crypto: Crypto,
): BuyOrder {
  const amounts = { cpuMillicores: cores * 1000, memoryBytes: cores * GIB, ...EMPTY };
  return {
    lessee,
    salt,
    kind: 'service',
    replica: { ...amounts, device: null },
    count: { min: replicas, max: replicas },
    limitMicroPerReplicaHour: 10_000_000_000n,
    budgetMicro: 100_000_000_000n,
    performance: { minScore: 0, minFlops: [], provision: 'any', labels: {} },
    task: {
      public: { image: 'bench:none', architecture: null, egress: false, capabilities: [] },
      privateDigest: crypto.digest(''),
    },
    priority: { kind: 'price' },
    durationMs: HOUR_MS,
    expiresAtMs: Date.now() + HOUR_MS,
    fill: 'atomic',
    maxLessors: 8,
    disconnect: { stopAfterMs: HOUR_MS, onLoss: 'continue' },
  };
}
