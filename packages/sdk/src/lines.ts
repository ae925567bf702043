/** The lines of an answer, as they come. */
import { TEXT_BYTES_MAX } from '@sparegrid/link/read-json';
import { UnavailableError } from './errors.ts';

/** @throws what reading throws; UnavailableError SDK_BAD_ANSWER for a line that never ends */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    signal.throwIfAborted();
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > 2 * TEXT_BYTES_MAX) {
      throw new UnavailableError('SDK_BAD_ANSWER', 'a line is longer than any reply');
    }
    yield* lines;
  }
}
