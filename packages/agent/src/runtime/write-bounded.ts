/** Writes a stream to a file unless it is too long. */
import { open, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/**
 * @param instead  becomes the content of the file when the stream is longer than `bytesMax`.
 * @returns the bytes written, or null when there were too many.
 */
export async function writeBounded(
  path: string,
  source: Readable,
  bytesMax: number,
  instead: string,
): Promise<number | null> {
  const file = await open(path, 'w');
  let bytes = 0;
  try {
    for await (const piece of source as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > bytesMax) break;
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
  if (bytes <= bytesMax) return bytes;
  source.destroy();
  await writeFile(path, instead);
  return null;
}
