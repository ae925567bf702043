/** Inventory of one lessor at its own hub: what it offers, what is frozen, and so what is free. */
import { placementFits } from '../order/fit.ts';
import type { Placement } from '../order/placement.ts';
import type { Lot, SellOrder } from '../order/sell-order.ts';
import { invariant } from '../refusals.ts';
import {
  AMOUNT_FIELDS,
  addAmounts,
  type ReplicaRequest,
  type ResourceAmounts,
} from '../units/resources.ts';

/** Quantities of one lot that leases hold. */
interface Frozen {
  amounts: ResourceAmounts;
  devices: Map<string, number>;
}

/**
 * Offered = free + frozen, lot by lot and device by device. When a new sell order offers less than
 * what is frozen, free is 0 and running leases keep what they have.
 *
 * @patent [0057] [0058] SIG-2 EXE-5
 */
export class Inventory {
  #offer: SellOrder | null = null;
  readonly #frozen = new Map<string, Frozen>();

  get offer(): SellOrder | null {
    return this.#offer;
  }

  setOffer(offer: SellOrder | null): void {
    this.#offer = offer;
  }

  /** The offer with what is free of each lot; null when nothing is offered. */
  free(): SellOrder | null {
    const offer = this.#offer;
    return offer && { ...offer, lots: offer.lots.map((lot) => this.#freeLot(lot)) };
  }

  /** True when every placement is free now: the same feasibility that the matcher uses. */
  fits(request: ReplicaRequest, placements: readonly Placement[]): boolean {
    const lots = this.#offer?.lots ?? [];
    const named = new Set(placements.map((placement) => placement.lotId));
    if (named.size !== placements.length || placements.length === 0) return false;
    return placements.every((placement) => {
      const lot = lots.find((candidate) => candidate.id === placement.lotId);
      return lot !== undefined && placementFits(this.#freeLot(lot), request, placement);
    });
  }

  freeze(request: ReplicaRequest, placements: readonly Placement[]): void {
    for (const placement of placements) this.#move(request, placement, 1);
  }

  release(request: ReplicaRequest, placements: readonly Placement[]): void {
    for (const placement of placements) this.#move(request, placement, -1);
  }

  #freeLot(lot: Lot): Lot {
    const frozen = this.#frozen.get(lot.id);
    if (!frozen) return lot;
    const amounts = { ...lot.amounts };
    for (const field of AMOUNT_FIELDS) {
      amounts[field] = Math.max(0, amounts[field] - frozen.amounts[field]);
    }
    const devices = lot.devices.map((device) => ({
      ...device,
      milli: Math.max(0, device.milli - (frozen.devices.get(device.id) ?? 0)),
    }));
    return { ...lot, amounts, devices };
  }

  #move(request: ReplicaRequest, placement: Placement, sign: 1 | -1): void {
    const frozen = this.#frozen.get(placement.lotId) ?? {
      amounts: { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0, bandwidthBitsPerSecond: 0 },
      devices: new Map<string, number>(),
    };
    addAmounts(frozen.amounts, request, sign * placement.replicas);
    for (const shares of placement.devices) {
      for (const { deviceId, milli } of shares) {
        frozen.devices.set(deviceId, (frozen.devices.get(deviceId) ?? 0) + sign * milli);
      }
    }
    const amounts = AMOUNT_FIELDS.map((field) => frozen.amounts[field]);
    const least = Math.min(...amounts, ...frozen.devices.values());
    invariant(least >= 0, `released more than was frozen in lot ${placement.lotId}`);
    this.#frozen.set(placement.lotId, frozen);
  }
}
