/** The auditor's own price list: what replicas cost by the documented formula. */
import type { AgreementPartTerms } from '@sparegrid/core/agreement/records';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import type { ReplicaRequest } from '@sparegrid/core/units/resources';

const UNITS = { core: 1_000n, gib: 1_073_741_824n, gbit: 1_000_000_000n, device: 1_000n };

function up(amount: bigint, unit: bigint): bigint {
  const whole = amount / unit;
  return whole * unit === amount ? whole : whole + 1n;
}

/** Micro-credits an hour for one replica in the lot; undefined when the offer has no such lot. */
export function replicaPrice(
  offer: SellOrder,
  lotId: string,
  replica: ReplicaRequest,
): bigint | undefined {
  const asks = offer.lots.find(({ id }) => id === lotId)?.asks;
  if (!asks) return undefined;
  const milli = replica.device === null ? 0 : replica.device.count * replica.device.shareMilli;
  const terms = [
    up(asks.cpuMicroPerCoreHour * BigInt(replica.cpuMillicores), UNITS.core),
    up(asks.memoryMicroPerGibHour * BigInt(replica.memoryBytes), UNITS.gib),
    up(asks.storageMicroPerGibHour * BigInt(replica.storageBytes), UNITS.gib),
    up(asks.bandwidthMicroPerGbitHour * BigInt(replica.bandwidthBitsPerSecond), UNITS.gbit),
    up(asks.deviceMicroPerHour * BigInt(milli), UNITS.device),
  ];
  const nominal = terms.reduce((sum, term) => sum + term, 0n);
  return up(nominal * BigInt(offer.efficiencyPermille), 1_000n);
}

/** Micro-credits an hour for all placements of a part. */
export function partPrice(offer: SellOrder, terms: AgreementPartTerms): bigint | undefined {
  let sum = 0n;
  for (const { lotId, replicas } of terms.placements) {
    const each = replicaPrice(offer, lotId, terms.replica);
    if (each === undefined) return undefined;
    sum += each * BigInt(replicas);
  }
  return sum;
}

/** Micro-credits for so many milliseconds at an hourly price, rounded up. */
export function bill(priceMicroPerHour: bigint, durationMs: number): bigint {
  return up(priceMicroPerHour * BigInt(durationMs), 3_600_000n);
}
