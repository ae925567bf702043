/** What sealing is made of, on WebCrypto: the same in browsers and in Node. */
import type { webcrypto } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

export type Bytes = Uint8Array<ArrayBuffer>;

/** RFC 9180: X25519, HKDF-SHA256, AES-256-GCM. */
export const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;

/** X25519. */
export type KeyPair = webcrypto.CryptoKeyPair;
export type Key = webcrypto.CryptoKey;

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** @throws TypeError when the bytes are no text */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

export function base64(bytes: Uint8Array): string {
  let text = '';
  // Bounded: the engine takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8_192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return btoa(text);
}

export function base64url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Takes both alphabets. @throws DOMException for any other text */
export function bytesOf(text: string): Bytes {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

export function joined(...pieces: Uint8Array[]): Bytes {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** HKDF-SHA256: `bytes` of a key that is good for `info` alone. */
export async function derive(secret: Bytes, salt: Bytes, info: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt, info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * KEY_BYTES));
}

export function aesKey(bytes: Bytes): Promise<Key> {
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

export async function encrypt(key: Key, iv: Bytes, plain: Bytes, bound: string): Promise<Bytes> {
  const how = { name: 'AES-GCM', iv, additionalData: utf8(bound) };
  return new Uint8Array(await crypto.subtle.encrypt(how, key, plain));
}

/** @throws DOMException when anything was altered */
export async function decrypt(key: Key, iv: Bytes, sealed: Bytes, bound: string): Promise<Bytes> {
  const how = { name: 'AES-GCM', iv, additionalData: utf8(bound) };
  return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed));
}
