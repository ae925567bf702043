/** Seals to an X25519 key at once: HPKE in base mode on node:crypto, which need not be awaited. */
import {
  createCipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';

/** RFC 9180: DHKEM(X25519, HKDF-SHA256), and with HKDF-SHA256 and AES-256-GCM around it. */
const KEM_SUITE = Buffer.from('KEM\x00\x20', 'latin1');
const SUITE = Buffer.from('HPKE\x00\x20\x00\x01\x00\x02', 'latin1');
const VERSION = Buffer.from('HPKE-v1');
const NOTHING = Buffer.alloc(0);
/** An X25519 private key as PKCS #8, but for its 32 bytes. */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * What `suite.open` of `primitives.ts` opens with the private half and the same `info`.
 *
 * @param to    X25519 public key, base64url.
 * @param seed  32 secret bytes for this receiver, info and text: one seed twice is one text twice.
 * @returns base64url; null when `to` is no key that anything can be sealed to.
 */
export function sealNow(to: string, info: string, text: string, seed: Buffer): string | null {
  try {
    const key = Buffer.concat([PKCS8_X25519, seed]);
    const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'X25519', x: to },
      format: 'jwk',
    });
    const shared = diffieHellman({ privateKey, publicKey });
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    const enc = Buffer.from(x ?? '', 'base64url');
    const context = Buffer.concat([enc, Buffer.from(to, 'base64url')]);
    const eae = extract(KEM_SUITE, NOTHING, 'eae_prk', shared);
    const secret = expand(KEM_SUITE, eae, 'shared_secret', context, 32);
    return Buffer.concat([enc, encrypted(secret, info, text)]).toString('base64url');
  } catch {
    // Whoever ordered may name anything as its key: what cannot be sealed to is its own loss.
    return null;
  }
}

function encrypted(shared: Buffer, info: string, text: string): Buffer {
  const context = Buffer.concat([
    Buffer.of(0),
    extract(SUITE, NOTHING, 'psk_id_hash', NOTHING),
    extract(SUITE, NOTHING, 'info_hash', Buffer.from(info)),
  ]);
  const secret = extract(SUITE, shared, 'secret', NOTHING);
  const key = expand(SUITE, secret, 'key', context, 32);
  const nonce = expand(SUITE, secret, 'base_nonce', context, 12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function extract(suite: Buffer, salt: Buffer, label: string, ikm: Buffer): Buffer {
  const hmac = createHmac('sha256', salt);
  return hmac.update(VERSION).update(suite).update(label).update(ikm).digest();
}

/** Up to one block. */
function expand(suite: Buffer, prk: Buffer, label: string, info: Buffer, bytes: number): Buffer {
  const hmac = createHmac('sha256', prk).update(Buffer.of(0, bytes)).update(VERSION).update(suite);
  return hmac.update(label).update(info).update(Buffer.of(1)).digest().subarray(0, bytes);
}
