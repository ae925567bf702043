/** Promise 2 as the lessee sees it: what it was told stays true, and is about its own order. */
import type { Reply } from '@sparegrid/core/messages';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { OrderState } from '@sparegrid/core/order/order-record';
import type { SignedDocument } from '@sparegrid/core/units/document';
import { type HubId, hubOf, type OrderId, type ParticipantId } from '@sparegrid/core/units/ids';
import type { HubMirror } from './mirror.ts';
import type { Model } from './model.ts';

/** Where in the hub's words to the lessee something was said: what is said later must not go back. */
export interface Stamp {
  epoch: number;
  seq: number;
}

interface Followed {
  order: BuyOrder;
  final: OrderState | null;
  finalAt: Stamp | null;
  costMicro: bigint | null;
  cancelled: boolean;
}

const FINAL: ReadonlySet<OrderState> = new Set(['completed', 'failed', 'expired', 'cancelled']);
/** Refusals that a sound order may get: clocks may be wrong, and there are limits. */
const FAIR: ReadonlySet<string> = new Set([
  'ORDER_EXPIRED',
  'ORDER_LIMIT',
  'ORDER_QUEUE_FULL',
  'STORE_LOW_DISK',
  'LINK_BUSY',
]);

export class Lessees {
  readonly #model: Model;
  readonly followed = new Map<OrderId, Followed>();
  /** Lost with an older copy of the hub's store; their lessees may send them again. */
  readonly #forgotten = new Set<OrderId>();
  /** The last epoch of each hub before an older copy of its store was put back. */
  readonly #lostEpochs = new Map<HubId, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** An older copy of the hub's store was put back: what it told since then it may not know. */
  putBack({ id: hub, records }: HubMirror, epoch: number): void {
    this.#lostEpochs.set(hub, Math.max(epoch, this.#lostEpochs.get(hub) ?? 0));
    for (const [id, followed] of this.followed) {
      if (hubOf(followed.order.lessee) !== hub) continue;
      const order = records.order.get(id);
      if (order && FINAL.has(order.state)) continue;
      followed.final = null;
      followed.finalAt = null;
      followed.costMicro = null;
      if (!order) this.#forgotten.add(id);
    }
  }

  submitted(lessee: ParticipantId, order: BuyOrder, document: SignedDocument, reply: Reply): void {
    if (!reply.ok) {
      if (!FAIR.has(reply.code)) {
        this.#model.violate('order.refused-wrongly', lessee, reply.code, reply.hint);
      }
      return;
    }
    if (reply.op !== 'order.submit') return;
    const hub = this.#model.hub(lessee.slice(lessee.indexOf('.') + 1));
    const record = hub.known('order', reply.order);
    if (record?.document.payload !== document.payload) {
      this.#model.violate('order.lost', lessee, reply.order, 'acknowledged, not on record');
    }
    if (hub.records.order.has(reply.order)) this.#forgotten.delete(reply.order);
    else this.#forgotten.add(reply.order);
    if (this.followed.has(reply.order)) return;
    this.followed.set(reply.order, {
      order,
      final: null,
      finalAt: null,
      costMicro: null,
      cancelled: false,
    });
  }

  /** An event that the hub sent by itself. */
  told(lessee: ParticipantId, id: OrderId, state: OrderState, at: Stamp): void {
    const followed = this.followed.get(id);
    if (followed && FINAL.has(state)) this.#final(lessee, id, followed, state, at);
  }

  cancelled(lessee: ParticipantId, id: OrderId, reply: Reply): void {
    const followed = this.followed.get(id);
    if (reply.ok && followed) followed.cancelled = true;
    if (!reply.ok && reply.code === 'ORDER_UNKNOWN') this.#unknown(lessee, id);
  }

  viewed(lessee: ParticipantId, id: OrderId, reply: Reply, at: Stamp): void {
    const followed = this.followed.get(id);
    if (!followed) return;
    if (!reply.ok) {
      if (reply.code === 'ORDER_UNKNOWN') this.#unknown(lessee, id);
      return;
    }
    if (reply.op !== 'order.get') return;
    const { state, costMicro } = reply.order;
    if (costMicro > followed.order.budgetMicro) {
      const detail = `${costMicro} of ${followed.order.budgetMicro}`;
      this.#model.violate('order.above-budget', lessee, id, detail);
    }
    if (!FINAL.has(state)) {
      if (followed.finalAt && isAfter(at, followed.finalAt)) {
        this.#model.violate('order.final-changed', lessee, id, `${followed.final} -> ${state}`);
      }
      return;
    }
    this.#final(lessee, id, followed, state, at);
    if (followed.costMicro !== null && followed.costMicro !== costMicro) {
      const detail = `${followed.costMicro} -> ${costMicro}`;
      this.#model.violate('order.bill-changed', lessee, id, detail);
    }
    followed.costMicro = costMicro;
  }

  #final(
    lessee: ParticipantId,
    id: OrderId,
    followed: Followed,
    state: OrderState,
    at: Stamp,
  ): void {
    // A word that was under way when its hub lost what it told of.
    if (at.epoch <= (this.#lostEpochs.get(hubOf(lessee)) ?? 0)) return;
    if (followed.final && followed.final !== state) {
      this.#model.violate('order.final-changed', lessee, id, `${followed.final} -> ${state}`);
    }
    followed.final = state;
    if (!followed.finalAt || isAfter(followed.finalAt, at)) followed.finalAt = at;
  }

  #unknown(lessee: ParticipantId, id: OrderId): void {
    if (!this.followed.has(id) || this.#forgotten.has(id)) return;
    if (this.#model.hub(hubOf(lessee)).deleted.has(`order ${id}`)) return;
    this.#model.violate('order.lost', lessee, id, 'acknowledged, now unknown');
  }
}

function isAfter(a: Stamp, b: Stamp): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}
