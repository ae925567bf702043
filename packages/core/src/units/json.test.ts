import { describe, expect, it } from 'vitest';
import { canonicalJson, decodeStored, encodeStored } from './json.ts';

describe('canonical JSON', () => {
  it('sorts keys by code units, at every depth', () => {
    const value = { b: 1, a: { é: 1, z: 2, Z: 3, '10': 4, '9': 5 } };
    expect(canonicalJson(value)).toBe('{"a":{"10":4,"9":5,"Z":3,"z":2,"é":1},"b":1}');
  });

  it('writes money as decimal strings and leaves undefined members out', () => {
    expect(canonicalJson({ costMicro: 10n ** 20n, none: undefined })).toBe(
      '{"costMicro":"100000000000000000000"}',
    );
  });

  it('writes minus zero like zero', () => {
    expect(canonicalJson([-0, 0])).toBe('[0,0]');
  });

  it('escapes like RFC 8785', () => {
    expect(canonicalJson('€"\\\n\u0001\ud800')).toBe('"€\\"\\\\\\n\\u0001\\ud800"');
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d', (value) => {
    expect(() => canonicalJson({ value })).toThrow('safe integer');
  });
});

describe('stored text', () => {
  it('keeps money exact under the names that money has', () => {
    const record = {
      costMicro: 12n,
      parts: [{ cpuMicroPerCoreHour: 10n ** 18n, settleMicro: null, billedMs: 3 }],
    };
    expect(decodeStored(encodeStored(record))).toEqual(record);
  });

  it('leaves other texts alone, digits or not', () => {
    const record = { salt: '12', micro: '12', Microphone: '12', costMicroscope: '12' };
    expect(decodeStored(encodeStored(record))).toEqual(record);
  });

  it('takes no label for money, whatever a lessor or lessee calls it', () => {
    const record = { lots: [{ labels: { unitMicro: '007', fooMicro: 'cheap', MicroPerX: '' } }] };
    expect(decodeStored(encodeStored(record))).toEqual(record);
  });
});
