import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeviceInventories } from './device-inventories.ts';
import { Levels } from './levels.ts';
import { INVENTORY, ROW_WORDS, writeAmounts, writePrices } from './lot-rows.ts';
import {
  BOUND_WORDS,
  boundsOfLot,
  clearBounds,
  stockOfLot,
  widen,
  widenByStock,
} from './node-bounds.ts';

const GIB = 2 ** 30;

/** Few values of each. */
const columns = {
  cpuMillicores: fc.constantFrom(0, 4000, 4500, 2 ** 32 - 1),
  memoryBytes: fc.constantFrom(0, 1, 4 * GIB, 8 * GIB, 8 * GIB + 1, 2 ** 48 - 1),
  storageBytes: fc.constantFrom(0, 1, 32 * GIB, 100 * GIB, 2 ** 40, 2 ** 48 - 1),
  bandwidthBitsPerSecond: fc.constantFrom(0, 10 ** 9, 2 ** 33 + 7, 2 ** 48 - 1),
  shares: fc.array(fc.constantFrom(0, 250, 400, 1000), { maxLength: 4 }),
};
const stocks = fc.record(columns);
/** Not all columns, so that often only one thing grows. */
const changes = fc.record(columns, { requiredKeys: [] });
type Stock = typeof stocks extends fc.Arbitrary<infer T> ? T : never;

const asks = {
  cpuMicroPerCoreHour: 1n,
  memoryMicroPerGibHour: 2n,
  storageMicroPerGibHour: 3n,
  bandwidthMicroPerGbitHour: 4n,
  deviceMicroPerHour: 5n,
};

it('bounds grow by the stock of a lot as they do by the whole lot', () => {
  const inventories = new DeviceInventories();
  const levels = new Levels();
  const flags = { ofTerms: new Uint32Array(1).fill(5), ofTraits: new Uint32Array(1).fill(6) };
  const words = new Uint32Array(ROW_WORDS);
  const one = new Uint32Array(BOUND_WORDS);
  const boundOf = ({ shares, ...amounts }: Stock) => {
    const devices = shares.map((milli, number) => ({
      ...{ id: `g${number}`, vendor: 'acme', model: 'G1', memoryBytes: GIB, milli },
    }));
    expect(writeAmounts(words, 0, amounts)).toBe(true);
    words[INVENTORY] = inventories.acquire(devices);
    boundsOfLot(words, 0, inventories, flags, levels, one);
  };
  expect(writePrices(words, 0, asks, 90, 1000)).toBe(true);
  const sale = fc.tuple(fc.array(stocks, { minLength: 1, maxLength: 2 }), changes);
  fc.assert(
    fc.property(sale, ([before, change]) => {
      // A word on either side, which belongs to others.
      const bounds = new Uint32Array(BOUND_WORDS + 2).fill(7);
      clearBounds(bounds, 1);
      for (const stock of before) {
        boundOf(stock);
        widen(bounds, 1, one, 0);
      }
      boundOf({ ...before[0]!, ...change });
      const whole = bounds.slice();
      const grows = widen(whole, 1, one, 0);
      const stock = new Uint32Array(BOUND_WORDS);
      stockOfLot(words, 0, inventories, levels, stock);
      expect(widenByStock(bounds, 1, stock)).toBe(grows);
      expect(bounds).toEqual(whole);
    }),
    { numRuns: 2000 },
  );
});
