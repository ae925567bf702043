/** Orders of simulated lessees: mixed kinds, some of which cannot or shall not be filled. */
import type { BuyOrder, MatchingPriority, TaskPrivate } from '@sparegrid/core/order/buy-order';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import type { DeviceRequest, ReplicaRequest } from '@sparegrid/core/units/resources';
import type { Rng } from '../kernel/rng.ts';
import { type Behaviour, commandOf } from './behaviour.ts';
import { DEVICE_MODELS, GIB } from './machines.ts';
import { REGIONS } from './offers.ts';

/** An order to be signed, with the private part of its task. */
export interface OrderDraft {
  order: Omit<BuyOrder, 'task' | 'lessee'> & { task: { public: BuyOrder['task']['public'] } };
  taskPrivate: string;
}

/** How long after being sent an order expires, and the longest duration, both in milliseconds. */
export const EXPIRY_MAX_MS = 90_000;
export const DURATION_MAX_MS = 30_000;

export function makeOrder(rng: Rng, lessee: ParticipantId, wallMs: number): OrderDraft {
  const kind = rng.chance(650) ? 'job' : 'service';
  const replica = makeReplica(rng);
  const count = makeCount(rng);
  const durationMs = rng.between(4_000, DURATION_MAX_MS);
  const limit = (usualPrice(replica) * BigInt(rng.pick([700, 1500, 2500, 2500, 4000]))) / 1000n;
  const whole = (limit * BigInt(count.max) * BigInt(durationMs)) / 3_600_000n + 1n;
  const expiresAfterMs = rng.pick([5_000, 30_000, 60_000, EXPIRY_MAX_MS]);
  const tasks: TaskPrivate = {
    command: commandOf(makeBehaviour(rng, kind, durationMs)),
    env: { LESSEE: lessee },
  };
  return {
    taskPrivate: JSON.stringify(tasks),
    order: {
      salt: rng.hex(32),
      kind,
      replica,
      count,
      limitMicroPerReplicaHour: limit,
      budgetMicro: rng.chance(700) ? whole : (whole * BigInt(rng.pick([500, 800]))) / 1000n + 1n,
      performance: {
        minScore: rng.chance(800) ? 0 : rng.pick([500, 900, 1200]),
        minFlops: rng.chance(900) ? [] : [{ precision: 'fp32', giga: 300 }],
        provision: rng.chance(900) ? 'any' : rng.pick(['single', 'distributed']),
        labels: rng.chance(900) ? {} : { region: rng.pick(REGIONS) },
      },
      task: {
        public: {
          image: rng.chance(600) ? 'registry.example/trusted/job' : 'docker.example/any/job',
          architecture: rng.chance(500) ? 'amd64' : null,
          egress: rng.chance(150),
          capabilities: rng.chance(50) ? ['fuse'] : [],
        },
      },
      priority: makePriority(rng),
      durationMs,
      expiresAtMs: wallMs + expiresAfterMs,
      fill: rng.chance(650) ? 'atomic' : 'partial',
      maxLessors: rng.pick([1, 2, 3, 4, 8, 8]),
      disconnect: {
        stopAfterMs: rng.pick([5_000, 10_000, 20_000]),
        onLoss: rng.chance(500) ? 'terminate' : 'continue',
      },
    },
  };
}

/** A wide order: replicas so large that it takes several lessors, soon over. */
export function makeWide(rng: Rng, lessee: ParticipantId, wallMs: number): OrderDraft {
  const racer = makeRacer(rng, lessee, wallMs);
  const replica = { ...racer.order.replica, cpuMillicores: rng.pick([2500, 3500]) };
  const max = rng.between(3, 6);
  const limit = usualPrice(replica) * 5n;
  return {
    ...racer,
    order: {
      ...racer.order,
      replica,
      count: { min: rng.between(2, max), max },
      limitMicroPerReplicaHour: limit,
      budgetMicro: limit * BigInt(max),
    },
  };
}

/** An eager order: takes what is cheapest, wherever it is, as others do at the same moment. */
export function makeRacer(rng: Rng, lessee: ParticipantId, wallMs: number): OrderDraft {
  const { order } = makeOrder(rng, lessee, wallMs);
  const durationMs = rng.between(3_000, 12_000);
  const behaviour = { runMs: rng.between(500, durationMs - 500), exitCode: 0 };
  const replica = {
    cpuMillicores: rng.pick([1000, 2000]),
    memoryBytes: GIB,
    storageBytes: 0,
    bandwidthBitsPerSecond: 0,
    device: null,
  };
  const max = rng.between(6, 14);
  const limit = usualPrice(replica) * 4n;
  return {
    taskPrivate: JSON.stringify({ command: commandOf(behaviour), env: {} } satisfies TaskPrivate),
    order: {
      ...order,
      kind: 'job',
      replica,
      durationMs,
      count: { min: rng.chance(600) ? 1 : Math.ceil(max / 2), max },
      limitMicroPerReplicaHour: limit,
      budgetMicro: limit * BigInt(max),
      performance: { minScore: 0, minFlops: [], provision: 'any', labels: {} },
      task: {
        public: {
          image: 'registry.example/trusted/racer',
          architecture: null,
          egress: false,
          capabilities: [],
        },
      },
      priority: { kind: 'price' },
      expiresAtMs: wallMs + 45_000,
      maxLessors: 8,
    },
  };
}

/** A small job that every lessor can run and nobody is too dear for. */
export function makeProbe(rng: Rng, lessee: ParticipantId, wallMs: number): OrderDraft {
  const { order } = makeOrder(rng, lessee, wallMs);
  const command = commandOf({ runMs: 1_000, exitCode: 0 });
  return {
    taskPrivate: JSON.stringify({ command, env: {} } satisfies TaskPrivate),
    order: {
      ...order,
      kind: 'job',
      replica: {
        cpuMillicores: 500,
        memoryBytes: GIB / 2,
        storageBytes: 0,
        bandwidthBitsPerSecond: 0,
        device: null,
      },
      count: { min: 1, max: 1 },
      limitMicroPerReplicaHour: 1_000_000n,
      budgetMicro: 1_000_000n,
      performance: { minScore: 0, minFlops: [], provision: 'any', labels: {} },
      task: {
        public: {
          image: 'registry.example/trusted/probe',
          architecture: null,
          egress: false,
          capabilities: [],
        },
      },
      durationMs: 10_000,
      expiresAtMs: wallMs + 40_000,
    },
  };
}

function makeReplica(rng: Rng): ReplicaRequest {
  const halfCores = rng.pick([1, 2, 2, 4, 6]);
  return {
    cpuMillicores: halfCores * 500,
    memoryBytes: halfCores * rng.pick([1, 1, 2]) * GIB,
    storageBytes: rng.pick([0, 1, 10]) * GIB,
    bandwidthBitsPerSecond: rng.pick([0, 0, 100_000_000]),
    device: rng.chance(300) ? makeDeviceRequest(rng) : null,
  };
}

function makeDeviceRequest(rng: Rng): DeviceRequest {
  const whole = rng.chance(500);
  return {
    count: whole ? rng.pick([1, 1, 2]) : 1,
    shareMilli: whole ? 1000 : rng.pick([100, 250, 300, 500]),
    models: rng.chance(700) ? [] : [rng.pick(DEVICE_MODELS).model],
    vendor: rng.chance(800) ? null : 'nvidia',
    minMemoryBytes: rng.chance(800) ? 0 : 24 * GIB,
  };
}

/** Mostly a few replicas; sometimes more than one lessor holds, sometimes more than anyone has. */
function makeCount(rng: Rng): { min: number; max: number } {
  const max = rng.pick([1, 1, 2, 2, 3, 4, 6, 8, 12, 40]);
  return { min: rng.chance(500) ? max : rng.between(1, max), max };
}

function makePriority(rng: Rng): MatchingPriority {
  const priceWeight = rng.between(0, 1000);
  return rng.pick<MatchingPriority>([
    { kind: 'price' },
    { kind: 'performance' },
    { kind: 'weights', priceWeight, performanceWeight: 1000 - priceWeight },
  ]);
}

/** About what one replica costs an hour at middling asks. */
function usualPrice({ cpuMillicores, memoryBytes, storageBytes, device }: ReplicaRequest): bigint {
  const loose =
    (BigInt(cpuMillicores) * 40_000n) / 1000n +
    (BigInt(memoryBytes) * 4_000n) / BigInt(GIB) +
    (BigInt(storageBytes) * 50n) / BigInt(GIB);
  return loose + (device ? (BigInt(device.count * device.shareMilli) * 800_000n) / 1000n : 0n);
}

function makeBehaviour(rng: Rng, kind: BuyOrder['kind'], durationMs: number): Behaviour {
  if (kind === 'service' && rng.chance(900)) return { runMs: null, exitCode: 0 };
  const runs = rng.between(0, 9);
  return {
    runMs: runs < 7 ? rng.between(1_000, durationMs) : rng.between(durationMs, 2 * durationMs),
    exitCode: rng.chance(920) ? 0 : 1,
  };
}
