/** Cuts program output, which is any bytes, into texts of bounded size. */

/** Bytes of one log chunk at most, as text in UTF-8. */
export const CHUNK_BYTES_MAX = 16_384;

/** A byte that is no UTF-8 becomes a replacement character of three bytes. */
const INVALID_GROWTH = 3;

/**
 * How many of the first bytes of `bytes` make the next chunk.
 *
 * A character is never cut in two. One that is incomplete at the end is left for later unless the
 * output has ended: then nothing will complete it.
 *
 * @returns 0 when there is nothing to cut yet.
 */
export function chunkLength(bytes: Buffer, ended: boolean): number {
  const most = bytes.subarray(0, CHUNK_BYTES_MAX);
  const whole = most.length < bytes.length || !ended ? wholeCharacters(most) : most.length;
  if (Buffer.byteLength(most.toString('utf8', 0, whole)) <= CHUNK_BYTES_MAX) return whole;
  return Math.min(whole, Math.floor(CHUNK_BYTES_MAX / INVALID_GROWTH));
}

/** Length without an incomplete character at the end. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
