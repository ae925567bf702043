/** Reads what a container left, in the chunks in which its hub keeps it. */
import type { LogChunk, Request } from '@sparegrid/core/messages';
import type { ContainerId, OrderId } from '@sparegrid/core/units/ids';
import { UnavailableError } from './errors.ts';
import { pause } from './pause.ts';
import type { CallOptions, ReplyTo } from './pending-requests.ts';

/** Between two looks for more of a result that is still on its way to the hub. */
const LOOK_MS = 200;

type Read = Extract<Request, { op: 'result.read' }>;

/** What of a client is needed here. */
export interface Asking {
  request(request: Read, options: CallOptions): Promise<ReplyTo<Read>>;
}

/** Opens one chunk. @throws UnavailableError SDK_NOT_OPENED */
export type OpenChunk = (chunk: LogChunk) => Promise<{ text: string; offset: number }>;

/** @throws RefusedError RESULT_UNKNOWN, RESULT_TOO_LARGE; UnavailableError SDK_NOT_OPENED; the reason of the signal */
export async function* readResult(
  client: Asking,
  open: OpenChunk,
  order: OrderId,
  container: ContainerId,
  options: CallOptions,
): AsyncGenerator<Uint8Array, void, void> {
  let after = 0;
  let bytes = 0;
  for (;;) {
    const request = { op: 'result.read', order, container, after } as const;
    const { chunks, last } = await client.request(request, options);
    for (const chunk of chunks) {
      after = chunk.seq;
      const { text, offset } = await open(chunk);
      // The end names its place, too: a hub that leaves chunks out is found out.
      if (offset !== bytes) {
        throw new UnavailableError('SDK_NOT_OPENED', `bytes ${bytes} to ${offset} are missing`);
      }
      const piece = bytesOf(text);
      bytes += piece.length;
      if (piece.length > 0) yield piece;
    }
    if (last) return;
    if (chunks.length === 0) await pause(LOOK_MS, options.signal);
    options.signal?.throwIfAborted();
  }
}

/** Browsers have no `Buffer`. */
function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
