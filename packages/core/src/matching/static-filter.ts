/** Step 1 of matching: candidates by total resources alone, from the resource panorama. */
import type { BuyOrder } from '../order/buy-order.ts';
import {
  type MachineSpec,
  machineOfLot,
  POOL_LOT,
  type PublishedSpec,
} from '../order/resource-spec.ts';
import { describeAmount } from '../units/quantity.ts';
import {
  AMOUNT_FIELDS,
  acceptsDevice,
  coversAmounts,
  type ReplicaRequest,
  type ResourceAmounts,
} from '../units/resources.ts';

/**
 * False only when no offer that this participant could ever make can hold one replica: a sell order
 * never exceeds the machine it names, so no feasible lessor is dropped.
 *
 * @patent [0050] C1.5 MAT-1
 */
export function couldEverServe(spec: PublishedSpec, order: BuyOrder): boolean {
  const { provision } = order.performance;
  if (provision !== 'any' && provision !== spec.provision) return false;
  const pool = machineOfLot(spec, POOL_LOT);
  const machines = pool ? [...spec.machines, pool] : spec.machines;
  return machines.some((machine) => holdsReplica(machine, order.replica));
}

function holdsReplica(machine: MachineSpec, request: ReplicaRequest): boolean {
  if (!coversAmounts(totalOf(machine), request)) return false;
  const wanted = request.device;
  if (!wanted) return true;
  return machine.gpu.filter((device) => acceptsDevice(wanted, device)).length >= wanted.count;
}

/** For people: what no machine of the participant has in total, and the most that one has. */
export function totalShortfall(
  spec: PublishedSpec,
  order: BuyOrder,
): { need: string; have: string } {
  const { provision } = order.performance;
  if (provision !== 'any' && provision !== spec.provision) {
    return { need: `provision ${provision}`, have: spec.provision };
  }
  const pool = machineOfLot(spec, POOL_LOT);
  const totals = (pool ? [...spec.machines, pool] : spec.machines).map(totalOf);
  for (const field of AMOUNT_FIELDS) {
    const most = Math.max(0, ...totals.map((total) => total[field]));
    if (most >= order.replica[field]) continue;
    const have = `at most ${describeAmount(field, most)} in one machine`;
    return { need: describeAmount(field, order.replica[field]), have };
  }
  const device = order.replica.device;
  const models = device?.models.join('|') || 'any device';
  const need = device ? `${device.count} x ${models}` : 'all of it in one machine';
  return { need, have: 'no machine that has all of it' };
}

function totalOf(machine: MachineSpec): ResourceAmounts {
  return {
    cpuMillicores: machine.processor.cpuMillicores,
    memoryBytes: machine.memory.memoryBytes,
    storageBytes: machine.storage.storageBytes,
    bandwidthBitsPerSecond: machine.bandwidthBitsPerSecond,
  };
}
