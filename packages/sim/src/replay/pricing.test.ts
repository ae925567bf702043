/** The price formula of docs/replay.md, written a second time. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Pricing } from './pricing.ts';
import type { ReplayNode, ReplayOrder } from './scenario.ts';

const PRICES = new Map([
  ['T4 (16 GB)', [300_000, 500_000, 900_000]],
  ['A100 (40 GB)', [2_000_000]],
  ['H100 (80 GB)', [4_000_000]],
]);
const NODES: ReplayNode[] = [
  { name: 'x', cpuMilli: 1, memoryMib: 1, gpus: 2, model: 'T4' },
  { name: 'y', cpuMilli: 1, memoryMib: 1, gpus: 1, model: 'T4' },
  { name: 'z', cpuMilli: 1, memoryMib: 1, gpus: 0, model: '' },
];
const ORDER: ReplayOrder = {
  name: 'o',
  replicas: 1,
  cpuMilli: 1_500,
  memoryMib: 1_000,
  gpu: { count: 1, milli: 333, models: ['T4'] },
  priority: 'price',
};

function draw(seed: number, purpose: string, name: string, below: number): number {
  const digest = createHash('sha256').update(`${seed}/${purpose}/${name}`).digest('hex');
  return Number(BigInt(`0x${digest.slice(0, 12)}`) % BigInt(below));
}

const lowerMedian = (values: number[]) =>
  values.sort((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? 0;

test('asks and limits are those of the documentation', () => {
  for (const seed of [0, 1, 2, 77]) {
    const pricing = new Pricing(seed, PRICES, NODES);
    const asks = NODES.map(({ name, gpus }) => ({
      cpu: Math.floor((40_000 * (700 + draw(seed, 'cpu-ask', name, 601))) / 1_000),
      memory: Math.floor((5_000 * (700 + draw(seed, 'memory-ask', name, 601))) / 1_000),
      gpu: gpus > 0 ? (PRICES.get('T4 (16 GB)')?.[draw(seed, 'gpu-ask', name, 3)] ?? 0) : 0,
    }));
    expect(NODES.map((node) => pricing.asksOf(node))).toEqual(asks);
    const reference =
      Math.ceil((1_500 * lowerMedian(asks.map(({ cpu }) => cpu))) / 1_000) +
      Math.ceil((1_000 * lowerMedian(asks.map(({ memory }) => memory))) / 1_024) +
      Math.ceil((333 * lowerMedian(asks.slice(0, 2).map(({ gpu }) => gpu))) / 1_000);
    const limit = Math.floor((reference * (700 + draw(seed, 'limit', 'o', 701))) / 1_000);
    expect(pricing.limitOf(ORDER)).toBe(BigInt(limit));
  }
});

test('a model is priced by its stand-in, by its own name, or from the whole list', () => {
  const pricing = new Pricing(1, PRICES, NODES);
  expect(pricing.typeOf('G2')).toMatchObject({ priceType: 'A100 (40 GB)', memoryGib: 40 });
  expect(pricing.typeOf('H100')).toMatchObject({ priceType: 'H100 (80 GB)', memoryGib: 80 });
  expect(pricing.typeOf('P100')).toMatchObject({ priceType: null, memoryGib: 16 });
  expect(pricing.typeOf('X1')).toMatchObject({ priceType: null, memoryGib: 0, score: 0 });
});
