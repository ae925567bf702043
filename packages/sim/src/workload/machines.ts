/** Machines of simulated lessors: small numbers of few kinds, so that stock is scarce. */
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import type { DeviceSpec } from '@sparegrid/core/units/resources';
import type { Rng } from '../kernel/rng.ts';

export const GIB = 1024 ** 3;

/** Device models with their memory and a usual ask for a whole device, in micro-credits an hour. */
export const DEVICE_MODELS = [
  { vendor: 'nvidia', model: 'T4', memoryBytes: 16 * GIB, askMicro: 350_000n },
  { vendor: 'nvidia', model: 'V100M16', memoryBytes: 16 * GIB, askMicro: 900_000n },
  { vendor: 'nvidia', model: 'A10', memoryBytes: 24 * GIB, askMicro: 700_000n },
  { vendor: 'ascend', model: '910B', memoryBytes: 64 * GIB, askMicro: 1_200_000n },
] as const;

/** One to three machines; about every second one has devices. */
export function makeMachines(rng: Rng, distributed: boolean): MachineSpec[] {
  const count = distributed ? rng.between(2, 4) : rng.between(1, 3);
  return Array.from({ length: count }, (_, at) => makeMachine(rng, `m${at}`));
}

function makeMachine(rng: Rng, id: string): MachineSpec {
  const cores = rng.pick([4, 6, 8, 12]);
  const architecture = rng.chance(850) ? 'amd64' : 'arm64';
  return {
    id,
    processor: {
      model: architecture === 'amd64' ? 'EPYC 7713' : 'Kunpeng 920',
      architecture,
      cpuMillicores: cores * 1000,
      megahertz: rng.pick([2000, 2600, 3200]),
    },
    memory: { model: 'DDR4-3200', memoryBytes: cores * rng.pick([2, 4]) * GIB },
    storage: { model: 'NVMe', storageBytes: rng.pick([100, 200]) * GIB },
    gpu: rng.chance(500) ? makeDevices(rng) : [],
    flops: [{ precision: 'fp32', giga: cores * 50 }],
    bandwidthBitsPerSecond: rng.pick([1, 10]) * 1_000_000_000,
  };
}

function makeDevices(rng: Rng): DeviceSpec[] {
  const { vendor, model, memoryBytes } = rng.pick(DEVICE_MODELS);
  const count = rng.between(1, 3);
  return Array.from({ length: count }, (_, at) => ({ id: `g${at}`, vendor, model, memoryBytes }));
}
