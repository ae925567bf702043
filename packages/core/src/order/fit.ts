/** Feasibility: whether and how replicas fit into a lot. Shared by the matcher and the freezer. */

import { compareIds } from '../units/ids.ts';
import {
  AMOUNT_FIELDS,
  acceptsDevice,
  addAmounts,
  copyAmounts,
  type DeviceRequest,
  type DeviceShare,
  type ReplicaRequest,
  WHOLE_DEVICE_MILLI,
} from '../units/resources.ts';
import type { Placement } from './placement.ts';
import type { Lot, LotDevice } from './sell-order.ts';

/** How many replicas fit into what the lot has free, at most `limit`. Exact. */
export function replicasThatFit(lot: Lot, request: ReplicaRequest, limit: number): number {
  let fits = limit;
  for (const field of AMOUNT_FIELDS) {
    const need = request[field];
    if (need > 0) fits = Math.min(fits, Math.floor(lot.amounts[field] / need));
    if (fits <= 0) return 0;
  }
  return request.device ? Math.min(fits, deviceSlots(lot.devices, request.device)) : fits;
}

function deviceSlots(devices: readonly LotDevice[], request: DeviceRequest): number {
  let slots = 0;
  for (const device of devices) {
    if (acceptsDevice(request, device)) slots += Math.floor(device.milli / request.shareMilli);
  }
  return Math.floor(slots / request.count);
}

/**
 * Chooses devices for `replicas` replicas that fit (by {@link replicasThatFit}). Shares go to the
 * accepted device with the least room that suffices, so that whole devices stay whole; ties go to
 * the smaller id.
 */
export function placeReplicas(lot: Lot, request: ReplicaRequest, replicas: number): Placement {
  const wanted = request.device;
  if (!wanted)
    return { lotId: lot.id, replicas, devices: Array.from({ length: replicas }, () => []) };
  const room = lot.devices
    .filter((device) => acceptsDevice(wanted, device) && device.milli >= wanted.shareMilli)
    .map((device) => ({ deviceId: device.id, milli: device.milli }));
  const devices: DeviceShare[][] = [];
  for (let replica = 0; replica < replicas; replica += 1) {
    const shares: DeviceShare[] = [];
    for (let unit = 0; unit < wanted.count; unit += 1) {
      const best = tightest(room, wanted.shareMilli);
      if (!best) return { lotId: lot.id, replicas: devices.length, devices };
      best.milli -= wanted.shareMilli;
      shares.push({ deviceId: best.deviceId, milli: wanted.shareMilli });
    }
    devices.push(shares);
  }
  return { lotId: lot.id, replicas, devices };
}

function tightest(room: DeviceShare[], shareMilli: number): DeviceShare | undefined {
  let best: DeviceShare | undefined;
  for (const device of room) {
    if (device.milli < shareMilli) continue;
    if (
      !best ||
      device.milli < best.milli ||
      (device.milli === best.milli && compareIds(device.deviceId, best.deviceId) < 0)
    ) {
      best = device;
    }
  }
  return best;
}

/** True when the placement asks exactly what the request says and all of it is free in the lot. */
export function placementFits(lot: Lot, request: ReplicaRequest, placement: Placement): boolean {
  if (placement.lotId !== lot.id || placement.replicas < 1) return false;
  for (const field of AMOUNT_FIELDS) {
    if (lot.amounts[field] < request[field] * placement.replicas) return false;
  }
  if (placement.devices.length !== placement.replicas) return false;
  const free = new Map(lot.devices.map((device) => [device.id, device.milli]));
  for (const shares of placement.devices) {
    if (shares.length !== (request.device?.count ?? 0)) return false;
    const used = new Set<string>();
    for (const share of shares) {
      const device = lot.devices.find((candidate) => candidate.id === share.deviceId);
      if (!device || !request.device || !acceptsDevice(request.device, device)) return false;
      if (share.milli !== request.device.shareMilli || used.has(share.deviceId)) return false;
      used.add(share.deviceId);
      const left = (free.get(share.deviceId) ?? 0) - share.milli;
      if (left < 0) return false;
      free.set(share.deviceId, left);
    }
  }
  return true;
}

/** The lot with the placement taken out (`sign` -1) or put back (+1); never below zero. */
export function withPlacement(
  lot: Lot,
  request: ReplicaRequest,
  placement: Placement,
  sign: 1 | -1,
): Lot {
  const amounts = copyAmounts(lot.amounts);
  addAmounts(amounts, request, sign * placement.replicas);
  for (const field of AMOUNT_FIELDS) amounts[field] = Math.max(0, amounts[field]);
  const moved = new Map<string, number>();
  for (const shares of placement.devices) {
    for (const share of shares) {
      moved.set(share.deviceId, (moved.get(share.deviceId) ?? 0) + share.milli);
    }
  }
  const devices = lot.devices.map((device) => {
    const milli = Math.max(0, device.milli + sign * (moved.get(device.id) ?? 0));
    return { ...device, milli: Math.min(WHOLE_DEVICE_MILLI, milli) };
  });
  return { ...lot, amounts, devices };
}
