import { describe, expect, it } from 'vitest';
import { asks, deviceRequest, GIB, lot, replica, sellOrder } from '../../test/fixtures.ts';
import { placementsPriceMicroPerHour, replicaPriceMicroPerHour } from './price.ts';

const free = asks({ cpuMicroPerCoreHour: 0n });
const nothing = replica({ cpuMillicores: 0, memoryBytes: 0 });

describe('the price of a replica', () => {
  it.each([
    ['cpu', { cpuMicroPerCoreHour: 7n }, { cpuMillicores: 1500 }, 11n],
    ['memory', { memoryMicroPerGibHour: 7n }, { memoryBytes: 1.5 * GIB }, 11n],
    ['storage', { storageMicroPerGibHour: 7n }, { storageBytes: GIB / 2 }, 4n],
    ['bandwidth', { bandwidthMicroPerGbitHour: 7n }, { bandwidthBitsPerSecond: 1.5e9 }, 11n],
    [
      'devices',
      { deviceMicroPerHour: 7n },
      { device: deviceRequest({ count: 1, shareMilli: 250 }) },
      2n,
    ],
    ['whole devices', { deviceMicroPerHour: 7n }, { device: deviceRequest({ count: 3 }) }, 21n],
  ])('has a term for %s, rounded up', (_what, ask, need, expected) => {
    const price = replicaPriceMicroPerHour({ ...free, ...ask }, 1000, { ...nothing, ...need });
    expect(price).toBe(expected);
  });

  it('rounds every term by itself', () => {
    const all = asks({ cpuMicroPerCoreHour: 1n, memoryMicroPerGibHour: 1n });
    expect(
      replicaPriceMicroPerHour(all, 1000, { ...nothing, cpuMillicores: 1, memoryBytes: 1 }),
    ).toBe(2n);
  });

  /** @patent PAN-2 */
  it('is scaled by what a distributed provision effectively delivers, rounded up', () => {
    const seven = asks({ cpuMicroPerCoreHour: 7n });
    const core = { ...nothing, cpuMillicores: 1000 };
    expect(replicaPriceMicroPerHour(seven, 1000, core)).toBe(7n);
    expect(replicaPriceMicroPerHour(seven, 800, core)).toBe(6n);
  });

  it('stays exact for the largest amounts', () => {
    const dear = asks({ memoryMicroPerGibHour: 10n ** 18n, cpuMicroPerCoreHour: 0n });
    const huge = { ...nothing, memoryBytes: 2 ** 52 - 1 };
    expect(replicaPriceMicroPerHour(dear, 1000, huge)).toBe(
      (BigInt(2 ** 52 - 1) * 10n ** 18n + 2n ** 30n - 1n) / 2n ** 30n,
    );
  });
});

describe('the price of placements', () => {
  const cheap = lot('m1', { asks: asks({ cpuMicroPerCoreHour: 2n }) });
  const dear = lot('m2', { asks: asks({ cpuMicroPerCoreHour: 5n }) });
  const offer = sellOrder('ann.h1', { lots: [cheap, dear] });
  const at = (lotId: string, replicas: number) => ({ lotId, replicas, devices: [] });

  it('adds up over lots and replicas', () => {
    expect(placementsPriceMicroPerHour(offer, replica(), [at('m1', 3), at('m2', 1)])).toBe(11n);
  });

  it('is unknown for a lot that is not offered', () => {
    expect(placementsPriceMicroPerHour(offer, replica(), [at('m3', 1)])).toBe(undefined);
  });
});
