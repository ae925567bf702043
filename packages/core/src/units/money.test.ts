import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ceilDiv, costOf, formatCredits, parseCredits, smaller } from './money.ts';

const micro = fc.bigInt({ min: 0n, max: 10n ** 20n });

describe('money', () => {
  it.each([
    ['0', 0n],
    ['1.25', 1_250_000n],
    ['0.000001', 1n],
    ['999999999999999.999999', 999_999_999_999_999_999_999n],
  ])('of %s credits is read exactly', (text, expected) => {
    expect(parseCredits(text)).toEqual({ ok: true, micro: expected });
  });

  it.each(['', '-1', '+1', '1e3', '1.', '.5', '1.0000001', ' 1', '1,5', '1000000000000000', '0x1'])(
    'is not %j',
    (text) => {
      expect(parseCredits(text)).toMatchObject({ ok: false, code: 'MONEY_MALFORMED' });
    },
  );

  it('is read as it was written', () => {
    fc.assert(
      fc.property(micro, (amount) => {
        expect(parseCredits(formatCredits(amount))).toEqual({ ok: true, micro: amount });
      }),
    );
  });

  it('that is owed is written with a sign', () => {
    expect(formatCredits(-1_500_000n)).toBe('-1.5');
  });

  it('is compared', () => {
    expect([smaller(1n, 2n), smaller(2n, 1n)]).toEqual([1n, 1n]);
  });
});

describe('division', () => {
  it('rounds up to the least whole number that is not less', () => {
    fc.assert(
      fc.property(micro, fc.bigInt({ min: 1n, max: 10n ** 9n }), (numerator, denominator) => {
        const result = ceilDiv(numerator, denominator);
        expect(result * denominator >= numerator).toBe(true);
        expect((result - 1n) * denominator < numerator).toBe(true);
      }),
    );
  });
});

describe('a cost', () => {
  it.each([
    [3_600_000n, 1, 1n],
    [3_600_001n, 1, 2n],
    [1n, 1, 1n],
    [0n, 10 ** 9, 0n],
    [7n, 3_600_000, 7n],
  ])('of %d micro-credits per hour for %d ms is %d: rounded up', (price, ms, expected) => {
    expect(costOf(price, ms)).toBe(expected);
  });

  it('never falls with time or price', () => {
    fc.assert(
      fc.property(micro, micro, fc.nat(), fc.nat(), (price, more, ms, later) => {
        expect(costOf(price + more, ms + later) >= costOf(price, ms)).toBe(true);
      }),
    );
  });
});
