/** Shows that the recount of a replay can fail: it finds what is planted. */
import { expect, test } from 'vitest';
import { Pricing } from './pricing.ts';
import { recount } from './recount.ts';
import type { Decision, ReplayInput, ReplayOrder } from './scenario.ts';

const prices = new Map([['T4 (16 GB)', [400_000, 500_000]]]);
const order = (name: string, milli: number): ReplayOrder => ({
  name,
  replicas: 1,
  cpuMilli: 1_000,
  memoryMib: 1_024,
  gpu: { count: 1, milli, models: ['T4'] },
  priority: 'price',
});
const input: ReplayInput = {
  nodes: [{ name: 'n1', cpuMilli: 2_000, memoryMib: 4_096, gpus: 1, model: 'T4' }],
  prices,
  orders: [order('a', 600), order('b', 600)],
};

/** A seed under which both orders can pay the only node's price. */
const pricing = (() => {
  for (let seed = 0; ; seed += 1) {
    const tried = new Pricing(seed, prices, input.nodes);
    const limits = input.orders.map((one) => Number(tried.limitOf(one)));
    if (Math.min(...limits) > 330_000) return tried;
  }
})();

const sold = (name: string, change: Partial<Decision> = {}): Decision => ({
  order: name,
  node: 'n1',
  devices: [{ index: 0, milli: 600 }],
  cpuMilli: 1_000,
  memoryMib: 1_024,
  priceMicro: 300_000,
  ...change,
});

const clean = { overcommitted: [], wrong: [], roomLeft: [] };

test('finds nothing where nothing is wrong, and counts 24 hours of every price', () => {
  expect(recount(input, pricing, [sold('a')])).toEqual({ ...clean, costMicro: 7_200_000n });
});

test('finds a device, a core and a node that is not there sold', () => {
  const device = recount(input, pricing, [sold('a'), sold('b')]);
  expect(device.overcommitted).toEqual(['n1/0']);
  const beyond = sold('a', { devices: [{ index: 1, milli: 600 }] });
  expect(recount(input, pricing, [beyond]).overcommitted).toEqual(['n1/1']);
  expect(recount(input, pricing, [sold('a', { cpuMilli: 2_001 })]).overcommitted).toEqual(['n1']);
  expect(recount(input, pricing, [sold('a', { node: 'n9' })]).overcommitted).toEqual(['n9']);
});

test('finds orders that were sold something else, or above their limit', () => {
  const changes: Partial<Decision>[] = [
    { priceMicro: 10_000_000 },
    { memoryMib: 1 },
    { devices: [] },
    { devices: [{ index: 0, milli: 500 }] },
  ];
  for (const change of changes) {
    expect(recount(input, pricing, [sold('a', change)]).wrong).toEqual(['a']);
  }
});

test('finds orders that were not filled although there was room', () => {
  expect(recount(input, pricing, []).roomLeft).toEqual(['a', 'b']);
});
