/** Key files and the cryptography on them. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LinkFault } from './fault.ts';
import { decodeKey, encodeKey, generateKey, loadKey, publicKeyOf, saveKey } from './keys.ts';
import { nodeCrypto } from './node-crypto.ts';

const directory = mkdtempSync(join(tmpdir(), 'sg-keys-'));
afterAll(() => rmSync(directory, { recursive: true }));

function faultOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LinkFault) return error.code;
  }
  return undefined;
}

test('a saved key is the same key, readable by its owner only, and leaves no draft', () => {
  const path = join(directory, 'hub.pem');
  const key = generateKey();
  saveKey(path, key);
  expect(publicKeyOf(loadKey(path))).toBe(publicKeyOf(key));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(['hub.pem']);
});

test('a key file is never overwritten', () => {
  const path = join(directory, 'hub.pem');
  const before = readFileSync(path, 'utf8');
  expect(faultOf(() => saveKey(path, generateKey()))).toBe('KEY_EXISTS');
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(readdirSync(directory)).toEqual(['hub.pem']);
});

test('keys that are none are told by code', () => {
  writeFileSync(join(directory, 'text'), 'no key');
  expect(faultOf(() => loadKey(join(directory, 'text')))).toBe('KEY_MALFORMED');
  expect(faultOf(() => loadKey(join(directory, 'missing')))).toBe('KEY_UNREADABLE');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  expect(faultOf(() => decodeKey(encodeKey(privateKey)))).toBe('KEY_MALFORMED');
});

test('a public key is 32 raw bytes in base64', () => {
  expect(Buffer.from(publicKeyOf(generateKey()), 'base64')).toHaveLength(32);
});

test('verifies what was signed, and only that', () => {
  const key = generateKey();
  const crypto = nodeCrypto(key);
  const signature = crypto.sign('täxt');
  expect(crypto.sign('täxt')).toBe(signature);
  expect(crypto.verify(publicKeyOf(key), 'täxt', signature)).toBe(true);
  expect(crypto.verify(publicKeyOf(key), 'text', signature)).toBe(false);
  expect(crypto.verify(publicKeyOf(generateKey()), 'täxt', signature)).toBe(false);
});

test('verify never throws, and accepts one text of a signature only', () => {
  const key = generateKey();
  const crypto = nodeCrypto(key);
  const signature = crypto.sign('x');
  const publicKey = publicKeyOf(key);
  const wrong = ['', 'x', signature.slice(0, -2), ` ${signature}`, signature.replace('==', '')];
  for (const text of wrong) {
    expect(crypto.verify(publicKey, 'x', text)).toBe(false);
    expect(crypto.verify(text, 'x', signature)).toBe(false);
  }
  expect(crypto.verify(publicKey, 'x', undefined as unknown as string)).toBe(false);
  expect(crypto.verify({} as string, 'x', signature)).toBe(false);
});

test('goes on verifying past the bound of its cache', () => {
  const key = generateKey();
  const crypto = nodeCrypto(key);
  const signature = crypto.sign('x');
  for (let i = 0; i < 5_000; i += 1) {
    const other = Buffer.alloc(32, 1);
    other.writeUInt32BE(i);
    crypto.verify(other.toString('base64'), 'x', signature);
  }
  expect(crypto.verify(publicKeyOf(key), 'x', signature)).toBe(true);
});

test('digests as the tools of the system do', () => {
  const sum = execFileSync('sha256sum', { input: 'täxt' }).toString().slice(0, 64);
  expect(nodeCrypto(generateKey()).digest('täxt')).toBe(`sha256:${sum}`);
});
