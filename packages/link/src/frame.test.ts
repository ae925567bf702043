/** Texts of frames. */
import type { Frame } from '@sparegrid/core/messages';
import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from './frame.ts';

const frame: Frame = {
  v: 1,
  from: 'h1',
  to: 'h2',
  session: 'e3',
  seq: 4,
  epoch: 3,
  sentAtMs: 1_000,
  expiresAtMs: 2_000,
  messages: [
    { type: 'snapshot-request', of: 'h1' },
    { type: 'settle', agreement: `o-${'0'.repeat(32)}-1`, part: 0, costMicro: 12n },
  ],
};

test('a frame comes back with the very text that was signed', () => {
  const text = encodeFrame(frame);
  expect(text).toContain('"costMicro":"12"');
  expect(decodeFrame(text, 'c2ln')).toEqual({
    ok: true,
    signed: { frame, text, signature: 'c2ln' },
  });
});

test.each([
  ['another version', { ...frame, v: 2 }, /^v: /],
  ['a session of no known form', { ...frame, session: 'x' }, /^session: /],
  ['an unknown message', { ...frame, messages: [{ type: 'bribe' }] }, /^messages\.0\.type: /],
  [
    'a wrong field in its second message',
    { ...frame, messages: [frame.messages[0], { type: 'collect', what: 'all' }] },
    /^messages\.1\.what: /,
  ],
  ['an unknown key', { ...frame, via: 'h3' }, /^via: /],
])('a frame with %s is malformed', (_what, value, hint) => {
  expect(
    decodeFrame(
      JSON.stringify(value, (_k, v) => (typeof v === 'bigint' ? `${v}` : v)),
      's',
    ),
  ).toMatchObject({ ok: false, code: 'LINK_MALFORMED', hint: expect.stringMatching(hint) });
});

test('size and depth have a code of their own', () => {
  expect(decodeFrame('['.repeat(64), 's')).toMatchObject({ code: 'LINK_TOO_LARGE' });
  expect(decodeFrame(' '.repeat(2 ** 20 + 1), 's')).toMatchObject({ code: 'LINK_TOO_LARGE' });
});

test('a signature of another form is malformed', () => {
  for (const signature of ['', 'a b', 'é', 'x'.repeat(513)]) {
    expect(decodeFrame(encodeFrame(frame), signature)).toMatchObject({ code: 'LINK_MALFORMED' });
  }
});

test('a hint is short, whatever the sender wrote', () => {
  const read = decodeFrame(JSON.stringify({ ...frame, messages: [], ['x'.repeat(9_999)]: 1 }), 's');
  expect(read).toMatchObject({ ok: false, hint: expect.stringMatching(/^x{300}$/) });
});
