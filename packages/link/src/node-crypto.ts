/** Core's cryptography on node:crypto: SHA-256 digests and Ed25519 signatures. */
import { createHmac, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { Crypto } from '@sparegrid/core/units/document';
import { sealNow } from './sealing/seal-now.ts';

/** Imported public keys that are kept; beyond it the one longest unused is let go. */
const KEYS_MAX = 4_096;

/** Synchronous and deterministic (Ed25519 signatures are), as core asks for. */
export function nodeCrypto(privateKey: KeyObject): Crypto {
  const keys = new Map<string, KeyObject>();
  const secret = macSecretOf(privateKey);
  return {
    seal: (to, info, text) => {
      // The same text for the same: an answer that is given again tells nothing new.
      const seed = createHmac('sha256', secret).update(`seal ${to} ${info} ${text}`).digest();
      return sealNow(to, info, text, seed);
    },
    mac: (text) => createHmac('sha256', secret).update(text).digest('hex'),
    digest: (text) => `sha256:${hash('sha256', text, 'hex')}`,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
    verify: (publicKey, text, signature) => {
      try {
        const bytes = decodeBase64(signature, 64);
        return bytes !== null && verify(null, Buffer.from(text), importKey(keys, publicKey), bytes);
      } catch {
        return false;
      }
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

/** @throws when the text is not the base64 of 32 bytes */
function importKey(keys: Map<string, KeyObject>, publicKey: string): KeyObject {
  const known = keys.get(publicKey);
  const bytes = known ? null : decodeBase64(publicKey, 32);
  if (!known && !bytes) throw new Error('not a raw Ed25519 key');
  const x = bytes?.toString('base64url') ?? '';
  const key = known ?? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  keys.delete(publicKey);
  keys.set(publicKey, key);
  if (keys.size > KEYS_MAX) keys.delete(keys.keys().next().value as string);
  return key;
}

/** Only the one canonical text of the bytes: a second text for one signature would be a second name. */
function decodeBase64(text: string, length: number): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === length && bytes.toString('base64') === text ? bytes : null;
}
