/** Reading untrusted JSON: bounds first, then nothing that reads differently later. */
import { expect, test } from 'vitest';
import { DEPTH_MAX, readJson, TEXT_BYTES_MAX } from './read-json.ts';

test('reads a plain value', () => {
  expect(readJson('{"a":[1,"x",null,true]}')).toEqual({
    ok: true,
    value: { a: [1, 'x', null, true] },
  });
});

test.each([
  ['one byte too many', `"${'x'.repeat(TEXT_BYTES_MAX - 1)}"`],
  ['bytes, not characters, too many', `"${'é'.repeat(TEXT_BYTES_MAX / 2)}"`],
  ['one level too deep', '['.repeat(DEPTH_MAX + 1) + ']'.repeat(DEPTH_MAX + 1)],
  ['a million levels', '['.repeat(1_000_000)],
  ['objects too deep', '{"a":'.repeat(DEPTH_MAX + 1)],
])('refuses as too large: %s', (_what, text) => {
  expect(readJson(text)).toMatchObject({ ok: false, reason: 'too-large' });
});

test('allows the stated size and depth, and brackets within strings', () => {
  expect(readJson(`"${'x'.repeat(TEXT_BYTES_MAX - 2)}"`).ok).toBe(true);
  expect(readJson('['.repeat(DEPTH_MAX) + ']'.repeat(DEPTH_MAX)).ok).toBe(true);
  expect(readJson(`["${'['.repeat(99)}\\"${'{'.repeat(99)}"]`).ok).toBe(true);
});

test.each([
  ['no JSON', '{', 'expected JSON'],
  ['a byte order mark', '\ufeff{}', 'expected JSON'],
  ['a float', '{"a":{"b":0.5}}', 'a.b: expected a safe integer'],
  ['a number beyond the safe integers', '[9007199254740993]', '0: expected a safe integer'],
  ['a number beyond all', '1e999', 'expected a safe integer'],
  ['a negative zero', '-0', 'expected a safe integer'],
  ['__proto__', '{"a":{"__proto__":{"x":1}}}', 'a.__proto__: not allowed as a member'],
  ['__proto__ in disguise', '{"\\u005f_proto__":1}', '__proto__: not allowed as a member'],
  ['a lone surrogate', '{"a":"\ud800"}', 'expected well-formed Unicode'],
  ['an escaped lone surrogate', '["\\ud800"]', '0: expected well-formed Unicode'],
  ['a lone surrogate as a name', '{"\\udfff":1}', 'expected well-formed Unicode in member names'],
])('refuses as malformed: %s', (_what, text, hint) => {
  expect(readJson(text)).toEqual({ ok: false, reason: 'malformed', hint });
});
