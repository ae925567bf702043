/** What simulated lessors offer, and how they change it while the market runs. */
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import type { Lot, SellOrder } from '@sparegrid/core/order/sell-order';
import type { Rng } from '../kernel/rng.ts';
import { DEVICE_MODELS } from './machines.ts';

/** A sell order as the agent's shell states it; the core adds owner and revisions. */
export type OfferDraft = Omit<SellOrder, 'participant' | 'revision' | 'termsRevision'>;

export const REGIONS = ['north', 'south'] as const;

/** The first offer of a lessor: most of each machine (or of the pool), at asks of its own. */
export function makeOffer(
  rng: Rng,
  own: readonly MachineSpec[],
  distributed: boolean,
  validUntilMs: number,
): OfferDraft {
  const policy = rng.between(0, 9);
  const machines = slices(own, distributed);
  return {
    provision: distributed ? 'distributed' : 'single',
    efficiencyPermille: distributed ? rng.pick([700, 850, 933]) : 1000,
    capabilities: {
      kinds: rng.chance(850) ? ['job', 'service'] : ['job'],
      architectures: [...new Set(machines.map((machine) => machine.processor.architecture))],
      egress: rng.chance(700),
      capabilities: rng.chance(300) ? ['fuse'] : [],
    },
    imagePolicy: { allow: policy === 0 ? ['registry.example/trusted/'] : [] },
    validUntilMs,
    lots: machines.map((machine) => makeLot(rng, machine)),
  };
}

/** What lots are slices of: each machine, or all machines of a distributed provision as one. */
export function slices(own: readonly MachineSpec[], distributed: boolean): MachineSpec[] {
  const first = own[0];
  if (!distributed || !first) return [...own];
  const sum = (pick: (machine: MachineSpec) => number) =>
    own.reduce((total, machine) => total + pick(machine), 0);
  const pool = {
    ...first,
    id: 'pool',
    processor: { ...first.processor, cpuMillicores: sum((one) => one.processor.cpuMillicores) },
    memory: { ...first.memory, memoryBytes: sum((one) => one.memory.memoryBytes) },
    storage: { ...first.storage, storageBytes: sum((one) => one.storage.storageBytes) },
    gpu: own.flatMap(({ id, gpu }) =>
      gpu.map((device) => ({ ...device, id: `${id}/${device.id}` })),
    ),
  };
  return [pool];
}

function makeLot(rng: Rng, machine: MachineSpec): Lot {
  const model = DEVICE_MODELS.find((known) => known.model === machine.gpu[0]?.model);
  return {
    id: machine.id,
    amounts: shareOf(machine, rng.pick([500, 750, 1000])),
    devices: machine.gpu.map((device) => ({ ...device, milli: rng.chance(800) ? 1000 : 500 })),
    asks: {
      cpuMicroPerCoreHour: BigInt(rng.between(20_001, 60_007)),
      memoryMicroPerGibHour: BigInt(rng.between(2_003, 6_011)),
      storageMicroPerGibHour: BigInt(rng.between(11, 97)),
      bandwidthMicroPerGbitHour: BigInt(rng.between(101, 1_009)),
      deviceMicroPerHour: model ? (model.askMicro * BigInt(rng.between(700, 1300))) / 1000n : 0n,
    },
    performance: {
      score: rng.between(400, 1600),
      flops: [{ precision: 'fp32', giga: rng.between(200, 900) }],
    },
    labels: { region: rng.pick(REGIONS) },
  };
}

function shareOf(machine: MachineSpec, permille: number): Lot['amounts'] {
  return {
    cpuMillicores: (machine.processor.cpuMillicores * permille) / 1000,
    memoryBytes: (machine.memory.memoryBytes * permille) / 1000,
    storageBytes: (machine.storage.storageBytes * permille) / 1000,
    bandwidthBitsPerSecond: (machine.bandwidthBitsPerSecond * permille) / 1000,
  };
}

export type OfferChange =
  | 'stock'
  | 'price'
  | 'attributes'
  | 'withdraw'
  | 'return'
  | 'renew'
  | 'boast';

/** Applies one change to `base` (the lessor's first offer) and its present offer. */
export function changeOffer(
  rng: Rng,
  change: OfferChange,
  machines: readonly MachineSpec[],
  base: OfferDraft,
  present: OfferDraft,
): OfferDraft {
  switch (change) {
    case 'stock':
      return { ...present, lots: base.lots.map((lot, at) => restock(rng, machines, lot, at)) };
    case 'price':
      return { ...present, lots: present.lots.map((lot) => reprice(rng, lot)) };
    case 'attributes':
      return {
        ...present,
        lots: present.lots.map((lot) => ({
          ...lot,
          performance: { ...lot.performance, score: rng.between(400, 1600) },
        })),
      };
    case 'withdraw':
      return { ...present, lots: [] };
    case 'return':
      return { ...present, lots: base.lots };
    case 'boast':
      return { ...present, lots: boast(rng, base.lots) };
    case 'renew':
      return { ...present, validUntilMs: present.validUntilMs + 1 };
  }
}

/** Own load rises or falls: another share of the machine is idle; asks stay as they are. */
function restock(rng: Rng, machines: readonly MachineSpec[], lot: Lot, at: number): Lot {
  const machine = machines[at];
  if (!machine) return lot;
  const devices = lot.devices.map((device) => ({
    ...device,
    milli: rng.pick([0, 500, 1000, 1000]),
  }));
  return { ...lot, amounts: shareOf(machine, rng.pick([0, 250, 500, 750, 1000, 1000])), devices };
}

/** More than there is: the hub must refuse it. */
function boast(rng: Rng, lots: readonly Lot[]): Lot[] {
  const kind = rng.between(0, 4);
  // One machine, sold as two.
  if (kind === 4) return [...lots, ...lots];
  return lots.map((lot) =>
    kind === 3 ? withInvented(lot) : beyond(lot, kind, rng.pick([3, 1000])),
  );
}

function beyond(lot: Lot, kind: number, factor: number): Lot {
  const { cpuMillicores, memoryBytes, storageBytes } = lot.amounts;
  const more = [
    { cpuMillicores: (cpuMillicores + 1) * factor },
    { memoryBytes: (memoryBytes + 1) * factor },
    { storageBytes: (storageBytes + 1) * factor },
  ][kind];
  return { ...lot, amounts: { ...lot.amounts, ...more } };
}

/** A device that its machine does not have. */
function withInvented(lot: Lot): Lot {
  const known = DEVICE_MODELS[0] as (typeof DEVICE_MODELS)[number];
  const { vendor, model, memoryBytes } = known;
  const device = { id: 'g99', vendor, model, memoryBytes, milli: 1000 };
  return { ...lot, devices: [...lot.devices, device] };
}

function reprice(rng: Rng, lot: Lot): Lot {
  const permille = BigInt(rng.between(800, 1250));
  return {
    ...lot,
    asks: {
      ...lot.asks,
      cpuMicroPerCoreHour: (lot.asks.cpuMicroPerCoreHour * permille) / 1000n + 1n,
      deviceMicroPerHour: (lot.asks.deviceMicroPerHour * permille) / 1000n,
    },
  };
}
