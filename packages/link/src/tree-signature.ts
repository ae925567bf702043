/**
 * One Ed25519 signature for many texts: over the root of a hash tree of them, as RFC 6962 builds it.
 * Each text takes its path to the root along, so whoever has the text and its signature needs nothing
 * of the others to verify it, and learns nothing of them but how many there are.
 *
 * A signature, before base64: the 64 bytes that sign the root, the text's place among the texts and the
 * place of the last of them (a byte each), and the digests on the way to the root, the lowest first.
 */
import { hash } from 'node:crypto';
import { preAuthEncoding } from '@sparegrid/core/units/document';

/** What the signature of a single text, or of a root, is long. */
export const SIGNATURE_BYTES = 64;
const PLACE_BYTES = 2;
const DIGEST_BYTES = 32;
/** Of one tree: places take a byte, and paths eight digests, 432 characters of base64 with all else. */
const TEXTS_MAX = 256;
const PATH_MAX = 8;
const NODE = Buffer.of(1);
const ROOT_TYPE = 'application/vnd.sparegrid.hash-tree';

/** A signature for each of the texts, in their order: a plain one for a single text. */
export function signTrees(texts: readonly string[], sign: (text: string) => Buffer): Buffer[] {
  if (texts.length === 1) return texts.map(sign);
  const signatures: Buffer[] = [];
  for (let at = 0; at < texts.length; at += TEXTS_MAX) {
    signatures.push(...signTree(texts.slice(at, at + TEXTS_MAX), sign));
  }
  return signatures;
}

function signTree(texts: readonly string[], sign: (text: string) => Buffer): Buffer[] {
  const levels = [texts.map(leafOf)];
  for (let below = levels[0] as Buffer[]; below.length > 1; ) {
    const level: Buffer[] = [];
    for (let at = 0; at < below.length; at += 2) {
      const [left, right] = [below[at] as Buffer, below[at + 1]];
      // What has no neighbour goes up as it is.
      level.push(right ? nodeOf(left, right) : left);
    }
    levels.push(level);
    below = level;
  }
  const root = levels.at(-1)?.[0] as Buffer;
  const signature = sign(rootText(texts.length, root));
  return texts.map((_, place) => {
    const parts = [signature, Buffer.of(place, texts.length - 1)];
    for (const [height, level] of levels.entries()) {
      const neighbour = level[(place >> height) ^ 1];
      if (neighbour) parts.push(neighbour);
    }
    return Buffer.concat(parts);
  });
}

/**
 * What was signed if `bytes` is such a signature of `text`, and the 64 bytes that must sign it; null
 * when it cannot be one.
 */
export function signedRoot(
  text: string,
  bytes: Buffer,
): { text: string; signature: Buffer } | null {
  const pathAt = SIGNATURE_BYTES + PLACE_BYTES;
  const steps = (bytes.length - pathAt) / DIGEST_BYTES;
  if (!Number.isInteger(steps) || steps < 0 || steps > PATH_MAX) return null;
  let [place, last] = bytes.subarray(SIGNATURE_BYTES, pathAt) as unknown as [number, number];
  if (place > last) return null;
  const count = last + 1;
  let digest = leafOf(text);
  let at = pathAt;
  for (; last > 0; place >>= 1, last >>= 1) {
    const isLeft = place % 2 === 0;
    if (isLeft && place === last) continue;
    const neighbour = bytes.subarray(at, at + DIGEST_BYTES);
    at += DIGEST_BYTES;
    if (at > bytes.length) return null;
    digest = isLeft ? nodeOf(digest, neighbour) : nodeOf(neighbour, digest);
  }
  if (at !== bytes.length) return null;
  return { text: rootText(count, digest), signature: bytes.subarray(0, SIGNATURE_BYTES) };
}

function rootText(count: number, root: Buffer): string {
  return preAuthEncoding(ROOT_TYPE, `${count} ${root.toString('hex')}`);
}

/** Leaves and nodes begin differently, so no text can pass for a node. */
function leafOf(text: string): Buffer {
  return hash('sha256', `\0${text}`, 'buffer');
}

function nodeOf(left: Buffer, right: Buffer): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
}
