/** What one row adds to the digest of its part. */
import { hashText } from '../units/hash-text.ts';
import type { Figures } from './figures.ts';
import type { PanoramaRow } from './row.ts';

/** Zero for a row without content. */
export type DigestShare = readonly [high: number, low: number];

export const NO_SHARE: DigestShare = [0, 0];

/**
 * Of a row whose form has that share. Numbers are mixed fast, not so that nobody can make two lists of
 * equal share: a row has one writer, its own hub, and nobody else gains by hiding a difference.
 */
export function shareOfFigures(
  form: DigestShare,
  kind: PanoramaRow['kind'],
  participant: string,
  revision: number,
  figures: Figures,
): DigestShare {
  let [high, low] = form;
  const take = (number: number): void => {
    high = rotated(Math.imul(high ^ (number >>> 0), 0x9e3779b1), 13);
    low = rotated(Math.imul(low ^ high ^ Math.floor(number / 2 ** 32), 0x85ebca6b), 17);
    high ^= low;
  };
  take(kind === 'lease' ? 1 : 2);
  take(hashText(participant));
  take(revision);
  for (const figure of figures) take(figure);
  return [finished(high ^ rotated(low, 7)), finished(low ^ rotated(high, 21))];
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finished(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
