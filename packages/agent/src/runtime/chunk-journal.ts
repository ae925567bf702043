/** Remembers how output was cut: after a crash the same chunks come out under the same numbers. */
import { appendFile, readFile, truncate } from 'node:fs/promises';
import type { LogChunk } from '@sparegrid/core/messages';

export const STREAMS = ['stdout', 'stderr', 'life', 'usage', 'result'] as const;

export interface Chunk {
  /** Counts the chunks of a container from 1. */
  seq: number;
  stream: LogChunk['stream'];
  /** Position in the stream's file. */
  offset: number;
  bytes: number;
}

/**
 * One line per chunk, noted before the chunk is handed over: what a receiver may have seen already
 * is never cut differently.
 */
export class ChunkJournal {
  /** Noted in an earlier life, and not known to have been taken: to be handed over first. */
  readonly pending: Chunk[] = [];
  readonly #path: string;
  #lastSeq: number;
  readonly #ends = { stdout: 0, stderr: 0, life: 0, usage: 0, result: 0 };
  /** A chunk of no bytes ends a stream. */
  readonly #ended = new Set<LogChunk['stream']>();

  private constructor(path: string, takenSeq: number) {
    this.#path = path;
    this.#lastSeq = takenSeq;
  }

  /** @param takenSeq  number of the last chunk that was taken for good. */
  static async open(path: string, takenSeq: number): Promise<ChunkJournal> {
    const journal = new ChunkJournal(path, takenSeq);
    for (const chunk of await readChunks(path)) {
      journal.#note(chunk);
      if (chunk.seq > takenSeq) journal.pending.push(chunk);
    }
    return journal;
  }

  /** How far into the file of `stream` the chunks reach. */
  end(stream: Chunk['stream']): number {
    return this.#ends[stream];
  }

  hasEnded(stream: Chunk['stream']): boolean {
    return this.#ended.has(stream);
  }

  /** Notes the next chunk of `stream`, which follows the last one there. */
  async append(stream: Chunk['stream'], bytes: number): Promise<Chunk> {
    const chunk = { seq: this.#lastSeq + 1, stream, offset: this.#ends[stream], bytes };
    await appendFile(this.#path, `${chunk.seq} ${stream} ${chunk.offset} ${bytes}\n`);
    this.#note(chunk);
    return chunk;
  }

  #note({ seq, stream, offset, bytes }: Chunk): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    this.#ends[stream] = offset + bytes;
    if (bytes === 0) this.#ended.add(stream);
  }
}

async function readChunks(path: string): Promise<Chunk[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const lines = text.split('\n');
  // A line without an end was cut off by a crash; its chunk was never handed over.
  const torn = lines.pop() ?? '';
  if (torn !== '') await truncate(path, text.length - torn.length);
  return lines.map((line) => {
    const [seq, name, offset, bytes] = line.split(' ');
    return {
      seq: Number(seq),
      stream: STREAMS.find((stream) => stream === name) ?? 'stdout',
      offset: Number(offset),
      bytes: Number(bytes),
    };
  });
}
