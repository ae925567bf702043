import { describe, expect, it } from 'vitest';
import { amounts, asks, lot, lotGpu, sellOrder } from '../../test/fixtures.ts';
import type { SellOrder } from './sell-order.ts';
import { termsDiffer } from './terms.ts';

const before = sellOrder('ann.h1', { lots: [lot('m1'), lot('m2')] });

describe('terms', () => {
  it.each<[string, Partial<SellOrder>]>([
    ['amounts', { lots: [lot('m1', { amounts: amounts({ cpuMillicores: 1 }) }), lot('m2')] }],
    ['free devices', { lots: [lot('m1', { devices: [lotGpu('g1', 1)] }), lot('m2')] }],
    ['validity', { validUntilMs: 1 }],
    ['a lot that goes', { lots: [lot('m1')] }],
    ['the order of the lots', { lots: [lot('m2'), lot('m1')] }],
  ])('stay the same with other %s', (_what, over) => {
    expect(termsDiffer(before, { ...before, ...over })).toBe(false);
  });

  it.each<[string, Partial<SellOrder>]>([
    ['asks', { lots: [lot('m1', { asks: asks({ cpuMicroPerCoreHour: 1n }) }), lot('m2')] }],
    ['performance', { lots: [lot('m1', { performance: { score: 1, flops: [] } }), lot('m2')] }],
    ['labels', { lots: [lot('m1', { labels: { region: 'eu' } }), lot('m2')] }],
    ['a lot that comes, perhaps back at other asks', { lots: [...before.lots, lot('m3')] }],
    ['provision', { provision: 'distributed' }],
    ['efficiency', { efficiencyPermille: 900 }],
    ['image policy', { imagePolicy: { allow: ['x'] } }],
    ['capabilities', { capabilities: { ...before.capabilities, egress: true } }],
  ])('differ with other %s', (_what, over) => {
    expect(termsDiffer(before, { ...before, ...over })).toBe(true);
  });
});
