/** Two implementations of Ed25519 that must agree: hubs of one network may use either. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { opensslEd25519, quickEd25519, sodiumEd25519 } from './ed25519.ts';
import { generateKey, publicKeyOf } from './keys.ts';

const openssl = opensslEd25519();
const found = sodiumEd25519();
const rawKeyOf = (key: KeyObject) => Buffer.from(publicKeyOf(key), 'base64');

/** RFC 8032, section 7.1, tests 1 to 3, whose messages as UTF-8 text where they are one. */
const VECTORS = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    text: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    text: 'r',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
];
const PKCS8_SEED = '302e020100300506032b657004220420';
const hex = (text: string) => Buffer.from(text, 'hex');
const keyOfSeed = (seed: string) =>
  createPrivateKey({ key: hex(PKCS8_SEED + seed), format: 'der', type: 'pkcs8' });

describe.each([openssl, ...(found ? [found] : [])])('Ed25519 by $by', (ed25519) => {
  it('signs and verifies as RFC 8032 says', () => {
    for (const { seed, publicKey, text, signature } of VECTORS) {
      expect(ed25519.signer(keyOfSeed(seed))(text).toString('hex')).toBe(signature);
      expect(ed25519.verify(hex(publicKey), text, hex(signature))).toBe(true);
      expect(ed25519.verify(hex(publicKey), `${text} `, hex(signature))).toBe(false);
    }
  });

  it('refuses what is not 32 and 64 bytes long', () => {
    const key = generateKey();
    const signature = ed25519.signer(key)('täxt');
    const publicKey = rawKeyOf(key);
    expect(ed25519.verify(publicKey, 'täxt', signature)).toBe(true);
    for (const length of [0, 31, 33, 63, 65]) {
      expect(ed25519.verify(Buffer.alloc(length), 'täxt', signature)).toBe(false);
      expect(ed25519.verify(publicKey, 'täxt', Buffer.alloc(length))).toBe(false);
    }
  });

  it('refuses points of small order, under which anything would pass', () => {
    const anybody = generateKey();
    for (const point of smallOrderPoints()) {
      // With s = 0, R = identity and a key of small order many implementations say yes to any text.
      const forged = Buffer.concat([point, Buffer.alloc(32)]);
      for (const key of smallOrderPoints()) {
        for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
          expect(ed25519.verify(key, text, forged)).toBe(false);
        }
      }
      expect(ed25519.verify(rawKeyOf(anybody), 'a', forged)).toBe(false);
    }
  });
});

describe.skipIf(!found)('both', () => {
  const sodium = found ?? openssl;

  it('make the same signatures, and say the same of any', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const texts = fc.string({ unit: 'binary', maxLength: 200 });
    const changes = fc.tuple(fc.nat(95), bytes(1));
    fc.assert(
      fc.property(bytes(32), texts, fc.array(changes, { maxLength: 2 }), (seed, text, changed) => {
        const key = keyOfSeed(Buffer.from(seed).toString('hex'));
        const signature = openssl.signer(key)(text);
        expect(sodium.signer(key)(text).equals(signature)).toBe(true);
        const both = Buffer.concat([rawKeyOf(key), signature]);
        for (const [at, [value = 0]] of changed) both[at] = value;
        const [publicKey, some] = [both.subarray(0, 32), both.subarray(32)];
        const says = openssl.verify(publicKey, text, some);
        expect(sodium.verify(publicKey, text, some)).toBe(says);
        expect(says).toBe(both.equals(Buffer.concat([rawKeyOf(key), signature])));
      }),
    );
  });

  it('the quicker one is used', () => {
    expect(quickEd25519().by).toBe('libsodium');
  });
});

// ---- the points of small order, from the curve itself ----

const P = (1n << 255n) - 19n;
const mod = (value: bigint) => ((value % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

/** y coordinates of the eight points whose eightfold is the identity, in all their ways to be written. */
function smallOrderPoints(): Buffer[] {
  const d = mod(-121665n * power(121666n, P - 2n));
  // Of order 8: d y^4 + 2 y^2 - 1 = 0, as their doubles have x = +-i, y = 0 on -x^2 + y^2 = 1 + d x^2 y^2.
  const root = squareRoot(mod(1n + d));
  const inverse = power(d, P - 2n);
  const squares = [1n, -1n].map((sign) => mod((-1n + sign * (root ?? 0n)) * inverse));
  const eighths = squares.flatMap((square) => {
    const y = squareRoot(square);
    return y === null ? [] : [y, mod(-y)];
  });
  expect(eighths).toHaveLength(2);
  return [0n, 1n, P - 1n, ...eighths]
    .flatMap((y) => [y, y + P].filter((written) => written < 1n << 255n))
    .flatMap((y) => [0n, 1n << 255n].map((sign) => littleEndian(y | sign)));
}

function squareRoot(value: bigint): bigint | null {
  const root = power(value, (P + 3n) / 8n);
  const other = mod(root * power(2n, (P - 1n) / 4n));
  return [root, other].find((one) => mod(one * one) === mod(value)) ?? null;
}

function littleEndian(value: bigint): Buffer {
  return hex(value.toString(16).padStart(64, '0')).reverse();
}
