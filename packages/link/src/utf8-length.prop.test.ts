/** The length counted is the length encoded. */

import { utf8Length } from '@sparegrid/core/units/utf8-length';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('counts what the encoder makes, lone surrogates included', () => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((c) => String.fromCharCode(...c));
  fc.assert(
    fc.property(fc.oneof(units, fc.string({ unit: 'binary' })), (text) => {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});
