/** Ed25519 (RFC 8032) by OpenSSL, or by libsodium, which takes half the time, where it can be loaded. */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { Recent } from './recent.ts';
import { SIGNATURE_BYTES } from './tree-signature.ts';

/** Both say the same of every key, text and signature. */
export interface Ed25519 {
  readonly by: 'libsodium' | 'openssl';
  /** Signs UTF-8 text, 64 bytes; the same for the same text. */
  signer(privateKey: KeyObject): (text: string) => Buffer;
  /** @param publicKey, signature  32 and 64 bytes: others are not valid. Never throws. */
  verify(publicKey: Buffer, text: string, signature: Buffer): boolean;
}

const KEY_BYTES = 32;
/** Imported public keys that OpenSSL keeps. */
const KEYS_MAX = 4_096;

export function opensslEd25519(): Ed25519 {
  const keys = new Recent<KeyObject>(KEYS_MAX);
  const imported = (publicKey: Buffer): KeyObject => {
    const x = publicKey.toString('base64url');
    const known = keys.get(x);
    const key = known ?? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    if (!known) keys.set(x, key);
    return key;
  };
  return {
    by: 'openssl',
    signer: (privateKey) => (text) => sign(null, Buffer.from(text), privateKey),
    verify: (publicKey, text, signature) => {
      if (!isMeant(publicKey, signature)) return false;
      try {
        return verify(null, Buffer.from(text), imported(publicKey), signature);
      } catch {
        return false;
      }
    },
  };
}

/** The prime of the field, and what has small order on the curve: its y coordinates, little endian. */
const P = (1n << 255n) - 19n;
const SMALL_ORDER = new Set(
  [
    0n,
    1n,
    P - 1n,
    0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
    0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  ].flatMap((y) => (y + P < 1n << 255n ? [y, y + P] : [y])),
);

/**
 * Keys and first halves of signatures that nobody means: points of small order, under which anything
 * passes, and a second way to write a coordinate. libsodium refuses them, RFC 8032 leaves it open.
 */
function isMeant(publicKey: Buffer, signature: Buffer): boolean {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const key = coordinateOf(publicKey);
  return key < P && !SMALL_ORDER.has(key) && !SMALL_ORDER.has(coordinateOf(signature));
}

/** The sign of the other coordinate is the highest bit. */
function coordinateOf(point: Buffer): bigint {
  const bytes = Buffer.from(point.subarray(0, KEY_BYTES)).reverse();
  bytes[0] = (bytes[0] as number) & 0x7f;
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** What is used of it. */
interface Sodium {
  crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void;
  crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean;
}

/** The quicker of what there is: for whoever signs and verifies all the time. */
export function quickEd25519(): Ed25519 {
  return sodiumEd25519() ?? opensslEd25519();
}

/** Null where there is no build of it for this system: it is a package that may be missing. */
export function sodiumEd25519(): Ed25519 | null {
  let sodium: Sodium;
  try {
    sodium = createRequire(import.meta.url)('sodium-native');
  } catch {
    return null;
  }
  return {
    by: 'libsodium',
    signer: (privateKey) => {
      const { d, x } = privateKey.export({ format: 'jwk' });
      // The seed and the public key, as libsodium keeps them.
      const secretKey = Buffer.concat([d, x].map((half) => Buffer.from(half ?? '', 'base64url')));
      return (text) => {
        const signature = Buffer.allocUnsafe(SIGNATURE_BYTES);
        sodium.crypto_sign_detached(signature, Buffer.from(text), secretKey);
        return signature;
      };
    },
    verify: (publicKey, text, signature) =>
      publicKey.length === KEY_BYTES &&
      signature.length === SIGNATURE_BYTES &&
      sodium.crypto_sign_verify_detached(signature, Buffer.from(text), publicKey),
  };
}
