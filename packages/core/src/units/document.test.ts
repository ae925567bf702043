import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest, keysOf } from '../../test/keys.ts';
import {
  documentDigest,
  isSignedBy,
  payloadTypeOf,
  preAuthEncoding,
  signDocument,
} from './document.ts';

const h1 = keysOf('h1');
const h2 = keysOf('h2');
const document = signDocument(h1.crypto, 'h1', 'meter', { b: 'Gerät 算力 💻', a: 1 });

describe('pre-authentication encoding', () => {
  it('is the one of the DSSE specification', () => {
    expect(preAuthEncoding('http://example.com/HelloWorld', 'hello world')).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
  });

  it('counts bytes, not characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (payload) => {
        const length = Buffer.byteLength(payload);
        expect(preAuthEncoding('t', payload)).toBe(`DSSEv1 1 t ${length} ${payload}`);
      }),
    );
    expect(preAuthEncoding('é', '算💻')).toBe('DSSEv1 2 é 7 算💻');
  });
});

describe('a signed document', () => {
  it('holds canonical JSON and a type of its own', () => {
    expect(document.payload).toBe('{"a":1,"b":"Gerät 算力 💻"}');
    expect(document.payloadType).toBe('application/vnd.sparegrid.meter+json');
    expect(documentDigest(h1.crypto, document)).toBe(digest(document.payload));
  });

  it('is signed by who signed it, and by nobody else', () => {
    expect(isSignedBy(h2.crypto, document, 'meter', 'h1', h1.publicKey)).toBe(true);
    expect(isSignedBy(h2.crypto, document, 'meter', 'h1', h2.publicKey)).toBe(false);
    expect(isSignedBy(h2.crypto, document, 'meter', 'h2', h1.publicKey)).toBe(false);
    expect(isSignedBy(h2.crypto, document, 'meter', 'h1', 'no key')).toBe(false);
  });

  it('does not pass for a document of another type, even under another label', () => {
    expect(isSignedBy(h2.crypto, document, 'buy-order', 'h1', h1.publicKey)).toBe(false);
    const relabelled = { ...document, payloadType: payloadTypeOf('buy-order') };
    expect(isSignedBy(h2.crypto, relabelled, 'buy-order', 'h1', h1.publicKey)).toBe(false);
  });

  it('does not survive a change of its text', () => {
    const changed = { ...document, payload: document.payload.replace('1', '2') };
    expect(isSignedBy(h2.crypto, changed, 'meter', 'h1', h1.publicKey)).toBe(false);
  });
});
