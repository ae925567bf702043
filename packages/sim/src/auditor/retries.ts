/** Promise 7: whoever lost a race is matched again soon; no order waits forgotten for its expiry. */
import type { OrderRecord } from '@sparegrid/core/order/order-record';
import type { HubId, OrderId } from '@sparegrid/core/units/ids';
import type { Commit } from './mirror.ts';
import type { Model } from './model.ts';

/** Of a hub at work: back-off after races, a round under way, slow commits, with room to spare. */
const RETRY_WITHIN_MS = 20_000;
/** A hub that committed nothing for longer was down or stood still: that time does not count. */
const PAUSE_MOST_MS = 1_000;

export class Retries {
  readonly #model: Model;
  /** Orders whose latest event is a lost race: how long their hub had been at work then. */
  readonly #lost = new Map<OrderId, number>();
  /** Per hub: its elapsed clock at the last commit, and how long it has been at work. */
  readonly #work = new Map<HubId, { lastMs: number; activeMs: number }>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** An older copy of the hub's store was put back, and with it the clock of its orders. */
  putBack(hub: HubId, elapsedMs: number): void {
    const work = this.#work.get(hub);
    if (work) work.lastMs = elapsedMs;
    this.#lost.clear();
  }

  check({ hub, now, changes }: Commit): void {
    const work = this.#work.get(hub.id) ?? { lastMs: now.elapsedMs, activeMs: 0 };
    work.activeMs += Math.min(PAUSE_MOST_MS, now.elapsedMs - work.lastMs);
    work.lastMs = now.elapsedMs;
    this.#work.set(hub.id, work);
    for (const { after } of changes.order) this.#follow(hub.id, after, work.activeMs);
  }

  #follow(hub: HubId, order: OrderRecord, activeMs: number): void {
    // Events that are repeated are merged: then the order was tried again, and lost again.
    if (order.events.at(-1)?.name === 'lost-race') {
      this.#lost.set(order.id, activeMs);
      return;
    }
    const sinceMs = this.#lost.get(order.id);
    this.#lost.delete(order.id);
    if (sinceMs === undefined || order.state !== 'expired') return;
    const waitedMs = activeMs - sinceMs;
    if (waitedMs <= RETRY_WITHIN_MS) return;
    const detail = `lost a race and was not tried again for ${waitedMs} ms`;
    this.#model.violate('order.forgotten', hub, order.id, detail);
  }
}
