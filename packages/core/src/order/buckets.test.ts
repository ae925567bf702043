import { describe, expect, it } from 'vitest';
import { amounts, lot, lotGpu } from '../../test/fixtures.ts';
import { DEFAULT_BUCKETS, roundedDown } from './buckets.ts';

const MIB = 2 ** 20;

describe('a lot in steps', () => {
  it('has every quantity rounded down, none up', () => {
    const given = amounts({
      cpuMillicores: 1_999,
      memoryBytes: 129 * MIB,
      storageBytes: 255 * MIB,
      bandwidthBitsPerSecond: 19_999_999,
    });
    const seen = roundedDown(
      lot('m1', { amounts: given, devices: [lotGpu('g', 999)] }),
      DEFAULT_BUCKETS,
    );
    expect(seen.amounts).toEqual({
      cpuMillicores: 1_900,
      memoryBytes: 128 * MIB,
      storageBytes: 0,
      bandwidthBitsPerSecond: 10_000_000,
    });
    expect(seen.devices).toMatchObject([{ id: 'g', milli: 950 }]);
  });

  it('is itself once it is rounded', () => {
    const once = roundedDown(lot(), DEFAULT_BUCKETS);
    expect(roundedDown(once, DEFAULT_BUCKETS)).toEqual(once);
  });

  it('with steps of one is exact', () => {
    const exact = { cpuMillicores: 1, memoryBytes: 1, storageBytes: 1, bandwidthBitsPerSecond: 1 };
    const odd = lot('m1', { amounts: amounts({ memoryBytes: 12_345 }) });
    expect(roundedDown(odd, { ...exact, deviceMilli: 1 })).toEqual(odd);
  });
});
