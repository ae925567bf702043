/** An order put into the numbers that rows and bounds are compared with. */
import type { BuyOrder, MatchingPriority } from '../order/buy-order.ts';
import type { DeviceRequest } from '../units/resources.ts';
import { termsMask, traitsMask } from './attributes.ts';
import { COARSE, cpuLevel, deviceLevel, memoryLevel } from './node-bounds.ts';
import { ReplicaCost } from './replica-cost.ts';

/** Largest amount whose comparisons and sums are exact here. */
const AMOUNT_END = 2 ** 52;
const WEIGHT_MAX = 1_000_000;

export interface LotQuery {
  order: BuyOrder;
  cost: ReplicaCost;
  cpu: number;
  memory: number;
  storage: number;
  bandwidth: number;
  memoryCoarse: number;
  storageCoarse: number;
  bandwidthCoarse: number;
  device: DeviceRequest | null;
  /** At least so many devices must be wholly free. */
  wholes: number;
  /** At least one device must have so many thousandths free. */
  share: number;
  minScore: number;
  /** Highest price; Infinity when plain numbers cannot hold it. */
  limit: number;
  termsMask: number;
  traitsMask: number;
  cpuDevice: number;
  memoryDevice: number;
  cpuMemory: number;
  cpuMemoryHigh: number;
}

/** Undefined for an order outside the range in which plain numbers are exact. */
export function compileQuery(order: BuyOrder): LotQuery | undefined {
  if (!isPlain(order)) return undefined;
  const { replica, performance, limitMicroPerReplicaHour: limit } = order;
  const { cpuMillicores: cpu, memoryBytes: memory, device } = replica;
  const wholes = device && device.shareMilli === 1000 ? device.count : 0;
  const levels = { cpu: cpuLevel(cpu), memory: memoryLevel(memory), device: deviceLevel(wholes) };
  const memories = ((0xff << levels.memory) & 0xff) * 0x01010101;
  return {
    order,
    cost: new ReplicaCost(replica),
    cpu,
    memory,
    storage: replica.storageBytes,
    bandwidth: replica.bandwidthBitsPerSecond,
    memoryCoarse: Math.ceil(memory / COARSE),
    storageCoarse: Math.ceil(replica.storageBytes / COARSE),
    bandwidthCoarse: Math.ceil(replica.bandwidthBitsPerSecond / COARSE),
    device,
    wholes,
    share: device ? device.shareMilli : 0,
    minScore: performance.minScore,
    limit: limit < BigInt(AMOUNT_END) ? Number(limit) : Number.POSITIVE_INFINITY,
    termsMask: termsMask(order),
    traitsMask: traitsMask(order),
    cpuDevice: deviceMask(levels.cpu, levels.device),
    memoryDevice: deviceMask(levels.memory, levels.device),
    cpuMemory: levels.cpu < 4 ? memories & (-1 << (8 * levels.cpu)) : 0,
    cpuMemoryHigh: levels.cpu < 4 ? memories | 0 : memories & (-1 << (8 * levels.cpu - 32)),
  };
}

/** Bits of all pairs of a level from `level` on and a device level from `device` on. */
function deviceMask(level: number, device: number): number {
  return (((0xf << device) & 0xf) * 0x11111111) & (-1 << (4 * level));
}

function isPlain({ replica, priority, performance }: BuyOrder): boolean {
  const { cpuMillicores, memoryBytes, storageBytes, bandwidthBitsPerSecond, device } = replica;
  const amounts = [cpuMillicores, memoryBytes, storageBytes, bandwidthBitsPerSecond];
  return (
    amounts.every((amount) => isWhole(amount, 0, AMOUNT_END)) &&
    (device === null ||
      (isWhole(device.shareMilli, 1, 1000) && isWhole(device.count, 1, 1_000_000))) &&
    !Number.isNaN(performance.minScore) &&
    hasPlainWeights(priority)
  );
}

function hasPlainWeights(priority: MatchingPriority): boolean {
  return (
    priority.kind !== 'weights' ||
    (isWhole(priority.priceWeight, 0, WEIGHT_MAX) &&
      isWhole(priority.performanceWeight, 0, WEIGHT_MAX))
  );
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
