/** Prices of lots that a solver found: kept from round to round, shown by region. */
import { compareIds } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { Compiled } from './compile.ts';
import type { RoundLot } from './market.ts';
import type { ShadowPrice } from './report.ts';

/** What an instance's resource dimensions are, in base units per natural unit. */
const NATURAL = [1_000, 2 ** 30, 2 ** 30, 1e9, 1_000] as const;
const REGIONS_MOST = 64;
const MS_PER_HOUR = 3_600_000;
/** Lots whose prices are remembered; all are forgotten when there are more. */
const LOTS_MOST = 1_000_000;

/** Per lot: micro-credits per base unit of each dimension and hour, and how much there was of it. */
interface Priced {
  region: string;
  price: Float64Array;
  capacity: Float64Array;
}

export class ShadowPrices {
  readonly #lots = new Map<string, Priced>();

  /** Remembers what the solver of this round found; prices that are no numbers count as 0. */
  take({ round, programme }: Compiled, lessorPrices: Float64Array): void {
    const { dimensions, capacity } = programme.instance;
    if (lessorPrices.length !== capacity.length) return;
    if (this.#lots.size + round.lots.length > LOTS_MOST) this.#lots.clear();
    const hours = meanHours(round.orders);
    for (const [j, lot] of round.lots.entries()) {
      const price = new Float64Array(dimensions);
      const held = new Float64Array(dimensions);
      for (let d = 0; d < dimensions; d += 1) {
        const unit = programme.units[d] as number;
        const found = lessorPrices[j * dimensions + d] as number;
        const sound = found > 0 && Number.isFinite(found) ? found : 0;
        price[d] = (sound * programme.quantum) / unit / hours;
        held[d] = (capacity[j * dimensions + d] as number) * unit;
      }
      const region = lot.lot.labels['region'] ?? '';
      this.#lots.set(nameOf(lot), { region, price, capacity: held });
    }
  }

  /** Means over the lots of each region, weighted by what they had free. */
  byRegion(): ShadowPrice[] {
    const sums = new Map<string, { lots: number; worth: number[]; held: number[] }>();
    for (const { region, price, capacity } of this.#lots.values()) {
      const sum = sums.get(region) ?? { lots: 0, worth: [0, 0, 0, 0, 0], held: [0, 0, 0, 0, 0] };
      sum.lots += 1;
      for (const d of price.keys()) {
        sum.worth[d] = (sum.worth[d] as number) + (price[d] as number) * (capacity[d] as number);
        sum.held[d] = (sum.held[d] as number) + (capacity[d] as number);
      }
      sums.set(region, sum);
    }
    const regions = [...sums].sort(([a], [b]) => compareIds(a, b)).slice(0, REGIONS_MOST);
    return regions.map(([region, { lots, worth, held }]) => {
      const mean = (d: number): Micro => {
        const each = (held[d] as number) > 0 ? (worth[d] as number) / (held[d] as number) : 0;
        return BigInt(Math.round(Math.min(each * (NATURAL[d] as number), 2 ** 52)));
      };
      return {
        region,
        lots,
        cpuMicroPerCoreHour: mean(0),
        memoryMicroPerGibHour: mean(1),
        storageMicroPerGibHour: mean(2),
        bandwidthMicroPerGbitHour: mean(3),
        deviceMicroPerHour: mean(4),
      };
    });
  }
}

function nameOf({ lessor, lot }: RoundLot): string {
  return `${lessor} ${lot.id}`;
}

function meanHours(orders: readonly { order: { durationMs: number } }[]): number {
  const sum = orders.reduce((all, { order }) => all + order.durationMs, 0);
  return sum / Math.max(1, orders.length) / MS_PER_HOUR;
}
