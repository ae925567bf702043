/** Unattended release: the keys of all orders of a participant, whoever submitted them. */
import { FINAL_ORDER_STATES } from '@sparegrid/core/order/order-record';
import type { OrderId } from '@sparegrid/core/units/ids';
import { Bell } from './bell.ts';
import type { Client } from './client.ts';
import { pause } from './pause.ts';
import { hasKeys } from './task-keys.ts';

/** A look at all orders that no word of the hub asked for: words may be lost, keys may not. */
const LOOK_MS = 60_000;
/** What failed is tried again after so long; lessors wait for half a minute. */
const AGAIN_MS = 2_000;

export interface ReleaseAllOptions {
  signal: AbortSignal;
  /** The order's lessors have its key, of this client or another one; said once. */
  released?(order: OrderId): void;
  /** A key was not released; said once for each reason, and tried again. */
  failed(order: OrderId, error: Error): void;
}

/**
 * Watches each order that is not at its end, which releases its key, until `signal` aborts. It hears
 * of new orders as soon as the hub has them, and waits for a hub that is away, as long as that takes.
 *
 * @throws RefusedError when the hub does not know the participant or its key any more.
 */
export async function releaseAll(client: Client, options: ReleaseAllOptions): Promise<void> {
  const { signal } = options;
  const watched = new Set<OrderId>();
  const failures = new Map<OrderId, string>();
  /** Rings when all orders shall be looked at. */
  const bell = new Bell();
  const watch = async (id: OrderId): Promise<void> => {
    if (watched.has(id)) return;
    watched.add(id);
    try {
      let isTold = false;
      for await (const view of client.watch(id, { signal })) {
        if (isTold || !hasKeys(view)) continue;
        isTold = true;
        options.released?.(id);
      }
      failures.delete(id);
      watched.delete(id);
    } catch (error) {
      if (signal.aborted) return;
      if (failures.get(id) !== String(error)) options.failed(id, error as Error);
      failures.set(id, String(error));
      await pause(AGAIN_MS, signal);
      watched.delete(id);
      bell.ring();
    }
  };
  const deafen = client.hear((news) => {
    if (news === null) bell.ring();
    else if (!FINAL_ORDER_STATES.has(news.state)) void watch(news.order);
  });
  try {
    while (!signal.aborted) {
      const seen = bell.count;
      const orders = await client.listOrders({ signal, timeoutMs: null });
      const listed = new Set(orders.map(({ id }) => id));
      for (const id of failures.keys()) if (!listed.has(id)) failures.delete(id);
      for (const { id, state } of orders) if (!FINAL_ORDER_STATES.has(state)) void watch(id);
      await bell.after(seen, LOOK_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    deafen();
  }
}
