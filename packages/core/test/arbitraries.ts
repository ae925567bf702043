/** Small random lots, requests, markets and orders, so that brute force can judge the results. */
import fc from 'fast-check';
import { Market, type MarketView } from '../src/matching/market.ts';
import type { BuyOrder } from '../src/order/buy-order.ts';
import type { ResourceSpec } from '../src/order/resource-spec.ts';
import type { Lot, SellOrder } from '../src/order/sell-order.ts';
import { Panorama } from '../src/panorama/panorama.ts';
import type { DeviceRequest, ReplicaRequest } from '../src/units/resources.ts';
import { asks, buyOrder, gpu, machine, resourceSpec, sellOrder, WALL_MS } from './fixtures.ts';
import { keysOf } from './keys.ts';

const milli = fc.constantFrom(0, 250, 500, 750, 1000);
const model = fc.constantFrom('G1', 'G2');
const units = (max: number) => fc.integer({ min: 0, max });

/** Integers far from each other, so that no field is mistaken for another. */
const amountsOf = (max: number) =>
  fc.record({
    cpuMillicores: units(max).map((n) => n * 500),
    memoryBytes: units(max).map((n) => n * 2 ** 30),
    storageBytes: units(max).map((n) => n * 10 ** 9),
    bandwidthBitsPerSecond: units(max).map((n) => n * 10 ** 6),
  });

const device = fc.record({ model, milli });

export const lots: fc.Arbitrary<Lot> = fc
  .record({
    amounts: amountsOf(8),
    devices: fc.array(device, { maxLength: 3 }),
    cpuPrice: fc.bigInt({ min: 0n, max: 5n }),
    devicePrice: fc.bigInt({ min: 0n, max: 5n }),
    score: fc.integer({ min: 1, max: 5 }),
    region: fc.constantFrom('eu', 'us'),
  })
  .map(({ amounts, devices, cpuPrice, devicePrice, score, region }) => ({
    id: 'm1',
    amounts,
    devices: devices.map(({ model, milli }, number) => ({
      ...gpu(`g${number}`, { model }),
      milli,
    })),
    asks: asks({ cpuMicroPerCoreHour: cpuPrice, deviceMicroPerHour: devicePrice }),
    performance: { score, flops: [{ precision: 'fp32' as const, giga: 10 * score }] },
    labels: { region },
  }));

const devices: fc.Arbitrary<DeviceRequest> = fc
  .record({
    count: fc.integer({ min: 1, max: 2 }),
    shareMilli: fc.constantFrom(250, 400, 500, 1000),
    models: fc.subarray(['G1', 'G2']),
  })
  .map(({ count, shareMilli, models }) => ({
    count: shareMilli < 1000 ? 1 : count,
    shareMilli,
    models,
    vendor: null,
    minMemoryBytes: 0,
  }));

export const requests: fc.Arbitrary<ReplicaRequest> = fc
  .record({ amounts: amountsOf(3), device: fc.option(devices) })
  .map(({ amounts, device }) => ({ ...amounts, device }));

export interface Lessor {
  spec: ResourceSpec;
  offer: SellOrder;
}

/** A lessor whose machines are as large as its lots, or larger. */
const lessors: fc.Arbitrary<Lessor> = fc
  .record({
    lots: fc.array(lots, { minLength: 1, maxLength: 2 }),
    spare: fc.integer({ min: 0, max: 2 }),
    distributed: fc.boolean(),
    egress: fc.boolean(),
    allow: fc.subarray(['process:', 'registry/'], { maxLength: 1 }),
  })
  .map(({ lots, spare, distributed, egress, allow }) => {
    const named = lots.map((lot, number) => ({ ...lot, id: `m${number}` }));
    const provision = distributed ? 'distributed' : 'single';
    const machines = named.map(({ id, amounts, devices }) =>
      machine(id, {
        processor: { ...machine().processor, cpuMillicores: amounts.cpuMillicores + 500 * spare },
        memory: { model: 'm', memoryBytes: amounts.memoryBytes + spare },
        storage: { model: 's', storageBytes: amounts.storageBytes + spare },
        bandwidthBitsPerSecond: amounts.bandwidthBitsPerSecond + spare,
        gpu: devices.map(({ milli: _share, ...owned }) => owned),
      }),
    );
    const offer = sellOrder('x.h1', { lots: named, provision, imagePolicy: { allow } });
    offer.efficiencyPermille = distributed ? 800 : 1000;
    offer.capabilities = { ...offer.capabilities, egress };
    return { spec: resourceSpec('x.h1', { provision, machines }), offer };
  });

/** Up to four lessors at two hubs, named in an order of their own. */
export const markets: fc.Arbitrary<Lessor[]> = fc.array(lessors, { maxLength: 4 }).map((all) =>
  all.map(({ spec, offer }, number) => {
    const participant = `p${number}.h${1 + (number % 2)}`;
    return { spec: { ...spec, participant }, offer: { ...offer, participant } };
  }),
);

export const orders: fc.Arbitrary<BuyOrder> = fc
  .record({
    replica: requests,
    min: fc.integer({ min: 1, max: 4 }),
    more: fc.integer({ min: 0, max: 3 }),
    maxLessors: fc.integer({ min: 1, max: 3 }),
    limit: fc.bigInt({ min: 0n, max: 12n }),
    budget: fc.bigInt({ min: 0n, max: 40n }),
    minScore: fc.integer({ min: 0, max: 4 }),
    provision: fc.constantFrom('any', 'any', 'single', 'distributed'),
    region: fc.option(fc.constantFrom('eu', 'us')),
    egress: fc.boolean(),
    priority: fc.oneof(
      fc.constant({ kind: 'price' as const }),
      fc.constant({ kind: 'performance' as const }),
      fc.record({
        kind: fc.constant('weights' as const),
        priceWeight: fc.integer({ min: 0, max: 1000 }),
        performanceWeight: fc.integer({ min: 0, max: 1000 }),
      }),
    ),
  })
  .map(({ replica, min, more, maxLessors, limit, budget, minScore, provision, ...rest }) => {
    const { region, egress, priority } = rest;
    const base = buyOrder();
    return {
      ...base,
      replica,
      count: { min, max: min + more },
      maxLessors,
      limitMicroPerReplicaHour: limit,
      budgetMicro: budget,
      // One hour: costs are hourly prices.
      durationMs: 3_600_000,
      performance: { ...base.performance, minScore, provision, labels: region ? { region } : {} },
      task: { ...base.task, public: { ...base.task.public, egress } },
      priority,
    };
  });

/** The market as a hub sees it that knows all these lessors. */
export function viewOf(lessors: readonly Lessor[]): MarketView {
  const panorama = new Panorama('h1', 1, ['h2'], keysOf('h1').crypto);
  for (const hub of ['h1', 'h2']) {
    const owner = new Panorama(hub, 1, [], keysOf(hub).crypto);
    for (const { spec, offer } of lessors) {
      if (!spec.participant.endsWith(hub)) continue;
      const to = hub === 'h1' ? panorama : owner;
      to.publishResource(spec.participant, spec);
      to.publishLease(spec.participant, offer);
    }
    if (hub !== 'h1')
      for (const chunk of owner.snapshot(() => 1)) panorama.applySnapshot(hub, chunk);
    panorama.heard(hub, 0);
  }
  const market = new Market(panorama);
  market.followArrived(Infinity);
  return { market, wallMs: WALL_MS };
}
