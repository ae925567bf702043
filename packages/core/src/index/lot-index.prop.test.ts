import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WALL_MS } from '../../test/fixtures.ts';
import { Dice, randomLot, randomOffer, randomOrder, type Taste } from '../../test/random-market.ts';
import { lotSuits, offerShortfall } from '../matching/suitability.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import type { SellOrder } from '../order/sell-order.ts';
import { Names } from '../panorama/names.ts';
import { compareIds, hubOf } from '../units/ids.ts';
import { type LotHit, LotIndex } from './lot-index.ts';
import { exactKey } from './ranking.ts';

/** The market as plain objects, asked by looking at every lot. */
class FullScan {
  readonly offers = new Map<string, SellOrder>();
  readonly stale = new Set<string>();

  best(order: BuyOrder, lots: number, partitions: readonly string[] | null): LotHit[] {
    const hits = [...this.offers.values()].flatMap((offer) =>
      this.#isOpen(offer, order)
        ? offer.lots.flatMap((lot): LotHit[] => {
            if (partitions && !partitions.includes(lot.labels['region'] ?? '-')) return [];
            const suits = lotSuits(offer, lot, order, order.count.max);
            if ('code' in suits) return [];
            return [{ lessor: offer.participant, lotId: lot.id, ...suits }];
          })
        : [],
    );
    const prices = hits.map((hit) => hit.priceMicroPerHour).sort(compareBig);
    const lowest = prices[0] === undefined || prices[0] < 1n ? 1n : prices[0];
    const highest = hits.reduce((most, { score }) => Math.max(most, score), 1);
    const key = (hit: LotHit) =>
      exactKey(order.priority, { lowest, highest }, hit.priceMicroPerHour, hit.score);
    return hits
      .sort(
        (a, b) =>
          compareBig(key(a), key(b)) ||
          compareBig(a.priceMicroPerHour, b.priceMicroPerHour) ||
          b.score - a.score ||
          compareIds(a.lessor, b.lessor) ||
          compareIds(a.lotId, b.lotId),
      )
      .slice(0, lots);
  }

  #isOpen(offer: SellOrder, order: BuyOrder): boolean {
    const isHeard = !this.stale.has(hubOf(offer.participant));
    return isHeard && offer.validUntilMs > WALL_MS && !offerShortfall(offer, order);
  }
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same changes to the index and to the plain market. */
class Both {
  readonly names = new Names();
  readonly index = new LotIndex(this.names);
  readonly scan = new FullScan();
  readonly dice: Dice;
  readonly taste: Taste;
  readonly lessors: number;

  constructor(seed: number, taste: Taste, lessors: number) {
    this.dice = new Dice(seed);
    this.taste = taste;
    this.lessors = lessors;
  }

  put(offer: SellOrder): void {
    this.index.putOffer(offer);
    this.scan.offers.set(offer.participant, offer);
  }

  drop(lessor: string): void {
    this.index.dropOffer(lessor);
    this.scan.offers.delete(lessor);
  }

  anyLessor(): string {
    return `p${this.dice.below(this.lessors)}.h${this.dice.below(3)}`;
  }

  change(): void {
    const { dice, taste } = this;
    const lessor = this.anyLessor();
    const offer = this.scan.offers.get(lessor);
    const kind = dice.below(12);
    if (!offer || kind === 0) this.put(randomOffer(dice, lessor, taste));
    else if (kind === 1) this.drop(lessor);
    else if (kind === 2) this.setStale(`h${dice.below(3)}`, dice.chance(3));
    else if (kind === 3) this.put({ ...offer, lots: offer.lots.slice(1) });
    else if (kind === 4) this.reprice(offer);
    else if (kind === 5) this.dropLot(offer);
    else this.restock(offer);
  }

  setStale(hub: string, stale: boolean): void {
    this.index.setStale(hub, stale);
    if (stale) this.scan.stale.add(hub);
    else this.scan.stale.delete(hub);
  }

  reprice(offer: SellOrder): void {
    const lots = offer.lots.map((lot) => ({
      ...randomLot(this.dice, lot.id, this.taste),
      amounts: lot.amounts,
    }));
    this.put({ ...offer, lots });
  }

  dropLot(offer: SellOrder): void {
    const [gone, ...lots] = offer.lots;
    if (!gone) return;
    this.index.dropLot(this.index.find(offer.participant, gone.id));
    this.scan.offers.set(offer.participant, { ...offer, lots });
  }

  restock(offer: SellOrder): void {
    const at = this.dice.below(offer.lots.length);
    const lot = offer.lots[at];
    if (!lot) return;
    const { amounts } = randomLot(this.dice, lot.id, this.taste);
    const devices = lot.devices.map((device) => ({
      ...device,
      milli: this.dice.pick([0, 400, 1000]),
    }));
    const change = { lot: this.index.find(offer.participant, lot.id), amounts, devices };
    if (this.dice.chance(2)) this.index.setStocks([change]);
    else this.index.setStock(change.lot, amounts, devices);
    this.scan.offers.set(offer.participant, {
      ...offer,
      lots: offer.lots.with(at, { ...lot, amounts, devices }),
    });
  }

  ask(): void {
    const { dice } = this;
    const order = randomOrder(dice, this.taste);
    const lots = dice.pick([1, 1, 3, 16, Number.POSITIVE_INFINITY]);
    const partitions = dice.pick([null, null, ['eu', 'ap'], ['us', 'us', 'none']]);
    const found = this.index.best(order, {
      lots,
      wallMs: WALL_MS,
      replicasMax: order.count.max,
      partitions,
    });
    expect(found).toEqual(this.scan.best(order, lots, partitions));
  }
}

function check(seed: number, taste: Taste, lessors: number, changes: number): void {
  const both = new Both(seed, taste, lessors);
  for (let round = 0; round < changes; round += 1) {
    both.change();
    if (both.dice.chance(8)) both.ask();
    if (both.dice.chance(100)) both.index.tidy();
    // Most of the time some pass is under way.
    if (both.dice.chance(4)) both.index.tidy(1 + both.dice.below(90));
  }
  for (let round = 0; round < 20; round += 1) both.ask();
  // Everything leaves: the same places are used again.
  for (const lessor of [...both.scan.offers.keys()]) both.drop(lessor);
  expect(both.index.size.lots).toBe(0);
  expect(both.names.held).toBe(0);
  for (let round = 0; round < 30; round += 1) both.change();
  for (let round = 0; round < 5; round += 1) both.ask();
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe('the index of lots finds what a full scan finds', () => {
  /** @patent C1.5 C1.6 MAT-2 MAT-3 */
  it('in a market of hundreds of lots under changes', () => {
    const taste = { asks: 50, hugeOneIn: 0, alike: false };
    fc.assert(
      fc.property(seeds, (seed) => check(seed, taste, 300, 600)),
      { numRuns: 12 },
    );
  });

  it('when most lots cost the same', () => {
    const taste = { asks: 2, hugeOneIn: 0, alike: false };
    fc.assert(
      fc.property(seeds, (seed) => check(seed, taste, 200, 400)),
      { numRuns: 12 },
    );
  });

  it('in large trees of lots of one kind', () => {
    const taste = { asks: 1000, hugeOneIn: 0, alike: true };
    fc.assert(
      fc.property(seeds, (seed) => check(seed, taste, 500, 1200)),
      { numRuns: 6 },
    );
  });

  it('in large trees of lots that cost the same', () => {
    const taste = { asks: 1, hugeOneIn: 0, alike: true };
    fc.assert(
      fc.property(seeds, (seed) => check(seed, taste, 400, 900)),
      { numRuns: 6 },
    );
  });

  it('in a small market with numbers beyond the plain range', () => {
    const taste = { asks: 9, hugeOneIn: 30, alike: false };
    fc.assert(
      fc.property(seeds, (seed) => check(seed, taste, 20, 150)),
      { numRuns: 60 },
    );
  });
});
