/** How a client reaches its hub: by frames over sockets or NATS, or by HTTP. */
import type { LogChunk, LogCursor, OrderView, Request } from '@sparegrid/core/messages';
import type { OrderId } from '@sparegrid/core/units/ids';
import type { CallOptions, ReplyTo } from './pending-requests.ts';

export interface HubLink {
  /** Ends once the hub answered. @throws RefusedError, UnavailableError, the reason of the signal */
  ready(options: CallOptions): Promise<void>;
  /** @throws as {@link ready} */
  request<R extends Request>(request: R, options: CallOptions): Promise<ReplyTo<R>>;
  /** Views of the order, the first at once, then whenever it changed; ends with its final state. */
  watch(order: OrderId, signal?: AbortSignal): AsyncGenerator<OrderView, void, void>;
  /** Output behind the cursor as it comes, until the order ended. */
  output(
    order: OrderId,
    after: LogCursor,
    signal?: AbortSignal,
  ): AsyncGenerator<LogChunk, void, void>;
  close(): Promise<void>;
}
