/** Writes tar archives that are the same bytes for the same content: no owners, no times. */
import { createReadStream } from 'node:fs';

export interface TarEntry {
  /** Without a leading slash. */
  path: string;
  content:
    | { kind: 'directory'; mode: number }
    | { kind: 'text'; text: string }
    | { kind: 'link'; to: string }
    /** `sizeBytes` of the file stand in the archive before its content. */
    | { kind: 'file'; source: string; sizeBytes: number; mode: number }
    /** An archive within the archive. */
    | { kind: 'tar'; entries: readonly TarEntry[] };
}

const BLOCK = 512;
const TYPES = { file: '0', link: '2', directory: '5' } as const;

export async function* tarOf(entries: readonly TarEntry[]): AsyncGenerator<Buffer, void, void> {
  for (const { path, content } of entries) {
    if (content.kind === 'directory') yield header(path, 0, content.mode, TYPES.directory);
    else if (content.kind === 'link') yield header(path, 0, 0o777, TYPES.link, content.to);
    else {
      const sizeBytes = sizeOf(content);
      yield header(path, sizeBytes, content.kind === 'file' ? content.mode : 0o644, TYPES.file);
      yield* bytesOf(content);
      yield Buffer.alloc(padding(sizeBytes));
    }
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** How long {@link tarOf} gets. */
export function tarBytes(entries: readonly TarEntry[]): number {
  return entries.reduce((sum, { content }) => {
    const sizeBytes = sizeOf(content);
    return sum + BLOCK + sizeBytes + padding(sizeBytes);
  }, 2 * BLOCK);
}

function sizeOf(content: TarEntry['content']): number {
  if (content.kind === 'text') return Buffer.byteLength(content.text);
  if (content.kind === 'tar') return tarBytes(content.entries);
  return content.kind === 'file' ? content.sizeBytes : 0;
}

async function* bytesOf(content: TarEntry['content']): AsyncGenerator<Buffer, void, void> {
  if (content.kind === 'text') yield Buffer.from(content.text);
  else if (content.kind === 'tar') yield* tarOf(content.entries);
  else if (content.kind === 'file') {
    yield* createReadStream(content.source, { highWaterMark: 1_048_576 });
  }
}

function padding(sizeBytes: number): number {
  return (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
}

/** POSIX ustar; paths here are short. */
function header(path: string, sizeBytes: number, mode: number, type: string, to = ''): Buffer {
  if (Buffer.byteLength(path) > 100 || Buffer.byteLength(to) > 100) {
    throw new Error(`${path}: too long for an archive`);
  }
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  block.write(path, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(sizeBytes, 124, 12);
  octal(0, 136, 12);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write(to, 157);
  block.write('ustar\0', 257);
  block.write('00', 263);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}
