/** Turns the configuration's share of the machine into what the agent offers. */
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import type { Lot, LotDevice } from '@sparegrid/core/order/sell-order';
import type { OfferWanted } from '@sparegrid/core/participant/reporter';
import { AMOUNT_FIELDS, type ResourceAmounts } from '@sparegrid/core/units/resources';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import type { OfferSettings } from './config.ts';
import type { Runtime } from './runtime/runtime.ts';

/** Configuration fields by the amounts they become. */
const FIELDS: Readonly<Record<keyof ResourceAmounts, string>> = {
  cpuMillicores: 'cpu',
  memoryBytes: 'memory',
  storageBytes: 'storage',
  bandwidthBitsPerSecond: 'bandwidth',
};

/**
 * One lot: the share of the one machine.
 *
 * @param amounts  what of it is offered now.
 * @throws ConfigFault CONFIG_MACHINE when the machine lacks a device that shall be offered.
 * @patent [0040]
 */
export function offerOf(
  settings: OfferSettings,
  machine: MachineSpec,
  { images, egress }: Pick<Runtime, 'images' | 'egress'>,
  wallMs: number,
  amounts: ResourceAmounts,
): OfferWanted {
  return {
    provision: 'single',
    efficiencyPermille: 1_000,
    capabilities: {
      kinds: settings.kinds,
      architectures: [machine.processor.architecture],
      egress,
      capabilities: settings.capabilities,
    },
    imagePolicy: { allow: images },
    validUntilMs: wallMs + settings.validityMs,
    lots: [lotOf(settings, machine, amounts)],
  };
}

function lotOf(settings: OfferSettings, machine: MachineSpec, amounts: ResourceAmounts): Lot {
  const { asks, score, labels } = settings;
  return {
    id: machine.id,
    amounts,
    devices: settings.devices.map((device) => deviceOf(device, machine)),
    asks: {
      cpuMicroPerCoreHour: asks.cpuPerCoreHour,
      memoryMicroPerGibHour: asks.memoryPerGibHour,
      storageMicroPerGibHour: asks.storagePerGibHour,
      bandwidthMicroPerGbitHour: asks.bandwidthPerGbitHour,
      deviceMicroPerHour: asks.devicePerHour,
    },
    performance: { score, flops: machine.flops },
    labels,
  };
}

/** @throws ConfigFault CONFIG_MACHINE when more is to be offered than the machine has. */
export function amountsOf(settings: OfferSettings, machine: MachineSpec): ResourceAmounts {
  const wanted: ResourceAmounts = {
    cpuMillicores: settings.cpu,
    memoryBytes: settings.memory,
    storageBytes: settings.storage,
    bandwidthBitsPerSecond: settings.bandwidth,
  };
  const present: ResourceAmounts = {
    cpuMillicores: machine.processor.cpuMillicores,
    memoryBytes: machine.memory.memoryBytes,
    storageBytes: machine.storage.storageBytes,
    bandwidthBitsPerSecond: machine.bandwidthBitsPerSecond,
  };
  for (const field of AMOUNT_FIELDS) {
    if (wanted[field] <= present[field]) continue;
    const text = `offer.${FIELDS[field]}: the machine has ${present[field]} (${field})`;
    throw new ConfigFault('CONFIG_MACHINE', `${text}, ${wanted[field]} shall be offered.`);
  }
  return wanted;
}

function deviceOf({ id, milli }: { id: string; milli: number }, machine: MachineSpec): LotDevice {
  const device = machine.gpu.find((known) => known.id === id);
  if (device) return { ...device, milli };
  const known = machine.gpu.map((gpu) => gpu.id).join(', ') || 'none';
  throw new ConfigFault('CONFIG_MACHINE', `offer.devices: no device ${id}; there are: ${known}.`);
}
