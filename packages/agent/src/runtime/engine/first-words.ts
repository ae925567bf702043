/** What a program says first, heard before its engine's log can be asked for. */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { ContainerFiles } from '../container-files.ts';
import { appendFrames, type Frame, type OutputBase } from './log-copy.ts';

/** A log of Docker cuts lines at 16 KiB, and replaces what is not UTF-8: up to there it says the same. */
const BYTES_MAX = 8_192;

/**
 * Docker answers a start, and then a question for the log, some 30 ms after the program runs. Who is
 * attached to the container before it is started hears at once. Only the beginning is taken this
 * way, and only as far as the log will have the very same bytes, since that is what the files are
 * continued from; and an attached client that hangs would hold up the program.
 */
export class FirstWords {
  readonly #stream: Readable;
  readonly #copied: Promise<void>;

  private constructor(stream: Readable, copied: Promise<void>) {
    this.#stream = stream;
    this.#copied = copied;
  }

  /**
   * Attaches to a container that was not started yet.
   *
   * @param copied  called after every piece.
   * @param over  aborted when nobody waits for the answer any more.
   */
  static async listen(
    container: Docker.Container,
    files: ContainerFiles,
    base: OutputBase,
    copied: () => void,
    over: AbortSignal,
  ): Promise<FirstWords> {
    const options = { stream: true, stdout: true, stderr: true };
    const stream = (await container.attach(options)) as unknown as Readable;
    if (over.aborted) stream.destroy();
    // Cut off, on purpose or not, or on a full disk: the log goes on where this ends.
    const taken = appendFrames(stream, files, base, copied, beginning).catch(() => {});
    return new FirstWords(stream, taken);
  }

  /** Nothing more is written on return. */
  async end(): Promise<void> {
    this.#stream.destroy();
    await this.#copied;
  }
}

async function* beginning(frames: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  let left = BYTES_MAX;
  for await (const { name, payload } of frames) {
    const piece = payload.subarray(0, left);
    // A character that was cut in two is not taken either.
    if (!isUtf8(piece)) return;
    yield { name, payload: piece };
    left -= piece.length;
    if (left === 0) return;
  }
}
