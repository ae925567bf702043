/** What a replica costs at a lot: the sum of its amounts times the lot's asks. */

import { ceilDiv, type Micro } from '../units/money.ts';
import type { ReplicaRequest } from '../units/resources.ts';
import type { Placement } from './placement.ts';
import type { Asks, SellOrder } from './sell-order.ts';

const GIB = 1n << 30n;
const GBIT = 1_000_000_000n;

/**
 * Price of one replica in micro-credits per hour. Every term is rounded up to a whole micro-credit,
 * then the sum is scaled by the provision's efficiency: a distributed provision is paid for the
 * computing power that it effectively delivers.
 *
 * @patent [0036] [0051] PAN-2 MAT-3
 */
export function replicaPriceMicroPerHour(
  asks: Asks,
  efficiencyPermille: number,
  request: ReplicaRequest,
): Micro {
  const deviceMilli = request.device ? request.device.count * request.device.shareMilli : 0;
  const nominal =
    ceilDiv(BigInt(request.cpuMillicores) * asks.cpuMicroPerCoreHour, 1000n) +
    ceilDiv(BigInt(request.memoryBytes) * asks.memoryMicroPerGibHour, GIB) +
    ceilDiv(BigInt(request.storageBytes) * asks.storageMicroPerGibHour, GIB) +
    ceilDiv(BigInt(request.bandwidthBitsPerSecond) * asks.bandwidthMicroPerGbitHour, GBIT) +
    ceilDiv(BigInt(deviceMilli) * asks.deviceMicroPerHour, 1000n);
  return efficiencyPermille === 1000
    ? nominal
    : ceilDiv(nominal * BigInt(efficiencyPermille), 1000n);
}

/** Price of all placements at one lessor; undefined when a lot is not in the offer. */
export function placementsPriceMicroPerHour(
  offer: SellOrder,
  request: ReplicaRequest,
  placements: readonly Placement[],
): Micro | undefined {
  let sum = 0n;
  for (const placement of placements) {
    const lot = offer.lots.find((candidate) => candidate.id === placement.lotId);
    if (!lot) return undefined;
    const price = replicaPriceMicroPerHour(lot.asks, offer.efficiencyPermille, request);
    sum += price * BigInt(placement.replicas);
  }
  return sum;
}
