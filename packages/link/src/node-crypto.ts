/** Core's cryptography: SHA-256 digests and Ed25519 signatures, of single texts and of many at once. */
import { createHmac, hash, type KeyObject } from 'node:crypto';
import type { Crypto } from '@sparegrid/core/units/document';
import { type Ed25519, opensslEd25519 } from './ed25519.ts';
import { Recent } from './recent.ts';
import { sealNow } from './sealing/seal-now.ts';
import { SIGNATURE_BYTES, signedRoot, signTrees } from './tree-signature.ts';

/** Signed roots that need not be verified again. */
const ROOTS_MAX = 1_024;

/**
 * Synchronous and deterministic (Ed25519 signatures are), as core asks for.
 *
 * @param ed25519  daemons, which verify all the time, give libsodium's where they have it
 */
export function nodeCrypto(privateKey: KeyObject, ed25519: Ed25519 = opensslEd25519()): Crypto {
  const roots = new Recent<true>(ROOTS_MAX);
  const secret = macSecretOf(privateKey);
  const signOne = ed25519.signer(privateKey);
  /** What was signed together mostly comes together: one look at the root is enough for all of it. */
  const isRoot = (publicKey: Buffer, text: string, signature: Buffer) => {
    const name = `${publicKey.toString('base64')} ${signature.toString('base64')} ${text}`;
    if (roots.get(name)) return true;
    if (!ed25519.verify(publicKey, text, signature)) return false;
    roots.set(name, true);
    return true;
  };
  return {
    seal: (to, info, text) => {
      // The same text for the same: an answer that is given again tells nothing new.
      const seed = createHmac('sha256', secret).update(`seal ${to} ${info} ${text}`).digest();
      return sealNow(to, info, text, seed);
    },
    mac: (text) => createHmac('sha256', secret).update(text).digest('hex'),
    digest: (text) => `sha256:${hash('sha256', text, 'hex')}`,
    sign: (text) => signOne(text).toString('base64'),
    signAll: (texts) => signTrees(texts, signOne).map((bytes) => bytes.toString('base64')),
    verify: (publicKey, text, signature) => {
      const [key, bytes] = [decodeBase64(publicKey), decodeBase64(signature)];
      if (!key || !bytes) return false;
      if (bytes.length === SIGNATURE_BYTES) return ed25519.verify(key, text, bytes);
      const root = signedRoot(text, bytes);
      return root !== null && isRoot(key, root.text, root.signature);
    },
  };
}

/**
 * Of the signing key's secret half, by another name than anything that is ever signed: a standby, which
 * shares the key, makes the same pseudonyms.
 */
function macSecretOf(privateKey: KeyObject): Buffer {
  const { d } = privateKey.export({ format: 'jwk' });
  return createHmac('sha256', Buffer.from(d ?? '', 'base64url'))
    .update('sparegrid mac key')
    .digest();
}

/** Only the one canonical text of the bytes: a second text for one signature would be a second name. */
function decodeBase64(text: string): Buffer | null {
  if (typeof text !== 'string') return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
