import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, decodeStored, encodeStored, type JsonValue } from './json.ts';

const values = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** The same value with the members of every object in the opposite order. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([key, one]) => [key, reversed(one as JsonValue)]));
}

describe('canonical JSON', () => {
  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('is JSON for the same value', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('stored text', () => {
  it('is read back as it was written', () => {
    const records = fc.record({
      costMicro: fc.bigInt(),
      pricePart: fc.record({ priceMicroPerHour: fc.bigInt() }),
      labels: fc.dictionary(fc.string(), fc.string()),
      text: fc.string(),
    });
    fc.assert(
      fc.property(records, (record) => {
        expect(decodeStored(encodeStored(record))).toEqual({
          ...record,
          labels: { ...record.labels },
        });
      }),
    );
  });
});
