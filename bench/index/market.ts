/** A market of any size out of numbers: every lot follows from its number, every order from a seed. */
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { Lot, LotDevice, SellOrder } from '@sparegrid/core/order/sell-order';
import type { ResourceAmounts } from '@sparegrid/core/units/resources';

export const WALL_MS = 1_800_000_000_000;
export const LOTS_PER_LESSOR = 4;
export const REGIONS = Array.from({ length: 16 }, (_, number) => `r${number}`);
/** Kind 0 has no devices; the others each have one model. */
export const KINDS = ['cpu', 'G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7'] as const;
const GIB = 2 ** 30;
const GB = 10 ** 9;

/** A stream of random numbers that a seed fixes. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `end` - 1. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }
}

/** A lot in columns, as all contestants get it. */
export interface PlainLot {
  kind: number;
  region: number;
  cpu: number;
  memory: number;
  storage: number;
  bandwidth: number;
  /** Free thousandths of each device. */
  shares: number[];
  /** Device, cpu, memory, storage, bandwidth. */
  asks: number[];
  score: number;
  egress: number;
}

/** What changes when a lot is sold. */
export type PlainStock = Pick<PlainLot, 'cpu' | 'memory' | 'storage' | 'bandwidth' | 'shares'>;

export function plainLot(number: number): PlainLot {
  const lessor = new Dice(Math.floor(number / LOTS_PER_LESSOR) * 7919 + 13);
  const region = lessor.below(REGIONS.length);
  const egress = lessor.below(10) < 9 ? 1 : 0;
  const dice = new Dice(number * 104_729 + 1);
  const kind = dice.below(KINDS.length);
  const owned = kind === 0 ? 0 : 2 ** dice.below(4);
  return {
    kind,
    region,
    ...plainStock(dice, owned),
    asks: [
      kind === 0 ? 0 : 500_000 * kind + dice.below(600_000 * kind),
      8_000 + dice.below(24_000),
      800 + dice.below(3_200),
      10 + dice.below(90),
      1_000 + dice.below(9_000),
    ],
    score: 50 + dice.below(950),
    egress,
  };
}

/** What is free of a lot with so many devices. */
export function plainStock(dice: Dice, owned: number): PlainStock {
  return {
    cpu: 500 * dice.below(129),
    memory: GIB * dice.below(257),
    storage: 10 * GB * dice.below(201),
    bandwidth: 10 ** 8 * dice.below(251),
    shares: Array.from({ length: owned }, () => [0, 250, 500, 1000, 1000][dice.below(5)] as number),
  };
}

export function amountsOf(lot: Pick<PlainLot, 'cpu' | 'memory' | 'storage' | 'bandwidth'>) {
  return {
    cpuMillicores: lot.cpu,
    memoryBytes: lot.memory,
    storageBytes: lot.storage,
    bandwidthBitsPerSecond: lot.bandwidth,
  } satisfies ResourceAmounts;
}

export function devicesOf(kind: number, shares: readonly number[]): LotDevice[] {
  const model = KINDS[kind] as string;
  return shares.map((milli, number) => ({
    id: `g${number}`,
    vendor: 'acme',
    model,
    memoryBytes: 16 * GIB,
    milli,
  }));
}

/** Names sort like numbers. */
export function lessorOf(lot: number): string {
  const lessor = Math.floor(lot / LOTS_PER_LESSOR);
  return `p${String(lessor).padStart(6, '0')}.h${lessor % 16}`;
}

export function lotIdOf(lot: number): string {
  return `m${lot % LOTS_PER_LESSOR}`;
}

/** The offer of the lessor whose first lot this is. */
export function offerFrom(first: number): SellOrder {
  const plain = Array.from({ length: LOTS_PER_LESSOR }, (_, number) => plainLot(first + number));
  return {
    participant: lessorOf(first),
    revision: 1,
    termsRevision: 1,
    provision: 'single',
    efficiencyPermille: 1000,
    capabilities: {
      kinds: ['job', 'service'],
      architectures: ['amd64'],
      egress: plain[0]?.egress === 1,
      capabilities: [],
    },
    imagePolicy: { allow: [] },
    validUntilMs: WALL_MS + 3_600_000,
    lots: plain.map((lot, number) => lotOf(first + number, lot)),
  };
}

export function lotOf(number: number, lot: PlainLot): Lot {
  const [device = 0, cpu = 0, memory = 0, storage = 0, bandwidth = 0] = lot.asks.map(BigInt);
  return {
    id: lotIdOf(number),
    amounts: amountsOf(lot),
    devices: devicesOf(lot.kind, lot.shares),
    asks: {
      cpuMicroPerCoreHour: BigInt(cpu),
      memoryMicroPerGibHour: BigInt(memory),
      storageMicroPerGibHour: BigInt(storage),
      bandwidthMicroPerGbitHour: BigInt(bandwidth),
      deviceMicroPerHour: BigInt(device),
    },
    performance: { score: lot.score, flops: [] },
    labels: { region: REGIONS[lot.region] as string, kind: KINDS[lot.kind] as string },
  };
}

/** An order of the mix with the numbers that the other contestants need. */
export interface PlainOrder {
  order: BuyOrder;
  /** Best lots wanted. */
  lots: 1 | 16;
  kind: number;
  /** Empty: all. */
  regions: number[];
  cpu: number;
  memory: number;
  storage: number;
  bandwidth: number;
  /** Whole devices, or 0 with a share of one. */
  wholes: number;
  share: number;
  minScore: number;
  egress: number;
  limit: number;
}

/**
 * 60 % of the orders ask for one region, 20 % for three, 20 % for all; 15 % ask for nearly more than
 * any lot has; one lot or 16 are wanted.
 */
export function plainOrder(dice: Dice, priority: BuyOrder['priority']): PlainOrder {
  const kind = dice.below(KINDS.length);
  const spread = dice.below(10);
  const count = spread < 6 ? 1 : spread < 8 ? 3 : 0;
  const start = dice.below(REGIONS.length);
  const regions = Array.from({ length: count }, (_, step) => (start + 5 * step) % REGIONS.length);
  const isHard = dice.below(100) < 15;
  const isShare = kind > 0 && !isHard && dice.below(3) === 0;
  const wanted = {
    cpu: isHard ? 58_000 + 500 * dice.below(12) : 1000 * (1 + dice.below(16)),
    memory: GIB * (isHard ? 232 + dice.below(24) : 2 + dice.below(63)),
    storage: isHard ? 1_700 * GB : 10 * GB * dice.below(20),
    bandwidth: dice.below(2) === 0 ? 0 : 10 ** 8 * dice.below(20),
    wholes: kind === 0 || isShare ? 0 : isHard ? 2 + dice.below(3) : 1 + dice.below(2),
    share: isShare ? 250 * (1 + dice.below(2)) : 0,
    minScore: isHard ? 800 : dice.below(3) === 0 ? 500 : 0,
    egress: dice.below(2),
    limit: dice.below(4) === 0 ? 2_000_000 * (1 + kind) : 10 ** 10,
  };
  const lots = dice.below(2) === 0 ? 1 : 16;
  const plain = { ...wanted, lots, kind, regions } as const;
  return { ...plain, order: orderOf(plain, priority) };
}

function orderOf(plain: Omit<PlainOrder, 'order'>, priority: BuyOrder['priority']): BuyOrder {
  const { kind, regions, wholes, share } = plain;
  const labels: Record<string, string> = kind === 0 ? { kind: 'cpu' } : {};
  if (regions.length === 1) labels['region'] = REGIONS[regions[0] as number] as string;
  const device = {
    count: Math.max(1, wholes),
    shareMilli: share || 1000,
    models: [KINDS[kind] as string],
    vendor: null,
    minMemoryBytes: 0,
  };
  return {
    lessee: 'lea.h1',
    salt: 's',
    kind: 'job',
    replica: { ...amountsOf(plain), device: kind === 0 ? null : device },
    count: { min: 1, max: 1 },
    limitMicroPerReplicaHour: BigInt(plain.limit),
    budgetMicro: 10n ** 15n,
    performance: { minScore: plain.minScore, minFlops: [], provision: 'any', labels },
    task: {
      public: {
        image: 'process:true',
        architecture: 'amd64',
        egress: plain.egress === 1,
        capabilities: [],
      },
      privateDigest: 'sha256:',
    },
    priority,
    durationMs: 3_600_000,
    expiresAtMs: WALL_MS + 3_600_000,
    fill: 'atomic',
    maxLessors: 1,
    disconnect: { stopAfterMs: 20_000, onLoss: 'terminate' },
  };
}
