/** How the offer follows the machine's own work. */
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import { describe, expect, it } from 'vitest';
import { idleShare } from './idle-share.ts';

const GIB = 1_073_741_824;
const none = { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0, bandwidthBitsPerSecond: 0 };
const wanted = { ...none, cpuMillicores: 3_000, memoryBytes: 4 * GIB, storageBytes: 10 * GIB };
const machine: MachineSpec = {
  id: 'm1',
  processor: { model: 'x', architecture: 'amd64', cpuMillicores: 4_000, megahertz: 1 },
  memory: { model: 'x', memoryBytes: 8 * GIB },
  storage: { model: 'x', storageBytes: 100 * GIB },
  gpu: [],
  flops: [],
  bandwidthBitsPerSecond: 0,
};
const idle = { cpuMillicores: 0, memoryBytes: 0, storageLeftBytes: 50 * GIB };

describe('idle share', () => {
  it('is what was configured while the owner uses little', () => {
    expect(idleShare(wanted, machine, idle, none, none)).toEqual(wanted);
  });

  it('shrinks with the own use, by the margin and in whole steps', () => {
    const own = { cpuMillicores: 1_733, memoryBytes: 5 * GIB, storageLeftBytes: 9 * GIB };
    const margin = { ...none, cpuMillicores: 500, memoryBytes: GIB, storageBytes: GIB };
    expect(idleShare(wanted, machine, own, margin, none)).toMatchObject({
      cpuMillicores: 1_700,
      memoryBytes: 2 * GIB,
      storageBytes: 8 * GIB,
    });
  });

  it('never takes from a running lease', () => {
    const own = { cpuMillicores: 4_000, memoryBytes: 8 * GIB, storageLeftBytes: 0 };
    const leased = { ...none, cpuMillicores: 700, memoryBytes: GIB };
    expect(idleShare(wanted, machine, own, none, leased)).toEqual(leased);
  });
});
