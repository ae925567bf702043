/** What this hub's own unanswered agreements are about to take: never matched twice meanwhile. */
import { withPlacement } from '../order/fit.ts';
import type { Placement } from '../order/placement.ts';
import type { Lot, SellOrder } from '../order/sell-order.ts';
import type { PartId, ParticipantId } from '../units/ids.ts';
import type { ReplicaRequest } from '../units/resources.ts';

interface Reservation {
  request: ReplicaRequest;
  placements: Placement[];
}

export class Reservations {
  /** Lessors of whom something was reserved or given back since this was last emptied. */
  readonly changed = new Set<ParticipantId>();
  readonly #byLessor = new Map<ParticipantId, Map<PartId, Reservation>>();

  add(lessor: ParticipantId, part: PartId, request: ReplicaRequest, placements: Placement[]): void {
    let parts = this.#byLessor.get(lessor);
    if (!parts) {
      parts = new Map();
      this.#byLessor.set(lessor, parts);
    }
    parts.set(part, { request, placements });
    this.changed.add(lessor);
  }

  remove(lessor: ParticipantId, part: PartId): void {
    const parts = this.#byLessor.get(lessor);
    if (!parts?.delete(part)) return;
    if (parts.size === 0) this.#byLessor.delete(lessor);
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

  /** The lot less what is reserved in it. */
  free(lessor: ParticipantId, lot: Lot): Lot {
    const parts = this.#byLessor.get(lessor);
    if (!parts) return lot;
    let left = lot;
    for (const { request, placements } of parts.values()) {
      for (const placement of placements) {
        if (placement.lotId === lot.id) left = withPlacement(left, request, placement, -1);
      }
    }
    return left;
  }
}
