/**
 * Checks what is about to be signed against the lots and orders of the round, in integers alone.
 * Shares no code with the solver, nor with what lays answers into lots and devices.
 */
import type { MatchPart } from '../matching/match.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { Filled } from './filling.ts';
import type { Round, RoundLot, RoundOrder } from './market.ts';

const MS_PER_HOUR = 3_600_000n;
const AMOUNTS = ['cpuMillicores', 'memoryBytes', 'storageBytes', 'bandwidthBitsPerSecond'] as const;

/** What has been given of one lot: amounts in the order of AMOUNTS, thousandths by device. */
interface Given {
  amounts: number[];
  milli: Map<string, number>;
}

/** The first fault, or undefined when all of it may be signed. */
export function checkFilled({ orders, lots }: Round, filled: Filled): string | undefined {
  const byName = new Map(lots.map((lot) => [nameOf(lot.lessor, lot.lot.id), lot]));
  const given = new Map<string, Given>();
  for (const [i, order] of orders.entries()) {
    const parts = filled.parts[i] ?? [];
    const fault = checkOrder(order, parts, byName, given);
    if (fault !== undefined) return `order ${order.id}: ${fault}`;
    const replicas = parts.reduce((sum, part) => sum + part.replicas, 0);
    if (replicas !== filled.replicas[i]) return `order ${order.id}: ${replicas} replicas counted`;
  }
  for (const [name, { amounts, milli }] of given) {
    const { lot } = byName.get(name) as RoundLot;
    for (const [at, field] of AMOUNTS.entries()) {
      if ((amounts[at] as number) > lot.amounts[field]) return `lot ${name}: ${field} oversold`;
    }
    for (const device of lot.devices) {
      if ((milli.get(device.id) ?? 0) > device.milli) return `lot ${name}: ${device.id} oversold`;
    }
  }
  return undefined;
}

function nameOf(lessor: string, lotId: string): string {
  return `${lessor} ${lotId}`;
}

function checkOrder(
  { order, want }: RoundOrder,
  parts: readonly MatchPart[],
  lots: ReadonlyMap<string, RoundLot>,
  given: Map<string, Given>,
): string | undefined {
  if (parts.length === 0) return undefined;
  let replicas = 0;
  let bill = 0n;
  for (const part of parts) {
    const fault = checkPart(order, part, lots, given);
    if (fault !== undefined) return fault;
    replicas += part.replicas;
    bill += ceil(part.priceMicroPerHour * BigInt(order.durationMs), MS_PER_HOUR);
  }
  if (replicas < want.min || replicas > want.max) {
    return `${replicas} replicas, wanted ${want.min} to ${want.max}`;
  }
  if (new Set(parts.map(({ lessor }) => lessor)).size !== parts.length) return 'a lessor twice';
  if (parts.length > order.maxLessors) return `${parts.length} lessors`;
  return bill > want.budgetMicro ? `costs ${bill} of ${want.budgetMicro}` : undefined;
}

function checkPart(
  order: RoundOrder['order'],
  part: MatchPart,
  lots: ReadonlyMap<string, RoundLot>,
  given: Map<string, Given>,
): string | undefined {
  let replicas = 0;
  let price = 0n;
  const named = new Set<string>();
  for (const { lotId, replicas: count, devices } of part.placements) {
    const name = nameOf(part.lessor, lotId);
    const found = lots.get(name);
    if (!found || named.has(lotId)) return `lot ${name} is not there, or twice`;
    named.add(lotId);
    if (found.hub !== part.hub || found.offer.termsRevision !== part.termsRevision) {
      return `lot ${name}: other terms`;
    }
    if (!Number.isSafeInteger(count) || count < 1 || devices.length !== count) {
      return `lot ${name}: ${count} replicas`;
    }
    const each = priceOf(found.offer, found, order);
    if (each > order.limitMicroPerReplicaHour) return `lot ${name}: ${each} per hour`;
    price += each * BigInt(count);
    replicas += count;
    const fault = giveTo(found, given, name, order, count, devices);
    if (fault !== undefined) return `lot ${name}: ${fault}`;
  }
  if (replicas !== part.replicas || replicas === 0) return `${part.lessor}: ${replicas} replicas`;
  return price === part.priceMicroPerHour ? undefined : `${part.lessor}: price ${price}`;
}

function giveTo(
  { lot }: RoundLot,
  all: Map<string, Given>,
  name: string,
  { replica }: RoundOrder['order'],
  count: number,
  devices: MatchPart['placements'][number]['devices'],
): string | undefined {
  const given = all.get(name) ?? { amounts: AMOUNTS.map(() => 0), milli: new Map() };
  all.set(name, given);
  for (const [at, field] of AMOUNTS.entries()) {
    given.amounts[at] = (given.amounts[at] as number) + replica[field] * count;
  }
  const wanted = replica.device;
  for (const shares of devices) {
    if (shares.length !== (wanted?.count ?? 0)) return `${shares.length} devices for a replica`;
    if (new Set(shares.map(({ deviceId }) => deviceId)).size !== shares.length) return 'one twice';
    for (const { deviceId, milli } of shares) {
      const device = lot.devices.find(({ id }) => id === deviceId);
      const isKind =
        wanted &&
        device &&
        (wanted.models.length === 0 || wanted.models.includes(device.model)) &&
        (wanted.vendor === null || wanted.vendor === device.vendor) &&
        wanted.minMemoryBytes <= device.memoryBytes;
      if (!isKind || milli !== wanted.shareMilli) return `${milli} of ${deviceId}`;
      given.milli.set(deviceId, (given.milli.get(deviceId) ?? 0) + milli);
    }
  }
  return undefined;
}

/** One replica's price per hour, every term rounded up, then scaled by the efficiency. */
function priceOf(offer: SellOrder, { lot }: RoundLot, { replica }: RoundOrder['order']): bigint {
  const { asks } = lot;
  const milli = replica.device ? replica.device.count * replica.device.shareMilli : 0;
  const terms: [number, bigint, bigint][] = [
    [replica.cpuMillicores, asks.cpuMicroPerCoreHour, 1_000n],
    [replica.memoryBytes, asks.memoryMicroPerGibHour, 1_073_741_824n],
    [replica.storageBytes, asks.storageMicroPerGibHour, 1_073_741_824n],
    [replica.bandwidthBitsPerSecond, asks.bandwidthMicroPerGbitHour, 1_000_000_000n],
    [milli, asks.deviceMicroPerHour, 1_000n],
  ];
  let sum = 0n;
  for (const [amount, ask, unit] of terms) sum += ceil(BigInt(amount) * ask, unit);
  return ceil(sum * BigInt(offer.efficiencyPermille), 1_000n);
}

function ceil(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}
