/** Real Ed25519 keys for tests, derived from names so that runs repeat exactly. */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { Crypto } from '../src/units/document.ts';

export interface Keys {
  crypto: Crypto;
  publicKey: string;
}

const PKCS8_SEED = Buffer.from('302e020100300506032b657004220420', 'hex');
const made = new Map<string, Keys>();
const publicKeys = new Map<string, KeyObject>();

export function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** The keys of the node of that name: always the same ones. */
export function keysOf(name: string): Keys {
  const known = made.get(name);
  if (known) return known;
  const seed = createHash('sha256').update(`test key of ${name}`).digest();
  const key = Buffer.concat([PKCS8_SEED, seed]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const signText = (text: string) => sign(null, Buffer.from(text), privateKey).toString('base64');
  const keys = {
    publicKey: spki.toString('base64'),
    crypto: {
      digest,
      sign: signText,
      signAll: (texts: readonly string[]) => texts.map(signText),
      verify: verifyText,
      // Nobody opens anything in these tests.
      seal: (to: string, info: string, text: string) =>
        createHash('sha512').update(`${to} ${info} ${text}`).digest('base64url'),
      mac: (text: string) => createHmac('sha256', seed).update(text).digest('hex'),
    },
  };
  made.set(name, keys);
  return keys;
}

function verifyText(publicKey: string, text: string, signature: string): boolean {
  try {
    let key = publicKeys.get(publicKey);
    if (!key) {
      key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
      publicKeys.set(publicKey, key);
    }
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}
