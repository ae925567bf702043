/** Output of containers on the terminal. */
import type { LogChunk } from '@sparegrid/core/messages';
import { encodeStored } from '@sparegrid/core/units/json';
import { printable } from '../failure.ts';
import type { Format } from './print.ts';
import { print } from './print.ts';

/** Every line with the container that wrote it, `<part>.<replica>`; JSON has a chunk per line. */
export async function showLogs(chunks: AsyncIterable<LogChunk>, format: Format): Promise<void> {
  for await (const chunk of chunks) {
    print(format === 'table' || format === 'name' ? chunkText(chunk) : encodeStored(chunk));
  }
}

export function chunkText({ container, stream, text }: LogChunk): string {
  const name = container.split('.').slice(1).join('.');
  const mark = stream === 'stderr' ? '!' : '|';
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map((line) => `${name} ${mark} ${printable(line)}`).join('\n');
}
