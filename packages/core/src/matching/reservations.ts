/** What this hub's own unanswered agreements are about to take: never matched twice meanwhile. */
import type { Placement } from '../order/placement.ts';
import type { Lot, SellOrder } from '../order/sell-order.ts';
import type { PartId, ParticipantId } from '../units/ids.ts';
import {
  AMOUNT_FIELDS,
  addAmounts,
  type ReplicaRequest,
  type ResourceAmounts,
} from '../units/resources.ts';

interface Reservation {
  request: ReplicaRequest;
  placements: Placement[];
}

/** Of one lot, by all reservations together: a busy lot has many, and is looked at for each order. */
interface Reserved {
  amounts: ResourceAmounts;
  devices: Map<string, number>;
}

interface OfLessor {
  parts: Map<PartId, Reservation>;
  lots: Map<string, Reserved>;
}

export class Reservations {
  /** Lessors of whom something was reserved or given back since this was last emptied. */
  readonly changed = new Set<ParticipantId>();
  readonly #byLessor = new Map<ParticipantId, OfLessor>();

  add(lessor: ParticipantId, part: PartId, request: ReplicaRequest, placements: Placement[]): void {
    this.remove(lessor, part);
    const reserved = this.#byLessor.get(lessor) ?? { parts: new Map(), lots: new Map() };
    this.#byLessor.set(lessor, reserved);
    reserved.parts.set(part, { request, placements });
    for (const placement of placements) move(reserved.lots, request, placement, 1);
    this.changed.add(lessor);
  }

  remove(lessor: ParticipantId, part: PartId): void {
    const reserved = this.#byLessor.get(lessor);
    const reservation = reserved?.parts.get(part);
    if (!reserved || !reservation) return;
    reserved.parts.delete(part);
    const { request, placements } = reservation;
    for (const placement of placements) move(reserved.lots, request, placement, -1);
    if (reserved.parts.size === 0) this.#byLessor.delete(lessor);
    this.changed.add(lessor);
  }

  has(lessor: ParticipantId): boolean {
    return this.#byLessor.has(lessor);
  }

  /** The offer less what is reserved in its lots. */
  freeOf(offer: SellOrder): SellOrder {
    const { participant, lots } = offer;
    if (!this.#byLessor.has(participant)) return offer;
    return { ...offer, lots: lots.map((lot) => this.free(participant, lot)) };
  }

  /** The lot less what is reserved in it; never below zero. */
  free(lessor: ParticipantId, lot: Lot): Lot {
    const reserved = this.#byLessor.get(lessor)?.lots.get(lot.id);
    if (!reserved) return lot;
    const amounts = { ...lot.amounts };
    for (const field of AMOUNT_FIELDS) {
      amounts[field] = Math.max(0, amounts[field] - reserved.amounts[field]);
    }
    const devices = lot.devices.map((device) => {
      const milli = Math.max(0, device.milli - (reserved.devices.get(device.id) ?? 0));
      return { ...device, milli };
    });
    return { ...lot, amounts, devices };
  }
}

function move(
  lots: Map<string, Reserved>,
  request: ReplicaRequest,
  { lotId, replicas, devices }: Placement,
  sign: 1 | -1,
): void {
  const reserved = lots.get(lotId) ?? {
    amounts: { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0, bandwidthBitsPerSecond: 0 },
    devices: new Map<string, number>(),
  };
  lots.set(lotId, reserved);
  addAmounts(reserved.amounts, request, sign * replicas);
  for (const { deviceId, milli } of devices.flat()) {
    reserved.devices.set(deviceId, (reserved.devices.get(deviceId) ?? 0) + sign * milli);
  }
}
