/** Output of containers on the terminal: whole lines, each with the container that wrote it. */
import type { KeptChunk } from '@sparegrid/core/messages';
import { encodeStored } from '@sparegrid/core/units/json';
import type { Format } from './print.ts';
import { print } from './print.ts';
import { printable } from './printable.ts';

/** Which lines are wanted, and how. */
export interface LogView {
  format: Format;
  /** Lines with a match only. */
  grep?: RegExp;
  /** Lines that reached the hub at this time or later. */
  sinceMs?: number;
  /** Each line with the time at which it reached the hub. */
  timestamps?: boolean;
}

/** JSON has a chunk per line; a line of output per line when something is looked for. */
export async function showLogs(
  chunks: AsyncIterable<KeptChunk>,
  { format, grep, sinceMs = 0, timestamps = false }: LogView,
): Promise<void> {
  const isText = format === 'table' || format === 'name';
  if (!isText && !grep && sinceMs === 0) {
    for await (const chunk of chunks) print(encodeStored(chunk));
    return;
  }
  for await (const line of linesOf(chunks)) {
    if (line.atMs < sinceMs || (grep && !grep.test(line.text))) continue;
    if (!isText) print(encodeStored(line));
    else
      print(timestamps ? `${new Date(line.atMs).toISOString()} ${lineText(line)}` : lineText(line));
  }
}

/** Chunks are cut anywhere, lines of one stream of one container are put together again. */
export async function* linesOf(chunks: AsyncIterable<KeptChunk>): AsyncGenerator<KeptChunk> {
  const begun = new Map<string, KeptChunk>();
  for await (const chunk of chunks) {
    const key = `${chunk.container} ${chunk.stream}`;
    const lines = ((begun.get(key)?.text ?? '') + chunk.text).split('\n');
    const rest = lines.pop() ?? '';
    for (const text of lines) yield { ...chunk, text };
    begun.set(key, { ...chunk, text: rest });
  }
  for (const last of begun.values()) if (last.text !== '') yield last;
}

/** `<part>.<replica>`, as the lines of its output begin. */
export function shortName(container: string): string {
  return container.split('.').slice(1).join('.');
}

function lineText({ container, stream, text }: KeptChunk): string {
  const mark = stream === 'stderr' ? '!' : '|';
  const words = stream === 'life' || stream === 'usage' ? recordText(text) : text;
  return `${shortName(container)} ${mark} ${printable(words)}`;
}

/** `{"atMs":0,"event":"exited","exitCode":7}` -> `1970-01-01T00:00:00.000Z exited exitCode=7` */
function recordText(text: string): string {
  try {
    const { atMs, event = '', ...rest } = JSON.parse(text) as Record<string, unknown>;
    const members = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
    const at = new Date(Number(atMs)).toISOString();
    return [at, String(event), ...members].filter((word) => word !== '').join(' ');
  } catch {
    // The lessor's agent wrote it.
    return text;
  }
}
