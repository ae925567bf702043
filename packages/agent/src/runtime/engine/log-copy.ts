/** Copies what an engine keeps of a container's output into the container's own files. */
import { open } from 'node:fs/promises';
import type { ContainerFiles } from '../container-files.ts';

/** Of each stream no more is kept: hubs keep less. */
const STREAM_BYTES_MAX = 256 * 1_048_576;
/** Stream, three unused bytes, length of what follows. */
const HEAD_BYTES = 8;
const FILES = { 1: 'out', 2: 'err' } as const;

/** Where the files ended when the attempt began. */
export interface OutputBase {
  out: number;
  err: number;
}

/** A piece of one stream. */
export interface Frame {
  name: 'out' | 'err';
  payload: Buffer;
}

/**
 * Reads the engine's log from its beginning and appends what the files do not have yet: the same
 * after a crash of the agent or the engine, wherever it came.
 *
 * @param copied  called after every piece.
 * @param pick  of the frames that come: all, when left out.
 */
export async function appendFrames(
  source: AsyncIterable<Buffer>,
  files: ContainerFiles,
  base: OutputBase,
  copied: () => void,
  pick = (frames: AsyncIterable<Frame>): AsyncIterable<Frame> => frames,
): Promise<void> {
  const skip = {
    out: (await files.sizeOf('out')) - base.out,
    err: (await files.sizeOf('err')) - base.err,
  };
  const ends = { out: await open(files.path('out'), 'a'), err: await open(files.path('err'), 'a') };
  const left = { out: STREAM_BYTES_MAX - base.out, err: STREAM_BYTES_MAX - base.err };
  try {
    for await (const { name, payload } of pick(framesIn(source))) {
      const room = Math.max(0, left[name]);
      left[name] -= payload.length;
      const known = Math.min(skip[name], payload.length);
      skip[name] -= known;
      const piece = payload.subarray(known, room);
      if (piece.length === 0) continue;
      await ends[name].writeFile(piece);
      copied();
    }
  } finally {
    await ends.out.close();
    await ends.err.close();
  }
}

/** Engines make a frame of each line: what came together of one stream is written together. */
async function* framesIn(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let name: Frame['name'] = 'out';
    let payloads: Buffer[] = [];
    while (rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) break;
      const next = FILES[rest[0] === 2 ? 2 : 1];
      if (next !== name && payloads.length > 0) {
        yield { name, payload: Buffer.concat(payloads) };
        payloads = [];
      }
      name = next;
      payloads.push(rest.subarray(HEAD_BYTES, end));
      rest = rest.subarray(end);
    }
    if (payloads.length > 0) yield { name, payload: Buffer.concat(payloads) };
  }
}
