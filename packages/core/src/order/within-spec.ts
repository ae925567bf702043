/** A sell order never exceeds the machines it names: checked at the door and by whoever relies on it. */
import { machineOfLot, type PublishedSpec } from './resource-spec.ts';
import type { SellOrder } from './sell-order.ts';

/** True when the offer is made the way the machines are, and every lot is within the one it names. */
export function offerFitsSpec(offer: SellOrder, spec: PublishedSpec): boolean {
  return offer.provision === spec.provision && lotBeyondMachine(offer, spec) === undefined;
}

/** The first thing of a lot that its machine does not have. */
export function lotBeyondMachine(offer: SellOrder, spec: PublishedSpec): string | undefined {
  const seen = new Set<string>();
  for (const lot of offer.lots) {
    const machine = machineOfLot(spec, lot.id);
    if (!machine || seen.has(lot.id)) return `lot ${lot.id}`;
    seen.add(lot.id);
    const within =
      lot.amounts.cpuMillicores <= machine.processor.cpuMillicores &&
      lot.amounts.memoryBytes <= machine.memory.memoryBytes &&
      lot.amounts.storageBytes <= machine.storage.storageBytes &&
      lot.amounts.bandwidthBitsPerSecond <= machine.bandwidthBitsPerSecond;
    if (!within) return `amounts of lot ${lot.id}`;
    const devices = new Set<string>();
    for (const device of lot.devices) {
      const owned = machine.gpu.find((candidate) => candidate.id === device.id);
      const same =
        owned?.model === device.model &&
        owned.vendor === device.vendor &&
        owned.memoryBytes === device.memoryBytes;
      if (!same || devices.has(device.id)) return `device ${device.id} of lot ${lot.id}`;
      devices.add(device.id);
    }
  }
  return undefined;
}
