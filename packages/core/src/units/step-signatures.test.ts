import { describe, expect, it } from 'vitest';
import { keysOf } from '../../test/keys.ts';
import { isSignedBy, signDocument } from './document.ts';
import { StepSignatures } from './step-signatures.ts';

const [h1, h2] = [keysOf('h1'), keysOf('h2')];

function counted() {
  const calls: number[] = [];
  const signAll = (texts: readonly string[]) => {
    calls.push(texts.length);
    return h2.crypto.signAll(texts);
  };
  return { calls, signatures: new StepSignatures({ ...h2.crypto, signAll }) };
}

describe('signatures of a step', () => {
  it('are made together, in place, and once', () => {
    const { calls, signatures } = counted();
    const documents = [1, 2, 3].map((part) => signatures.sign('h2', 'meter', { part }));
    expect(documents.flatMap((one) => one.signatures.map(({ signature }) => signature))).toEqual(
      Array(3).fill(''),
    );
    signatures.make();
    signatures.make();
    expect(calls).toEqual([3]);
    for (const document of documents) {
      expect(isSignedBy(h1.crypto, document, 'meter', 'h2', h2.publicKey)).toBe(true);
    }
  });

  it('are made over the same bytes, in a new envelope, where another one signed before', () => {
    const { signatures } = counted();
    const document = signDocument(h1.crypto, 'h1', 'meter', { part: 1 });
    const both = signatures.countersign('h2', document);
    signatures.make();
    expect(document.signatures).toHaveLength(1);
    expect(both.payload).toBe(document.payload);
    expect(isSignedBy(h1.crypto, both, 'meter', 'h1', h1.publicKey)).toBe(true);
    expect(isSignedBy(h1.crypto, both, 'meter', 'h2', h2.publicKey)).toBe(true);
  });

  it('reach everybody who shares them, in the step and after it', () => {
    const { signatures } = counted();
    const [entry] = signatures.sign('h2', 'meter', { part: 1 }).signatures;
    if (!entry) throw new Error('no entry');
    const [vote, record, late] = [{ signature: '' }, { signature: '' }, { signature: '' }];
    signatures.share(entry, vote);
    signatures.share(vote, record);
    signatures.make();
    signatures.share(entry, late);
    expect(entry.signature).not.toBe('');
    expect([vote, record, late]).toEqual(Array(3).fill({ signature: entry.signature }));
  });
});
