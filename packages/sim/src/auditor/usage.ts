/** Sums of what parts hold, lot by lot and device by device. */
import type { PartRecord } from '@sparegrid/core/agreement/records';
import type { Lot } from '@sparegrid/core/order/sell-order';
import type { ResourceAmounts } from '@sparegrid/core/units/resources';

export interface LotUsage {
  amounts: ResourceAmounts;
  /** Held thousandths by device id. */
  devices: Map<string, number>;
}

export const FIELDS = [
  'cpuMillicores',
  'memoryBytes',
  'storageBytes',
  'bandwidthBitsPerSecond',
] as const;

export function usageOf(parts: readonly PartRecord[]): Map<string, LotUsage> {
  const lots = new Map<string, LotUsage>();
  for (const { terms } of parts) {
    for (const placement of terms.placements) {
      let lot = lots.get(placement.lotId);
      if (!lot) {
        lot = {
          amounts: { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0, bandwidthBitsPerSecond: 0 },
          devices: new Map(),
        };
        lots.set(placement.lotId, lot);
      }
      for (const field of FIELDS) lot.amounts[field] += terms.replica[field] * placement.replicas;
      for (const { deviceId, milli } of placement.devices.flat()) {
        lot.devices.set(deviceId, (lot.devices.get(deviceId) ?? 0) + milli);
      }
    }
  }
  return lots;
}

/** What is left of an offered lot. An offer that shrank below what is held leaves nothing. */
export function freeOf(lot: Lot, usage: LotUsage | undefined): Lot {
  if (!usage) return lot;
  const left = (offered: number, held: number) => Math.max(0, offered - held);
  return {
    ...lot,
    amounts: {
      cpuMillicores: left(lot.amounts.cpuMillicores, usage.amounts.cpuMillicores),
      memoryBytes: left(lot.amounts.memoryBytes, usage.amounts.memoryBytes),
      storageBytes: left(lot.amounts.storageBytes, usage.amounts.storageBytes),
      bandwidthBitsPerSecond: left(
        lot.amounts.bandwidthBitsPerSecond,
        usage.amounts.bandwidthBitsPerSecond,
      ),
    },
    devices: lot.devices.map((device) => ({
      ...device,
      milli: left(device.milli, usage.devices.get(device.id) ?? 0),
    })),
  };
}
