import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lessor, markets, orders, viewOf } from '../../test/arbitraries.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { placementFits, replicasThatFit } from '../order/fit.ts';
import { placementsPriceMicroPerHour, replicaPriceMicroPerHour } from '../order/price.ts';
import type { Lot, SellOrder } from '../order/sell-order.ts';
import { costOf } from '../units/money.ts';
import { explainLessor } from './explain.ts';
import { type Match, matchOrder } from './match.ts';
import { couldEverServe } from './static-filter.ts';

const RICH = 10n ** 12n;
const wantOf = ({ count, budgetMicro }: BuyOrder) => ({ ...count, budgetMicro });
const match = (market: readonly Lessor[], order: BuyOrder) =>
  matchOrder(viewOf(market), order, wantOf(order));

const priceAt = (offer: SellOrder, lot: Lot, order: BuyOrder) =>
  replicaPriceMicroPerHour(lot.asks, offer.efficiencyPermille, order.replica);

/** Written down again from the meaning of the fields, not from the matcher. */
function suits(offer: SellOrder, lot: Lot, order: BuyOrder): boolean {
  const { performance, task } = order;
  const { egress, image } = task.public;
  return (
    (!egress || offer.capabilities.egress) &&
    (offer.imagePolicy.allow.length === 0 ||
      offer.imagePolicy.allow.some((prefix) => image.startsWith(prefix))) &&
    replicasThatFit(lot, order.replica, 1) === 1 &&
    (performance.provision === 'any' || performance.provision === offer.provision) &&
    Object.entries(performance.labels).every(([name, value]) => lot.labels[name] === value) &&
    Math.floor((lot.performance.score * offer.efficiencyPermille) / 1000) >= performance.minScore &&
    priceAt(offer, lot, order) <= order.limitMicroPerReplicaHour
  );
}

/** The most replicas that any allowed set of lessors can hold, budget apart. */
function mostReplicas(market: readonly Lessor[], order: BuyOrder): number {
  const rooms = market.map(({ offer }) =>
    offer.lots
      .filter((lot) => suits(offer, lot, order))
      .reduce((sum, lot) => sum + replicasThatFit(lot, order.replica, order.count.max), 0),
  );
  let most = 0;
  for (let set = 0; set < 2 ** rooms.length; set += 1) {
    const chosen = rooms.filter((_, index) => (set >> index) % 2 === 1);
    if (chosen.length > order.maxLessors) continue;
    most = Math.max(
      most,
      chosen.reduce((sum, room) => sum + room, 0),
    );
  }
  return most;
}

function expectFeasible(market: readonly Lessor[], order: BuyOrder, result: Match): void {
  let bill = 0n;
  let replicas = 0;
  expect(new Set(result.parts.map(({ lessor }) => lessor)).size).toBe(result.parts.length);
  for (const part of result.parts) {
    const offer = market.find(({ spec }) => spec.participant === part.lessor)?.offer;
    if (!offer) throw new Error(`${part.lessor} is not in the market`);
    const lotIds = part.placements.map(({ lotId }) => lotId);
    expect(new Set(lotIds).size).toBe(lotIds.length);
    for (const placement of part.placements) {
      const lot = offer.lots.find(({ id }) => id === placement.lotId) as Lot;
      expect(suits(offer, lot, order)).toBe(true);
      expect(placementFits(lot, order.replica, placement)).toBe(true);
      replicas += placement.replicas;
    }
    expect(part.priceMicroPerHour).toBe(
      placementsPriceMicroPerHour(offer, order.replica, part.placements),
    );
    bill += costOf(part.priceMicroPerHour, order.durationMs);
  }
  expect(result.replicas).toBe(replicas);
  expect(replicas).toBeGreaterThanOrEqual(order.count.min);
  expect(replicas).toBeLessThanOrEqual(order.count.max);
  expect(result.parts.length).toBeLessThanOrEqual(order.maxLessors);
  expect(bill <= order.budgetMicro).toBe(true);
}

describe('the static filter', () => {
  /** @patent C1.5 MAT-1 */
  it('never drops a lessor that could serve', () => {
    fc.assert(
      fc.property(markets, orders, (market, order) => {
        for (const { spec, offer } of market) {
          const serves = offer.lots.some((lot) => suits(offer, lot, order));
          if (serves) expect(couldEverServe(spec, order)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a match', () => {
  /** @patent C1.6 MAT-3 */
  it('is feasible by an independent check', () => {
    fc.assert(
      fc.property(markets, orders, (market, order) => {
        const result = match(market, order);
        if (result.ok) expectFeasible(market, order, result);
      }),
      { numRuns: 800 },
    );
  });

  it('is found whenever brute force finds one, budget apart', () => {
    fc.assert(
      fc.property(markets, orders, (market, order) => {
        const rich = { ...order, budgetMicro: RICH };
        const possible = mostReplicas(market, rich) >= rich.count.min;
        expect(match(market, rich).ok).toBe(possible);
      }),
      { numRuns: 800 },
    );
  });

  it('of one replica at the best price is the cheapest there is', () => {
    fc.assert(
      fc.property(markets, orders, (market, any) => {
        const order: BuyOrder = {
          ...any,
          count: { min: 1, max: 1 },
          maxLessors: 1,
          priority: { kind: 'price' },
        };
        const prices = market.flatMap(({ offer }) =>
          offer.lots
            .filter((lot) => suits(offer, lot, order))
            .map((lot) => priceAt(offer, lot, order)),
        );
        const affordable = prices.filter((price) => price <= order.budgetMicro);
        const cheapest = affordable.reduce<bigint | undefined>(
          (least, price) => (least === undefined || price < least ? price : least),
          undefined,
        );
        const result = match(market, order);
        expect(result.ok ? result.priceMicroPerHour : undefined).toBe(cheapest);
      }),
      { numRuns: 500 },
    );
  });

  it('of one replica at the best performance has the highest score there is', () => {
    fc.assert(
      fc.property(markets, orders, (market, any) => {
        const order: BuyOrder = {
          ...any,
          count: { min: 1, max: 1 },
          budgetMicro: RICH,
          priority: { kind: 'performance' },
        };
        const scoreOf = (offer: SellOrder, lot: Lot) =>
          Math.floor((lot.performance.score * offer.efficiencyPermille) / 1000);
        const scores = market.flatMap(({ offer }) =>
          offer.lots.filter((lot) => suits(offer, lot, order)).map((lot) => scoreOf(offer, lot)),
        );
        const result = match(market, order);
        if (!result.ok) {
          expect(scores).toEqual([]);
          return;
        }
        const [part] = result.parts;
        const offer = market.find(({ spec }) => spec.participant === part?.lessor)?.offer;
        const lot = offer?.lots.find(({ id }) => id === part?.placements[0]?.lotId);
        if (!offer || !lot) throw new Error('no such lot');
        expect(scoreOf(offer, lot)).toBe(Math.max(...scores));
      }),
      { numRuns: 300 },
    );
  });

  /** @patent MAT-7 */
  it('does not depend on the order in which offers became known', () => {
    fc.assert(
      fc.property(markets, orders, fc.infiniteStream(fc.nat()), (market, order, dice) => {
        const shuffled = [...market]
          .map((lessor) => ({ lessor, rank: dice.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ lessor }) => ({
            spec: lessor.spec,
            offer: { ...lessor.offer, lots: [...lessor.offer.lots].reverse() },
          }));
        expect(match(shuffled, order)).toEqual(match(market, order));
      }),
      { numRuns: 300 },
    );
  });
});

describe('an explanation', () => {
  it('says of exactly those lessors that they suit which do, and how many replicas they hold', () => {
    fc.assert(
      fc.property(markets, orders, (market, order) => {
        const view = viewOf(market);
        for (const { spec } of market) {
          const lessor = spec.participant;
          const { code, replicas } = explainLessor(view, lessor, order, new Set());
          const alone = market.filter((one) => one.spec.participant === lessor);
          expect(replicas).toBe(mostReplicas(alone, { ...order, maxLessors: 1 }));
          expect(code === null).toBe(replicas > 0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
