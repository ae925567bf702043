import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Packing, type Plain } from './packing.ts';

const text = fc.oneof(
  fc.constantFrom('', 'a', 'm1', 'constructor', '__proto__', 'toString'),
  fc.string({ unit: 'binary', maxLength: 80 }),
);
const { value } = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, -0, 2 ** 53, 2 ** 40, 10 ** 12, 0.5),
    fc.nat({ max: 200 }),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt({ min: -9n, max: 2n ** 60n }),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe('a packed value', () => {
  it('is the same when it is unpacked, whatever was packed in between', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 8 }), (all) => {
        const packing = new Packing();
        const packed = all.map(([one, beside]) => packing.pack(one, beside).slice());
        all.forEach(([one, beside], at) => {
          const bytes = Uint8Array.from([
            ...packed.slice(0, at).flatMap((p) => [...p]),
            ...packed[at]!,
          ]);
          const from = bytes.length - packed[at]!.length;
          expect(packing.unpack(bytes, from, beside)).toEqual(one);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('takes few bytes of what equals the element before', () => {
    const packing = new Packing();
    const lot = { id: 'm1', cpu: 64_000, asks: [1_000_001n, 2_000_003n], model: 'V100M16' };
    const one = packing.pack([lot], undefined).length;
    const other = { ...lot, cpu: 1 };
    expect(packing.pack([lot, lot, other], undefined).length).toBe(one + 1 + 5);
  });

  it('is right for more different texts and shapes than are shared', () => {
    const packing = new Packing();
    for (let number = 0; number < 5000; number += 1) {
      const one = { [`k${number % 300}`]: `text ${number}` };
      expect(packing.unpack(packing.pack(one, undefined).slice(), 0, undefined)).toEqual(one);
    }
  });
});
