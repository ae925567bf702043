/** Join tokens as text: read back whole, and never otherwise. */
import { expect, test } from 'vitest';
import { decodeToken, encodeToken, newSecret, tokenDigest } from './join-token.ts';

const token = {
  hub: 'h1',
  host: 'hub1.example.org',
  port: 4603,
  authority: 'ab'.repeat(32),
  secret: newSecret(),
};
const text = encodeToken(token);

test('a token is read as it was written, with white space around it', () => {
  expect(decodeToken(text)).toEqual(token);
  expect(decodeToken(` ${text}\n`)).toEqual(token);
});

test('a token that was cut off or altered anywhere is refused', () => {
  for (let at = 0; at < text.length; at += 1) {
    expect(() => decodeToken(text.slice(0, at))).toThrow(/TOKEN_MALFORMED/);
    const other = text[at] === 'A' ? 'B' : 'A';
    const altered = text.slice(0, at) + other + text.slice(at + 1);
    expect(() => decodeToken(altered)).toThrow(/TOKEN_MALFORMED/);
  }
});

test('a token that says too much or too little is refused', () => {
  const wrong = [
    { ...token, more: 1 },
    { ...token, port: 0 },
    { ...token, authority: 'ab' },
  ];
  for (const one of wrong) {
    expect(() => decodeToken(encodeToken(one))).toThrow(/TOKEN_MALFORMED/);
  }
});

test('secrets differ, and a hub keeps none of them', () => {
  expect(newSecret()).not.toBe(newSecret());
  expect(tokenDigest(token.secret)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(tokenDigest(token.secret)).not.toContain(token.secret);
});
