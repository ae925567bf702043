/** Rounding down: what others see of idle quantities are multiples of stated steps. */
import { AMOUNT_FIELDS, type ResourceAmounts } from '../units/resources.ts';
import type { Lot } from './sell-order.ts';

/** The step of each quantity, in its own base unit; 1 keeps it exact. */
export interface Buckets extends ResourceAmounts {
  /** Of a device's share, in thousandths. */
  deviceMilli: number;
}

/** Fine enough for small slices, coarse enough to hide what a machine's owner does with it. */
export const DEFAULT_BUCKETS: Buckets = {
  cpuMillicores: 100,
  memoryBytes: 64 * 2 ** 20,
  storageBytes: 256 * 2 ** 20,
  bandwidthBitsPerSecond: 10_000_000,
  deviceMilli: 50,
};

/** The lot with every quantity rounded down: never more than there is. @patent [0077] SEC-2 */
export function roundedDown(lot: Lot, buckets: Buckets): Lot {
  const amounts = { ...lot.amounts };
  for (const field of AMOUNT_FIELDS) amounts[field] -= amounts[field] % buckets[field];
  const devices = lot.devices.map((device) => ({
    ...device,
    milli: device.milli - (device.milli % buckets.deviceMilli),
  }));
  return { ...lot, amounts, devices };
}
