/** Hands the output of one container over, chunk by chunk, no faster than it is acknowledged. */
import { open } from 'node:fs/promises';
import { type Chunk, ChunkJournal } from './chunk-journal.ts';
import type { ContainerFiles } from './container-files.ts';
import { CHUNK_BYTES_MAX, chunkLength } from './output-chunk.ts';

/** Chunks that may be on their way at once. */
export const WINDOW = 8;
/** Once the container ended this many may be, so that its end is told even when nobody answers. */
export const WINDOW_ENDED = 64;

const FILES = { stdout: 'out', stderr: 'err' } as const;
const STREAMS = ['stdout', 'stderr'] as const;

/** Resolves when the chunk was taken. */
export type TakeChunk = (stream: Chunk['stream'], text: string) => Promise<void>;

export class OutputLog {
  readonly #files: ContainerFiles;
  readonly #journal: ChunkJournal;
  readonly #take: TakeChunk;
  #givenSeq: number;
  #ackedSeq: number;

  private constructor(
    files: ContainerFiles,
    journal: ChunkJournal,
    takenSeq: number,
    take: TakeChunk,
  ) {
    this.#files = files;
    this.#journal = journal;
    this.#take = take;
    this.#givenSeq = takenSeq;
    this.#ackedSeq = takenSeq;
  }

  /** @param takenSeq  number of the last chunk that the receiver has for good. */
  static async open(files: ContainerFiles, takenSeq: number, take: TakeChunk): Promise<OutputLog> {
    const journal = await ChunkJournal.open(files.path('chunks'), takenSeq);
    return new OutputLog(files, journal, takenSeq, take);
  }

  acked(seq: number): void {
    this.#ackedSeq = Math.max(this.#ackedSeq, seq);
  }

  /**
   * Hands over what there is, as far as acknowledgements allow. Calls must not overlap.
   *
   * @param ended  nothing more will be written.
   * @returns true when there was nothing left to hand over.
   */
  async pump(ended: boolean): Promise<boolean> {
    for (;;) {
      const waiting = this.#givenSeq - this.#ackedSeq;
      if (waiting >= (ended ? WINDOW_ENDED : WINDOW)) return false;
      const chunk = this.#journal.pending.shift() ?? (await this.#cut(ended, waiting));
      if (!chunk) return true;
      await this.#take(chunk.stream, await this.#read(chunk));
      this.#givenSeq = chunk.seq;
    }
  }

  /**
   * Cuts the next chunk of either stream. While others are on their way only full chunks are cut:
   * many small writes of a program become few chunks, and the first one is not delayed.
   */
  async #cut(ended: boolean, waiting: number): Promise<Chunk | null> {
    for (const stream of STREAMS) {
      const offset = this.#journal.end(stream);
      const size = await this.#files.sizeOf(FILES[stream]);
      if (size <= offset || (!ended && waiting > 0 && size - offset < CHUNK_BYTES_MAX)) continue;
      // One byte more than a chunk tells whether the last character goes on.
      const bytes = await this.#readBytes(stream, offset, CHUNK_BYTES_MAX + 1);
      const length = chunkLength(bytes, ended);
      if (length > 0) return this.#journal.append(stream, length);
    }
    return null;
  }

  async #read({ stream, offset, bytes }: Chunk): Promise<string> {
    return (await this.#readBytes(stream, offset, bytes)).toString('utf8');
  }

  async #readBytes(stream: Chunk['stream'], offset: number, bytesMax: number): Promise<Buffer> {
    const file = await open(this.#files.path(FILES[stream]), 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytesMax), 0, bytesMax, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
