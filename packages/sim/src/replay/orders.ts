/** Turns orders of a replay into buy orders. */
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { Crypto } from '@sparegrid/core/units/document';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import type { Micro } from '@sparegrid/core/units/money';
import type { ReplicaRequest } from '@sparegrid/core/units/resources';
import type { ReplayOrder } from './scenario.ts';

export const BYTES_PER_MIB = 1_048_576;
/** What every lease is agreed for: longer than any replay, so that none ends within it. */
export const LEASE_MS = 24 * 3_600_000;
/** As many as one agreement may have parts. */
const LESSORS_MAX = 64;

export function replicaRequestOf({ cpuMilli, memoryMib, gpu }: ReplayOrder): ReplicaRequest {
  return {
    cpuMillicores: cpuMilli,
    memoryBytes: memoryMib * BYTES_PER_MIB,
    storageBytes: 0,
    bandwidthBitsPerSecond: 0,
    device: gpu && {
      count: gpu.count,
      shareMilli: gpu.milli,
      models: gpu.models,
      vendor: null,
      minMemoryBytes: 0,
    },
  };
}

export interface BuyOrderSettings {
  lessee: ParticipantId;
  /** Makes two equal orders of one file two orders. */
  salt: string;
  limitMicro: Micro;
  wallMs: number;
  crypto: Crypto;
}

/**
 * All replicas or none, over as many lessors as needed, as a service that outlives the replay. The
 * budget pays the limit price for the whole lease, each part rounded up: it never decides.
 */
export function buyOrderOf(order: ReplayOrder, settings: BuyOrderSettings): BuyOrder {
  const { lessee, salt, limitMicro, wallMs, crypto } = settings;
  const { replicas } = order;
  const hours = BigInt(LEASE_MS / 3_600_000);
  return {
    lessee,
    salt,
    kind: 'service',
    replica: replicaRequestOf(order),
    count: { min: replicas, max: replicas },
    limitMicroPerReplicaHour: limitMicro,
    budgetMicro: limitMicro * BigInt(replicas) * hours + BigInt(LESSORS_MAX),
    performance: { minScore: 0, minFlops: [], provision: 'any', labels: {} },
    task: {
      public: { image: 'replay:none', architecture: null, egress: false, capabilities: [] },
      privateDigest: crypto.digest(''),
    },
    priority: { kind: order.priority },
    durationMs: LEASE_MS,
    expiresAtMs: wallMs + LEASE_MS,
    fill: 'atomic',
    maxLessors: Math.min(replicas, LESSORS_MAX),
    disconnect: { stopAfterMs: LEASE_MS, onLoss: 'continue' },
  };
}
