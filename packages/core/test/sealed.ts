/** Texts of the form of sealed ones; nothing is in them. */
import { type SealedKind, sealedBytes } from '../src/order/sealed-chunk.ts';

export const SEALED_TASK = 'c2VhbGVk';
export const RELEASE = 'a'.repeat(150);

export function sealed(bytes: number, kind: SealedKind = 'more'): string {
  const text = `${kind}.${'l'.repeat(22)}.0.0.${'c'.repeat(Math.ceil(((bytes + 16) * 4) / 3))}`;
  if (sealedBytes(text) !== bytes) throw new Error('not the size that was asked for');
  return text;
}
