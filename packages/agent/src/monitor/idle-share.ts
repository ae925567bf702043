/** How much of the machine is idle: what its owner does not use, less a margin. */
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import { AMOUNT_FIELDS, type ResourceAmounts } from '@sparegrid/core/units/resources';

/** Offers change in steps of this: small ups and downs of the owner's work change nothing. */
const STEP: ResourceAmounts = {
  cpuMillicores: 100,
  memoryBytes: 64 * 1_048_576,
  storageBytes: 64 * 1_048_576,
  bandwidthBitsPerSecond: 1,
};

/** What the machine's owner uses, without leased containers. */
export interface OwnUse {
  cpuMillicores: number;
  memoryBytes: number;
  /** Free on the disk, plus what leased containers have written. */
  storageLeftBytes: number;
}

/**
 * What may be offered: never less than what leases hold, never more than what was configured.
 *
 * @param wanted  as configured.
 * @param leased  by containers that have not ended: they keep their share.
 * @patent [0047] C5.3 IDL-7
 */
export function idleShare(
  wanted: ResourceAmounts,
  machine: MachineSpec,
  own: OwnUse,
  margin: ResourceAmounts,
  leased: ResourceAmounts,
): ResourceAmounts {
  const idle: ResourceAmounts = {
    cpuMillicores: machine.processor.cpuMillicores - own.cpuMillicores - margin.cpuMillicores,
    memoryBytes: machine.memory.memoryBytes - own.memoryBytes - margin.memoryBytes,
    storageBytes: own.storageLeftBytes - margin.storageBytes,
    bandwidthBitsPerSecond: machine.bandwidthBitsPerSecond - margin.bandwidthBitsPerSecond,
  };
  const share = { ...wanted };
  for (const field of AMOUNT_FIELDS) {
    const whole = Math.floor(Math.max(0, idle[field]) / STEP[field]) * STEP[field];
    share[field] = Math.max(Math.min(wanted[field], whole), leased[field]);
  }
  return share;
}
