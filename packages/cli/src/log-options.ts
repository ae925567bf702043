/** What `logs` of orders and leases have in common: which stream, and which of its lines. */
import type { KeptChunk } from '@sparegrid/core/messages';
import { parseDuration } from '@sparegrid/sdk/duration';
import type { LogOptions } from '@sparegrid/sdk/options';
import type { LogsOptions } from './commands/options.ts';
import { CliFault } from './fault.ts';
import type { LogView } from './output/log-text.ts';

/** @throws CliFault CLI_USAGE */
export function logViewOf({ output, grep, since, timestamps }: LogsOptions): LogView {
  return {
    format: output,
    ...(grep !== undefined && { grep: patternOf(grep) }),
    ...(since !== undefined && { sinceMs: timeOf(since) }),
    timestamps: timestamps === true,
  };
}

export function logStreamOf({ stream, follow }: LogsOptions): LogOptions {
  return {
    follow: follow === true,
    stream: stream === 'life' || stream === 'usage' ? stream : 'output',
  };
}

/** One of the program's streams, when only that is wanted. */
export async function* wanted(
  chunks: AsyncIterable<KeptChunk>,
  { stream }: LogsOptions,
): AsyncGenerator<KeptChunk> {
  const isAny = stream !== 'stdout' && stream !== 'stderr';
  for await (const chunk of chunks) if (isAny || chunk.stream === stream) yield chunk;
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (cause) {
    const hint = `--grep: ${(cause as Error).message}`;
    throw new CliFault('CLI_USAGE', hint, 'input', cause);
  }
}

/** So long ago, or a time of day and date. */
function timeOf(text: string): number {
  const ago = parseDuration(text);
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (Number.isFinite(at)) return at;
  const hint = `--since ${text}: expected how long ago, such as 10m, or 2026-01-31T08:00:00Z.`;
  throw new CliFault('CLI_USAGE', hint);
}
