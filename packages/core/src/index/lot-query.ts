/** An order put into the numbers that rows and bounds are compared with. */
import type { BuyOrder, MatchingPriority } from '../order/buy-order.ts';
import type { DeviceRequest } from '../units/resources.ts';
import { termsMask, traitsMask, type Waived } from './attributes.ts';
import { deviceLevel, type Levels, levelOf, PAIRS } from './levels.ts';
import { COARSE } from './node-bounds.ts';
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
  /** Combinations of levels that suit: two words per pair, as in the bounds. */
  pairs: Int32Array;
}

/** All combinations of levels: every lot has one. */
const ANY = -1;
const ANY_PAIRS = new Int32Array(2 * PAIRS.length).fill(ANY);

/** Undefined for an order outside the range in which plain numbers are exact. */
export function compileQuery(order: BuyOrder, steps: Levels, waived: Waived): LotQuery | undefined {
  if (!isPlain(order)) return undefined;
  const { replica, performance, limitMicroPerReplicaHour: limit } = order;
  const { cpuMillicores: cpu, memoryBytes: memory, device } = replica;
  const wholes = device && device.shareMilli === 1000 ? device.count : 0;
  const levels = {
    cpu: levelOf(steps.cpu, cpu),
    memory: levelOf(steps.memory, memory),
    storage: levelOf(steps.storage, replica.storageBytes),
    score: levelOf(steps.score, performance.minScore),
    device: deviceLevel(wholes),
  };
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
    termsMask: termsMask(order, waived),
    traitsMask: traitsMask(order),
    cpuDevice: steps.isSettled ? deviceMask(levels.cpu, levels.device) : ANY,
    memoryDevice: steps.isSettled ? deviceMask(levels.memory, levels.device) : ANY,
    pairs: steps.isSettled
      ? Int32Array.from(PAIRS.flatMap(([a, b]) => pairMasks(levels[a], levels[b])))
      : ANY_PAIRS,
  };
}

/** Bits of all pairs of a first level from `first` on and a second one from `second` on. */
function pairMasks(first: number, second: number): [low: number, high: number] {
  const seconds = ((0xff << second) & 0xff) * 0x01010101;
  return first < 4
    ? [seconds & (-1 << (8 * first)), seconds | 0]
    : [0, seconds & (-1 << (8 * first - 32))];
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
