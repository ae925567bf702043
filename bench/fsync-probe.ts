/** What one durable write costs on this disk now: the baseline of everything that commits. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from './result.ts';

const BLOCK_BYTES = 4_096;

/** Milliseconds of an appended, fdatasync'ed block of 4 KiB: median of `count` of them. */
export function fdatasyncMs(directory: string, count = 200): number {
  const file = openSync(join(directory, 'fsync-probe'), 'w');
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  const samples: number[] = [];
  try {
    for (let at = 0; at < count; at += 1) {
      const start = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      samples.push(performance.now() - start);
    }
  } finally {
    closeSync(file);
  }
  return quantile(samples, 0.5);
}
