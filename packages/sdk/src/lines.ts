/** The lines of a response, as they come. */
import { TEXT_BYTES_MAX } from '@sparegrid/link/read-json';
import { UnavailableError } from './errors.ts';

/** @throws what reading throws; UnavailableError SDK_BAD_ANSWER for a line that never ends */
export async function* linesOf(
  response: Response,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > 2 * TEXT_BYTES_MAX) {
        throw new UnavailableError('SDK_BAD_ANSWER', 'a line is longer than any reply');
      }
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
