/** Random offers and orders out of a seed, with many ties, for tests with hundreds of lots. */
import type { BuyOrder, MatchingPriority } from '../src/order/buy-order.ts';
import type { Lot, SellOrder } from '../src/order/sell-order.ts';
import { buyOrder, deviceRequest, GIB, gpu, lot, sellOrder, WALL_MS } from './fixtures.ts';

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

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }
}

/** How a market is drawn: equal asks make ties, huge numbers leave the plain range. */
export interface Taste {
  /** Different asks per resource. */
  asks: number;
  /** One number in so many is huge; 0: none. */
  hugeOneIn: number;
  /** All lots in one region with the same device model, or none: large trees. */
  alike: boolean;
}

const HUGE = [2 ** 32, 2 ** 48, 2 ** 52] as const;

export function randomLot(dice: Dice, id: string, taste: Taste): Lot {
  const isHuge = () => taste.hugeOneIn > 0 && dice.chance(taste.hugeOneIn);
  const amount = (unit: number, most: number) =>
    isHuge() ? dice.pick(HUGE) : dice.below(most) * unit + dice.below(2);
  const ask = (most: number) =>
    isHuge() ? BigInt(dice.pick(HUGE)) * 1000n : BigInt(dice.below(taste.asks) * most);
  const { alike } = taste;
  const model = alike ? 'G1' : dice.pick(['G1', 'G1', 'G2', 'G3']);
  const devices = Array.from({ length: dice.pick([0, 0, 1, 2, 8]) }, (_, number) => ({
    ...gpu(`g${number}`, {
      model: !alike && dice.chance(9) ? 'G2' : model,
      vendor: alike ? 'v1' : dice.pick(['v1', 'v2']),
    }),
    milli: dice.pick([0, 250, 600, 1000, 1000]),
    memoryBytes: model === 'G3' ? 80 * GIB : 16 * GIB,
  }));
  return lot(id, {
    amounts: {
      cpuMillicores: amount(500, 200),
      memoryBytes: amount(GIB, 300),
      storageBytes: amount(10 ** 9, 500),
      bandwidthBitsPerSecond: amount(10 ** 7, 100),
    },
    devices,
    asks: {
      cpuMicroPerCoreHour: ask(1000),
      memoryMicroPerGibHour: ask(301),
      storageMicroPerGibHour: ask(7),
      bandwidthMicroPerGbitHour: ask(50),
      deviceMicroPerHour: ask(100_003),
    },
    performance: {
      score: isHuge() ? 2 ** 40 : 1 + dice.below(6) * 10,
      flops: dice.chance(2) ? [] : [{ precision: 'fp16', giga: dice.below(5) * 100 }],
    },
    labels: alike ? { region: 'eu' } : randomLabels(dice),
  });
}

function randomLabels(dice: Dice): Record<string, string> {
  const labels: Record<string, string> = {};
  if (!dice.chance(8)) labels['region'] = dice.pick(['eu', 'us', 'ap']);
  if (dice.chance(3)) labels['tier'] = dice.pick(['gold', 'tin']);
  return labels;
}

export function randomOffer(dice: Dice, lessor: string, taste: Taste): SellOrder {
  const lots = Array.from({ length: 1 + dice.below(4) }, (_, number) =>
    randomLot(dice, `m${number}`, taste),
  );
  const isSingle = taste.alike || !dice.chance(4);
  return sellOrder(lessor, {
    lots,
    provision: isSingle ? 'single' : 'distributed',
    efficiencyPermille: isSingle ? 1000 : dice.pick([500, 799, 1000]),
    capabilities: {
      kinds: dice.chance(3) ? ['job'] : ['job', 'service'],
      architectures: dice.chance(4) ? ['arm64'] : ['amd64', 'arm64'],
      egress: dice.chance(2),
      capabilities: dice.chance(2) ? ['nvme'] : ['nvme', 'ib'],
    },
    imagePolicy: { allow: dice.pick([[], [], ['process:'], ['registry/a', 'registry/b']]) },
    validUntilMs: dice.chance(12) ? WALL_MS - dice.below(2) : WALL_MS + 1,
  });
}

function randomPriority(dice: Dice): MatchingPriority {
  const kind = dice.pick(['price', 'performance', 'weights'] as const);
  if (kind !== 'weights') return { kind };
  return { kind, priceWeight: dice.below(1001), performanceWeight: dice.below(1001) };
}

export function randomOrder(dice: Dice, taste: Taste): BuyOrder {
  const base = buyOrder();
  const isHuge = () => taste.hugeOneIn > 0 && dice.chance(taste.hugeOneIn);
  const need = (unit: number, most: number) =>
    isHuge() ? dice.pick([2 ** 31, 2 ** 47]) + dice.below(9) : dice.below(most) * unit;
  const shareMilli = dice.pick([1000, 1000, 250, 333, 600]);
  const device = deviceRequest({
    count: shareMilli === 1000 ? dice.pick([1, 1, 2, 5]) : 1,
    shareMilli,
    models: dice.pick([[], ['G1'], ['G2', 'G3'], ['G9']]),
    vendor: dice.pick([null, null, 'v1']),
    minMemoryBytes: dice.pick([0, 0, 40 * GIB]),
  });
  const hard = dice.pick([1, 1, 1, 4]);
  return {
    ...base,
    kind: dice.pick(['job', 'service']),
    replica: {
      cpuMillicores: need(250, 60 * hard),
      memoryBytes: need(GIB / 2, 80 * hard),
      storageBytes: dice.chance(2) ? 0 : need(10 ** 8, 400 * hard),
      bandwidthBitsPerSecond: dice.chance(2) ? 0 : need(10 ** 6, 200),
      device: dice.chance(2) ? device : null,
    },
    count: { min: 1, max: 1 + dice.below(5) },
    limitMicroPerReplicaHour: dice.pick([10n ** 5n, 10n ** 6n, 10n ** 7n, 10n ** 30n]),
    performance: {
      minScore: dice.pick([0, 0, 20, 41]),
      minFlops: dice.chance(5) ? [{ precision: 'fp16', giga: dice.below(4) * 100 }] : [],
      provision: dice.pick(['any', 'any', 'single', 'distributed']),
      labels: taste.alike || dice.chance(2) ? {} : randomLabels(dice),
    },
    task: {
      ...base.task,
      public: {
        image: dice.pick(['process:true', 'registry/ax', 'registry/c']),
        architecture: dice.pick([null, null, 'amd64']),
        egress: dice.chance(4),
        capabilities: dice.chance(3) ? ['ib'] : [],
      },
    },
    priority: randomPriority(dice),
  };
}
