import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceRequest } from '../../test/fixtures.ts';
import { replicaPriceMicroPerHour } from '../order/price.ts';
import type { Asks } from '../order/sell-order.ts';
import type { ReplicaRequest } from '../units/resources.ts';
import { ReplicaCost } from './replica-cost.ts';

const amount = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 5000 }).map((n) => n * 2 ** 28),
  fc.integer({ min: 1, max: 500 }).map((n) => n * 500),
  fc.integer({ min: 0, max: 2 ** 40 }),
  fc.maxSafeNat().map((n) => Math.floor(n / 2)),
);

const requests: fc.Arbitrary<ReplicaRequest> = fc.record({
  cpuMillicores: amount,
  memoryBytes: amount,
  storageBytes: amount,
  bandwidthBitsPerSecond: amount,
  device: fc.option(
    fc
      .record({
        count: fc.integer({ min: 1, max: 16 }),
        shareMilli: fc.integer({ min: 1, max: 1000 }),
      })
      .map(deviceRequest),
  ),
});

const ask = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 0, max: 10 ** 6 }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const asks = fc.tuple(ask, ask, ask, ask, ask);
const efficiency = fc.oneof(fc.constant(1000), fc.integer({ min: 1, max: 1000 }));

function asksOf([device, cpu, memory, storage, bandwidth]: readonly number[]): Asks {
  return {
    deviceMicroPerHour: BigInt(device ?? 0),
    cpuMicroPerCoreHour: BigInt(cpu ?? 0),
    memoryMicroPerGibHour: BigInt(memory ?? 0),
    storageMicroPerGibHour: BigInt(storage ?? 0),
    bandwidthMicroPerGbitHour: BigInt(bandwidth ?? 0),
  };
}

describe('the price of a replica in plain numbers', () => {
  /** @patent PAN-2 MAT-3 */
  it('is exactly the price of the market, or none', () => {
    fc.assert(
      fc.property(requests, asks, efficiency, (request, words, permille) => {
        const price = new ReplicaCost(request).exact(Uint32Array.from(words), 0, permille);
        const exact = replicaPriceMicroPerHour(asksOf(words), permille, request);
        if (Number.isNaN(price)) expect(exact > 2n ** 40n || usesMuch(request)).toBe(true);
        else expect(BigInt(price)).toBe(exact);
      }),
      { numRuns: 5000 },
    );
  });

  it('is never below what it is without roundings', () => {
    fc.assert(
      fc.property(requests, asks, efficiency, (request, words, permille) => {
        const least = new ReplicaCost(request).least(Uint32Array.from(words), 0, permille);
        const exact = replicaPriceMicroPerHour(asksOf(words), permille, request);
        expect(BigInt(Math.ceil(least)) <= exact).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('is never below the bound from asks and efficiency that are not higher', () => {
    fc.assert(
      fc.property(requests, asks, asks, efficiency, efficiency, (request, a, b, one, other) => {
        const low = Uint32Array.from(a, (value, at) => Math.min(value, b[at] ?? 0));
        const bound = new ReplicaCost(request).lowest(low, 0, Math.min(one, other));
        const exact = replicaPriceMicroPerHour(asksOf(a), one, request);
        expect(BigInt(bound) <= exact).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

/** Some term's product may leave the plain range although the price does not. */
function usesMuch({ device, ...amounts }: ReplicaRequest): boolean {
  return Object.values(amounts).some((value) => value > 2 ** 20) || device !== null;
}
