/** Unattended release: the keys of all orders of a participant, whoever submitted them. */
import { FINAL_ORDER_STATES } from '@sparegrid/core/order/order-record';
import type { OrderId } from '@sparegrid/core/units/ids';
import { Bell } from './bell.ts';
import type { Client } from './client.ts';
import { hasKeys } from './task-keys.ts';

/** How often to look for orders that others submitted meanwhile; lessors wait for half a minute. */
const LOOK_MS = 2_000;

export interface ReleaseAllOptions {
  signal: AbortSignal;
  /** The order's lessors have its key, of this client or another one; said once. */
  released?(order: OrderId): void;
  /** A key was not released; said once for each reason, and tried again. */
  failed(order: OrderId, error: Error): void;
}

/**
 * Watches each order that is not at its end, which releases its key, until `signal` aborts. It waits
 * for a hub that is away, as long as that takes.
 *
 * @throws RefusedError when the hub does not know the participant or its key any more.
 */
export async function releaseAll(client: Client, options: ReleaseAllOptions): Promise<void> {
  const { signal } = options;
  const watched = new Set<OrderId>();
  const failures = new Map<OrderId, string>();
  const never = new Bell();
  const watch = async (id: OrderId): Promise<void> => {
    try {
      let isTold = false;
      for await (const view of client.watch(id, { signal })) {
        if (isTold || !hasKeys(view)) continue;
        isTold = true;
        options.released?.(id);
      }
      failures.delete(id);
    } catch (error) {
      if (signal.aborted || failures.get(id) === String(error)) return;
      failures.set(id, String(error));
      options.failed(id, error as Error);
    } finally {
      watched.delete(id);
    }
  };
  try {
    while (!signal.aborted) {
      const orders = await client.listOrders({ signal, timeoutMs: null });
      const listed = new Set(orders.map(({ id }) => id));
      for (const id of failures.keys()) if (!listed.has(id)) failures.delete(id);
      for (const { id, state } of orders) {
        if (watched.has(id) || FINAL_ORDER_STATES.has(state)) continue;
        watched.add(id);
        void watch(id);
      }
      await never.after(0, LOOK_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
