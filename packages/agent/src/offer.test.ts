/** What is offered of a machine, and never more than it has. */
import { DEFAULT_BUCKETS } from '@sparegrid/core/order/buckets';
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import { describe, expect, it } from 'vitest';
import type { OfferSettings } from './config.ts';
import { amountsOf, offerOf } from './offer.ts';

const MACHINE: MachineSpec = {
  id: 'm1',
  processor: { model: 'x', architecture: 'amd64', cpuMillicores: 4_000, megahertz: 0 },
  memory: { model: 'x', memoryBytes: 8_000 },
  storage: { model: 'x', storageBytes: 9_000 },
  gpu: [{ id: 'g0', vendor: 'v', model: 'A100', memoryBytes: 80 }],
  flops: [{ precision: 'fp32', giga: 5 }],
  bandwidthBitsPerSecond: 1_000,
};

const SETTINGS: OfferSettings = {
  cpu: 4_000,
  memory: 8_000,
  storage: 9_000,
  bandwidth: 1_000,
  devices: [{ id: 'g0', milli: 500 }],
  asks: {
    cpuPerCoreHour: 1n,
    memoryPerGibHour: 2n,
    storagePerGibHour: 3n,
    bandwidthPerGbitHour: 4n,
    devicePerHour: 5n,
  },
  buckets: DEFAULT_BUCKETS,
  follow: 'fixed',
  margin: { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0 },
  score: 7,
  labels: { region: 'north' },
  kinds: ['job'],
  capabilities: [],
  validityMs: 60_000,
};

describe('offer', () => {
  it('is one lot of the machine, valid for the stated time', () => {
    const runtime = { images: ['process:sh'], egress: true };
    const amounts = amountsOf(SETTINGS, MACHINE);
    expect(offerOf(SETTINGS, MACHINE, runtime, 1_000, amounts)).toMatchObject({
      provision: 'single',
      efficiencyPermille: 1_000,
      validUntilMs: 61_000,
      imagePolicy: { allow: ['process:sh'] },
      capabilities: { kinds: ['job'], architectures: ['amd64'] },
      lots: [
        {
          id: 'm1',
          amounts: {
            cpuMillicores: 4_000,
            memoryBytes: 8_000,
            storageBytes: 9_000,
            bandwidthBitsPerSecond: 1_000,
          },
          devices: [{ id: 'g0', vendor: 'v', model: 'A100', memoryBytes: 80, milli: 500 }],
          asks: { cpuMicroPerCoreHour: 1n, deviceMicroPerHour: 5n },
          performance: { score: 7, flops: [{ precision: 'fp32', giga: 5 }] },
          labels: { region: 'north' },
        },
      ],
    });
  });

  it.each([
    ['cpu', { cpu: 4_001 }],
    ['memory', { memory: 8_001 }],
    ['storage', { storage: 9_001 }],
    ['bandwidth', { bandwidth: 1_001 }],
    ['devices', { devices: [{ id: 'g1', milli: 1 }] }],
  ])('is refused when it has more %s than the machine', (field, change) => {
    const settings = { ...SETTINGS, ...change };
    const runtime = { images: [], egress: false };
    const offer = () => offerOf(settings, MACHINE, runtime, 0, amountsOf(settings, MACHINE));
    expect(offer).toThrow(`offer.${field}`);
    expect(offer).toThrow('CONFIG_MACHINE');
  });
});
