/** Streams about one order: its views as they change, and the output of its containers. */
import type { KeptChunk, LogCursor, OrderView } from '@sparegrid/core/messages';
import { FINAL_ORDER_STATES } from '@sparegrid/core/order/order-record';
import { encodeStored } from '@sparegrid/core/units/json';
import type { Bell } from './bell.ts';

/** A look at an order that no push asked for: pushes may be lost, states may not. */
export const REFRESH_MS = 15_000;

/** @throws what `get` throws, or the reason of `signal` */
export async function* followOrder(
  bell: Bell,
  get: () => Promise<OrderView>,
  signal: AbortSignal | undefined,
): AsyncGenerator<OrderView, void, void> {
  let last = '';
  for (;;) {
    const seen = bell.count;
    const view = await get();
    const text = encodeStored(view);
    if (text !== last) yield view;
    last = text;
    if (FINAL_ORDER_STATES.has(view.state)) return;
    await bell.after(seen, REFRESH_MS, signal);
  }
}

/** Every chunk behind the cursor once, in order within its container, until the order ended. */
export async function* followLogs(
  bell: Bell,
  get: (after: LogCursor) => Promise<{ chunks: KeptChunk[]; ended: boolean }>,
  from: LogCursor,
  signal: AbortSignal | undefined,
): AsyncGenerator<KeptChunk, void, void> {
  const after = { ...from };
  for (;;) {
    const seen = bell.count;
    const { chunks, ended } = await get({ ...after });
    const fresh = takeFresh(chunks, after);
    yield* fresh;
    if (fresh.length > 0) continue;
    if (ended) return;
    await bell.after(seen, REFRESH_MS, signal);
  }
}

/** The chunks behind the cursor, which moves to the last of them. */
export function takeFresh(chunks: readonly KeptChunk[], after: LogCursor): KeptChunk[] {
  return chunks.filter(({ container, seq }) => {
    if (seq <= (after[container] ?? 0)) return false;
    after[container] = seq;
    return true;
  });
}
