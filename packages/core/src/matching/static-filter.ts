/** Step 1 of matching: candidates by total resources alone, from the resource panorama. */
import type { BuyOrder } from '../order/buy-order.ts';
import {
  type MachineSpec,
  machineOfLot,
  POOL_LOT,
  type ResourceSpec,
} from '../order/resource-spec.ts';
import { acceptsDevice, type ReplicaRequest } from '../units/resources.ts';

/**
 * False only when no offer that this participant could ever make can hold one replica: a sell order
 * never exceeds the machine it names, so no feasible lessor is dropped.
 *
 * @patent [0050] C1.5 MAT-1
 */
export function couldEverServe(spec: ResourceSpec, order: BuyOrder): boolean {
  const { provision } = order.performance;
  if (provision !== 'any' && provision !== spec.provision) return false;
  const pool = machineOfLot(spec, POOL_LOT);
  const machines = pool ? [...spec.machines, pool] : spec.machines;
  return machines.some((machine) => holdsReplica(machine, order.replica));
}

function holdsReplica(machine: MachineSpec, request: ReplicaRequest): boolean {
  if (
    machine.processor.cpuMillicores < request.cpuMillicores ||
    machine.memory.memoryBytes < request.memoryBytes ||
    machine.storage.storageBytes < request.storageBytes ||
    machine.bandwidthBitsPerSecond < request.bandwidthBitsPerSecond
  ) {
    return false;
  }
  const wanted = request.device;
  if (!wanted) return true;
  return machine.gpu.filter((device) => acceptsDevice(wanted, device)).length >= wanted.count;
}
