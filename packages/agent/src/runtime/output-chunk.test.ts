/** Cutting output: never inside a character, never above the bound. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES_MAX, chunkLength } from './output-chunk.ts';

/** Cuts everything, as the log does. */
function cutAll(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = chunkLength(bytes.subarray(at, at + CHUNK_BYTES_MAX + 1), true);
    expect(length).toBeGreaterThan(0);
    texts.push(bytes.toString('utf8', at, at + length));
    at += length;
  }
  return texts;
}

describe('chunk length', () => {
  it('takes all of a short output', () => {
    expect(chunkLength(Buffer.from('hello\n'), false)).toBe(6);
  });

  it('leaves a character that is not whole yet for later', () => {
    const bytes = Buffer.from('算力').subarray(0, 4);
    expect(chunkLength(bytes, false)).toBe(3);
    expect(chunkLength(bytes.subarray(3), false)).toBe(0);
  });

  it('takes a broken character when nothing more will come', () => {
    expect(chunkLength(Buffer.from('算').subarray(0, 2), true)).toBe(2);
  });

  it('does not cut a character at the bound', () => {
    const bytes = Buffer.from(`${'x'.repeat(CHUNK_BYTES_MAX - 1)}算`);
    expect(chunkLength(bytes.subarray(0, CHUNK_BYTES_MAX + 1), false)).toBe(CHUNK_BYTES_MAX - 1);
  });

  it('keeps any text whole over the cuts', () => {
    const words = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }));
    fc.assert(
      fc.property(words, fc.nat(3_000), (parts, repeat) => {
        const text = parts.join('').toWellFormed().repeat(repeat).slice(0, 100_000).toWellFormed();
        expect(cutAll(Buffer.from(text)).join('')).toBe(text);
      }),
      { numRuns: 50 },
    );
  });

  it('bounds every chunk, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(500), (unit, repeat) => {
        const bytes = Buffer.concat(Array.from({ length: repeat }, () => Buffer.from(unit)));
        for (const text of cutAll(bytes)) {
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(CHUNK_BYTES_MAX);
        }
      }),
      { numRuns: 50 },
    );
  });
});
