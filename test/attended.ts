/** Orders with somebody beside them who releases their keys whenever a lessor waits for one. */
import type { Client } from '@sparegrid/sdk/client';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import type { CallOptions } from '@sparegrid/sdk/pending-requests';

/** Attended until the order or the client ends. */
export async function submitAttended(
  client: Client,
  draft: OrderDraft,
  options: CallOptions = { timeoutMs: null },
): Promise<string> {
  const id = await client.submitOrder(draft, options);
  client.awaitOrder(id).catch(() => {});
  return id;
}
