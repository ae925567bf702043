/** One signature for many texts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateKey, publicKeyOf } from './keys.ts';
import { nodeCrypto } from './node-crypto.ts';
import { signature as signatureSchema } from './schemas/document.ts';
import { signedRoot, signTrees } from './tree-signature.ts';

const key = generateKey();
const publicKey = publicKeyOf(key);
const crypto = nodeCrypto(key);
/** Another node: it has verified nothing yet. */
const freshly = (text: string, signature: string) =>
  nodeCrypto(generateKey()).verify(publicKey, text, signature);

const texts = (count: number) => Array.from({ length: count }, (_, at) => `täxt ${at}`);

describe('signatures of texts that are signed together', () => {
  it('verify one by one, whatever their number', () => {
    for (const count of [...Array.from({ length: 34 }, (_, at) => at), 255, 256, 257, 600]) {
      const signed = texts(count);
      const signatures = crypto.signAll(signed);
      expect(signatures).toHaveLength(count);
      for (const at of [0, 1, count >> 1, count - 1]) {
        const [text, signature] = [signed[at], signatures[at]];
        if (text === undefined || signature === undefined) continue;
        expect(signatureSchema.safeParse(signature).success).toBe(true);
        expect(freshly(text, signature)).toBe(true);
        expect(freshly(`${text}!`, signature)).toBe(false);
        expect(crypto.verify(publicKeyOf(generateKey()), text, signature)).toBe(false);
      }
    }
  });

  it('are plain ones of a single text, and cost one call of many', () => {
    expect(crypto.signAll(['a'])).toEqual([crypto.sign('a')]);
    let calls = 0;
    const sign = () => {
      calls += 1;
      return Buffer.alloc(64);
    };
    signTrees(texts(256), sign);
    expect(calls).toBe(1);
    signTrees(texts(257), sign);
    expect(calls).toBe(3);
  });

  it('are each for its own text only', () => {
    const signed = texts(7);
    const signatures = crypto.signAll(signed);
    for (const [at, text] of signed.entries()) {
      for (const [other, signature] of signatures.entries()) {
        expect(freshly(text, signature)).toBe(at === other);
      }
    }
  });

  it('are void with any bit changed, also where the root was seen before', () => {
    const signed = texts(3);
    for (const [at, signature] of crypto.signAll(signed).entries()) {
      const text = signed[at] as string;
      const verifier = nodeCrypto(generateKey());
      expect(verifier.verify(publicKey, text, signature)).toBe(true);
      const bytes = Buffer.from(signature, 'base64');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(verifier.verify(publicKey, text, changed.toString('base64'))).toBe(false);
      }
    }
  });

  it('are nothing but themselves: any other bytes are refused, and nothing is thrown', () => {
    const verifier = nodeCrypto(generateKey());
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 360 });
    fc.assert(
      fc.property(bytes, (some) => {
        const signature = Buffer.from(some).toString('base64');
        expect(verifier.verify(publicKey, 'täxt 0', signature)).toBe(false);
      }),
    );
    const [signature = ''] = crypto.signAll(texts(3));
    const whole = Buffer.from(signature, 'base64');
    for (let length = 0; length < whole.length; length += 1) {
      const cut = whole.subarray(0, length).toString('base64');
      expect(verifier.verify(publicKey, 'täxt 0', cut)).toBe(false);
    }
    const longer = Buffer.concat([whole, Buffer.alloc(32)]).toString('base64');
    expect(verifier.verify(publicKey, 'täxt 0', longer)).toBe(false);
  });

  it('do not take a node of the tree for a text', () => {
    const signed = texts(4);
    const [first = ''] = crypto.signAll(signed);
    const bytes = Buffer.from(first, 'base64');
    // The path of the first text without its lowest step, as if the node above were the text.
    const above = Buffer.concat([
      bytes.subarray(0, 64),
      Buffer.of(0, 1),
      bytes.subarray(66 + 32),
    ]).toString('base64');
    expect(freshly('täxt 0', above)).toBe(false);
  });
});

// Leaves and roots that RFC 6962's own reference implementation is tested with.
it('builds the tree of RFC 6962', () => {
  const leaves = [
    '',
    '\x00',
    '\x10',
    '\x20\x21',
    '\x30\x31',
    '@ABC',
    'PQRSTUVW',
    '`abcdefghijklmno',
  ];
  const roots = new Map([
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ]);
  for (const [count, root] of roots) {
    const signed = leaves.slice(0, count);
    for (const [at, bytes] of signTrees(signed, () => Buffer.alloc(64)).entries()) {
      expect(signedRoot(signed[at] as string, bytes)?.text).toMatch(
        new RegExp(` ${count} ${root}$`),
      );
    }
  }
});
