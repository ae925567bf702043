/** Hands what one container leaves over, chunk by chunk, no faster than it is acknowledged. */
import { open } from 'node:fs/promises';
import { type Chunk, ChunkJournal, STREAMS } from './chunk-journal.ts';
import type { ContainerFiles, StreamFile } from './container-files.ts';
import { CHUNK_BYTES_MAX, chunkLength } from './output-chunk.ts';

/** Chunks that may be on their way at once. */
export const WINDOW = 8;
/** Once the container ended this many may be, so that its end is told even when nobody answers. */
export const WINDOW_ENDED = 64;

const FILES: Readonly<Record<Chunk['stream'], StreamFile>> = {
  stdout: 'out',
  stderr: 'err',
  life: 'life',
  usage: 'usage',
  result: 'result',
};
/** Bytes that become one chunk of base64. */
const RESULT_BYTES_MAX = (CHUNK_BYTES_MAX / 4) * 3;
/** Stands in the file, and in the one chunk, of a result that is larger than allowed. */
export const TOO_LARGE = 'too-large';

/** Resolves when the chunk was taken. */
export type TakeChunk = (chunk: Omit<Chunk, 'bytes'> & { text: string }) => Promise<void>;

export class OutputLog {
  readonly #files: ContainerFiles;
  readonly #journal: ChunkJournal;
  readonly #take: TakeChunk;
  #givenSeq: number;
  #ackedSeq: number;
  /** Number of the last chunk of each stream that was handed over. */
  readonly #lastOf = new Map<Chunk['stream'], number>();

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
   * @param ended  nothing more will be written by the program.
   * @returns true when there was nothing left to hand over.
   */
  async pump(ended: boolean): Promise<boolean> {
    for (;;) {
      const waiting = this.#givenSeq - this.#ackedSeq;
      if (waiting >= (ended ? WINDOW_ENDED : WINDOW)) return false;
      const chunk = this.#journal.pending.shift() ?? (await this.#cut(ended));
      if (!chunk) return true;
      const { seq, stream, offset } = chunk;
      await this.#take({ seq, stream, offset, text: await this.#read(chunk) });
      this.#givenSeq = seq;
      this.#lastOf.set(stream, seq);
    }
  }

  /**
   * Cuts the next chunk of any stream. While others of it are on their way only full chunks are cut:
   * many small writes become few chunks, and the first one is not delayed.
   */
  async #cut(ended: boolean): Promise<Chunk | null> {
    for (const stream of STREAMS) {
      if (stream === 'result') return this.#cutResult();
      const offset = this.#journal.end(stream);
      const isWaiting = (this.#lastOf.get(stream) ?? 0) > this.#ackedSeq;
      const size = await this.#files.sizeOf(FILES[stream]);
      if (size <= offset || (!ended && isWaiting && size - offset < CHUNK_BYTES_MAX)) continue;
      // One byte more than a chunk tells whether the last character goes on.
      const bytes = await this.#readBytes(stream, offset, CHUNK_BYTES_MAX + 1);
      const length = chunkLength(bytes, ended);
      if (length > 0) return this.#journal.append(stream, length);
    }
    return null;
  }

  /** The file comes into being whole, so what is there is all; a chunk of no bytes ends it. */
  async #cutResult(): Promise<Chunk | null> {
    if (this.#journal.hasEnded('result') || !(await this.#files.has('result'))) return null;
    const left = (await this.#files.sizeOf('result')) - this.#journal.end('result');
    return this.#journal.append('result', Math.min(left, RESULT_BYTES_MAX));
  }

  async #read({ stream, offset, bytes }: Chunk): Promise<string> {
    if (bytes === 0) return '';
    const read = await this.#readBytes(stream, offset, bytes);
    const isArchive = stream === 'result' && read.toString('utf8') !== TOO_LARGE;
    return read.toString(isArchive ? 'base64' : 'utf8');
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
