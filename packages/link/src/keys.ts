/** Keys of a node: made, kept in a file that only its owner reads, and loaded again. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { LinkFault } from './fault.ts';

/** Makes an Ed25519 private key. */
export function generateKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** The public half as base64 of its 32 raw bytes, as configuration files and peers hold it. */
export function publicKeyOf(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url').toString('base64');
}

/** The key as PKCS #8 PEM. */
export function encodeKey(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Makes an X25519 private key: what is for a node's eyes is sealed to it. */
export function generateSealKey(): KeyObject {
  return generateKeyPairSync('x25519').privateKey;
}

/** The public half as base64url of its 32 raw bytes, as key statements hold it. */
export function sealPublicKeyOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
}

/** @throws LinkFault KEY_MALFORMED */
export function decodeKey(pem: string): KeyObject {
  return decodeAs('ed25519', pem);
}

function decodeAs(type: 'ed25519' | 'x25519', pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === type) return key;
  } catch (cause) {
    throw new LinkFault('KEY_MALFORMED', 'Expected PEM text as `saveKey` writes it.', { cause });
  }
  const name = type === 'ed25519' ? 'an Ed25519' : 'an X25519';
  throw new LinkFault('KEY_MALFORMED', `Expected ${name} key.`);
}

/**
 * Writes the key with mode 0600: whole or not at all, and durable on return. An existing file stays
 * as it is, because a lost key is a lost identity.
 *
 * @throws LinkFault KEY_EXISTS
 */
export function saveKey(path: string, privateKey: KeyObject): void {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    writeDurably(draft, encodeKey(privateKey));
    linkSync(draft, path);
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    if (error.code !== 'EEXIST') throw Object.assign(error, { path });
    throw new LinkFault('KEY_EXISTS', `Move ${path} away first.`, { cause });
  } finally {
    rmSync(draft, { force: true });
  }
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

/** @throws LinkFault KEY_UNREADABLE, KEY_MALFORMED */
export function loadKey(path: string): KeyObject {
  return decodeKey(readPem(path));
}

/** The X25519 key of a file. @throws LinkFault KEY_UNREADABLE, KEY_MALFORMED */
export function loadSealKey(path: string): KeyObject {
  return decodeAs('x25519', readPem(path));
}

function readPem(path: string): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LinkFault('KEY_UNREADABLE', `Looked for ${path}.`, { cause });
  }
  return pem;
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
