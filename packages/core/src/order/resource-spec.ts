/** Resource information of a participant: what its machines are in total, idle or not. */
import type { ParticipantId } from '../units/ids.ts';
import type { DeviceSpec, FlopsRate, Provision } from '../units/resources.ts';

/**
 * Who owns the node. `id` is an LEI or a unified social credit code where there is one.
 *
 * @patent [0032] TOP-5
 */
export interface Organization {
  id: string;
  name: string;
  kind: 'government' | 'sector' | 'company' | 'institution';
}

/** One machine, each item with configuration and model. @patent [0036] PAN-1 */
export interface MachineSpec {
  /** Stable and unique within the participant. */
  id: string;
  processor: { model: string; architecture: string; cpuMillicores: number; megahertz: number };
  memory: { model: string; memoryBytes: number };
  storage: { model: string; storageBytes: number };
  gpu: DeviceSpec[];
  flops: FlopsRate[];
  /** Intranet bandwidth of this machine. */
  bandwidthBitsPerSecond: number;
}

/**
 * Everything a participant owns. Near-static: registered once, re-sent only when hardware changes.
 *
 * @patent [0036]-[0039] PAN-1 PAN-2
 */
export interface ResourceSpec {
  participant: ParticipantId;
  /** Rises with every change that the participant reports. */
  revision: number;
  organization: Organization;
  provision: Provision;
  machines: MachineSpec[];
  /** How the machines are managed together; null for loose machines. */
  serverCluster: { name: string; scheduler: string } | null;
  /** Distributed computing resources: how the parts are connected; null for single machines. */
  distributed: { interconnect: string; nodes: number } | null;
}

/** Resource information as hubs see it of each other's participants: whose it is may be left out. */
export interface PublishedSpec extends Omit<ResourceSpec, 'organization'> {
  organization: Organization | null;
}

/** Lot id under which a distributed provision offers all its machines as one. */
export const POOL_LOT = 'pool';

/**
 * The machine that a lot of this id is a slice of: a machine by its id or, for a distributed
 * provision, the sum of all machines under {@link POOL_LOT}.
 */
export function machineOfLot(spec: PublishedSpec, lotId: string): MachineSpec | undefined {
  const machine = spec.machines.find((candidate) => candidate.id === lotId);
  const first = spec.machines[0];
  if (machine || lotId !== POOL_LOT || spec.provision !== 'distributed' || !first) return machine;
  const sum = (pick: (one: MachineSpec) => number) =>
    spec.machines.reduce((total, one) => total + pick(one), 0);
  return {
    ...first,
    id: POOL_LOT,
    processor: { ...first.processor, cpuMillicores: sum((one) => one.processor.cpuMillicores) },
    memory: { ...first.memory, memoryBytes: sum((one) => one.memory.memoryBytes) },
    storage: { ...first.storage, storageBytes: sum((one) => one.storage.storageBytes) },
    gpu: spec.machines.flatMap((one) =>
      one.gpu.map((device) => ({ ...device, id: `${one.id}/${device.id}` })),
    ),
  };
}
