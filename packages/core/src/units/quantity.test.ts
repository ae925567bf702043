import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AMOUNT_MAX, formatBytes, formatMillicores, isAmount, parseQuantity } from './quantity.ts';

describe('a quantity', () => {
  it.each([
    ['500m', 1000, 500],
    ['2', 1000, 2000],
    ['1.5', 1000, 1500],
    ['0.001', 1000, 1],
    ['4Gi', 1, 4 * 2 ** 30],
    ['1.5Ki', 1, 1536],
    ['3k', 1, 3000],
    ['4Pi', 1, AMOUNT_MAX],
    ['0', 1, 0],
    ['9007199254740991', 1, Number.MAX_SAFE_INTEGER],
  ])('%s in units of 1/%i is %i', (text, scale, value) => {
    expect(parseQuantity(text, scale)).toEqual({ ok: true, value });
  });

  it.each(['', ' 1', '1 ', '-1', '+1', '1e3', '.5', '1.', '1,5', '1kb', '4gi', 'Gi', '٣', '1.1'])(
    'is not %j',
    (text) => {
      expect(parseQuantity(text)).toMatchObject({ ok: false, code: 'QUANTITY_MALFORMED' });
    },
  );

  it.each(['9007199254740992', '8Pi', '999999999999999999P'])('is too large: %s', (text) => {
    expect(parseQuantity(text)).toMatchObject({ ok: false, code: 'QUANTITY_RANGE' });
  });

  it('of millicores is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat({ max: AMOUNT_MAX }), (value) => {
        expect(parseQuantity(formatMillicores(value), 1000)).toEqual({ ok: true, value });
      }),
    );
  });

  it('of bytes is read as it was written', () => {
    const bytes = fc
      .record({ count: fc.nat({ max: 1023 }), power: fc.nat({ max: 4 }) })
      .map(({ count, power }) => count * 1024 ** power);
    fc.assert(
      fc.property(fc.oneof(bytes, fc.nat({ max: AMOUNT_MAX })), (value) => {
        expect(parseQuantity(formatBytes(value))).toEqual({ ok: true, value });
      }),
    );
  });
});

describe('an amount', () => {
  it.each([0, 1, AMOUNT_MAX])('may be %d', (value) => expect(isAmount(value)).toBe(true));

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, AMOUNT_MAX + 1])(
    'may not be %d',
    (value) => expect(isAmount(value)).toBe(false),
  );
});
