/** The specs of the very machine that runs the test. */
import { cpus, tmpdir, totalmem } from 'node:os';
import { resourceSpec } from '@sparegrid/link/schemas/resource-spec';
import { describe, expect, it } from 'vitest';
import { readMachine } from './specs.ts';

const SETTINGS = {
  id: 'm1',
  bandwidthBitsPerSecond: null,
  flops: [],
  directory: tmpdir(),
};

describe('machine specs', () => {
  it('describe the real machine, in the form that hubs accept', async () => {
    const machine = await readMachine(SETTINGS);
    const spec = {
      participant: 'p1.h1',
      revision: 1,
      organization: { id: '', name: '', kind: 'company' },
      provision: 'single',
      machines: [machine],
      serverCluster: null,
      distributed: null,
    };
    expect(resourceSpec.safeParse(spec).error).toBeUndefined();
    expect(machine.processor.cpuMillicores).toBeGreaterThan(0);
    expect(machine.processor.cpuMillicores).toBeLessThanOrEqual(cpus().length * 1000);
    expect(machine.memory.memoryBytes).toBeGreaterThan(0);
    expect(machine.memory.memoryBytes).toBeLessThanOrEqual(totalmem());
    expect(machine.storage.storageBytes).toBeGreaterThan(0);
  });

  it('are the same when read again: nothing is reported while hardware is unchanged', async () => {
    expect(await readMachine(SETTINGS)).toEqual(await readMachine(SETTINGS));
  });

  it('take from the configuration what the machine does not tell', async () => {
    const flops = [{ precision: 'fp64', giga: 12 }] as const;
    const machine = await readMachine({
      ...SETTINGS,
      bandwidthBitsPerSecond: 1_000,
      flops: [...flops],
    });
    expect(machine).toMatchObject({ bandwidthBitsPerSecond: 1_000, flops });
  });
});
