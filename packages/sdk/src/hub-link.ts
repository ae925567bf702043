/** How a client reaches its hub: by frames over sockets or NATS, or by HTTP. */
import type { KeptChunk, OrderView, Request } from '@sparegrid/core/messages';
import type { OrderState } from '@sparegrid/core/order/order-record';
import type { OrderId } from '@sparegrid/core/units/ids';
import type { WithCursor } from '@sparegrid/link/http/routes';
import type { CallOptions, ReplyTo } from './pending-requests.ts';

/** A word of the hub about one order; null: any of them may have changed, words may have been lost. */
export type OrderNews = { order: OrderId; state: OrderState } | null;

export interface HubLink {
  /** Ends once the hub answered. @throws RefusedError, UnavailableError, the reason of the signal */
  ready(options: CallOptions): Promise<void>;
  /** @throws as {@link ready} */
  request<R extends Request>(request: R, options: CallOptions): Promise<ReplyTo<R>>;
  /** Views of the order, the first at once, then whenever it changed; ends with its final state. */
  watch(order: OrderId, signal?: AbortSignal): AsyncGenerator<OrderView, void, void>;
  /** Chunks behind the cursor as they come, until the order ended. */
  output(request: WithCursor, signal?: AbortSignal): AsyncGenerator<KeptChunk, void, void>;
  /**
   * Calls `heard` at each word about an order of the participant, whoever submitted it, and with null
   * after each reconnect; by HTTP with null every 2 s, as hubs tell nothing of all orders there.
   *
   * @returns what ends it.
   */
  hear(heard: (news: OrderNews) => void): () => void;
  close(): Promise<void>;
}
