/** Framing the messages of a step. */
import type { Message } from '@sparegrid/core/messages';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import { expect, test } from 'vitest';
import { decodeFrame, type FrameText } from './frame.ts';
import { Framer } from './framer.ts';
import { generateKey, publicKeyOf } from './keys.ts';
import { nodeCrypto } from './node-crypto.ts';

const key = generateKey();
const crypto = nodeCrypto(key);
const sender = { crypto, from: 'h1', session: 'e2', epoch: 2, frameTtlMs: 30_000 };

function read({ text, signature }: FrameText) {
  const decoded = decodeFrame(text, signature);
  if (!decoded.ok) throw new Error(decoded.hint);
  return decoded.signed.frame;
}

function relay(payload: string): Message {
  return { type: 'relayed', from: 'a.h2', payload };
}

test('one step to one receiver is one signed frame', () => {
  const framer = new Framer(sender);
  const messages: Message[] = [{ type: 'snapshot-request', of: 'h1' }, relay('x')];
  const frames = framer.frame('h2', messages, 5_000);
  expect(frames.map(read)).toEqual([
    {
      v: 1,
      from: 'h1',
      to: 'h2',
      session: 'e2',
      seq: 0,
      epoch: 2,
      sentAtMs: 5_000,
      expiresAtMs: 35_000,
      messages,
    },
  ]);
  const [frame] = frames as [FrameText];
  const signed = frameSigningText(frame.text);
  expect(crypto.verify(publicKeyOf(key), signed, frame.signature)).toBe(true);
  expect(crypto.verify(publicKeyOf(key), frame.text, frame.signature)).toBe(false);
});

test('frames that are signed together are each verified by itself', () => {
  const framer = new Framer(sender);
  const drafts = ['h2', 'h3', 'a.h1'].flatMap((to) => framer.draft(to, [relay(to)], 5_000));
  framer.sign(drafts);
  for (const { text, signature } of drafts) {
    expect(crypto.verify(publicKeyOf(key), frameSigningText(text), signature)).toBe(true);
    expect(decodeFrame(text, signature).ok).toBe(true);
  }
});

test('counts for each receiver apart', () => {
  const framer = new Framer(sender);
  const seq = (to: string) => read(framer.frame(to, [relay('')], 0)[0] as FrameText).seq;
  expect([seq('h2'), seq('h2'), seq('h3'), seq('a.h1'), seq('a.h1')]).toEqual([0, 1, 0, 0, 1]);
});

test('no sequence number comes twice, also when counters were let go', () => {
  const framer = new Framer({ ...sender, crypto: { ...crypto, signAll: () => ['s'] } });
  const seq = (to: string) =>
    Number(/"seq":(\d+)/.exec(framer.frame(to, [relay('')], 0)[0]?.text ?? '')?.[1]);
  for (let count = 0; count < 5; count += 1) seq('h2');
  for (let other = 0; other < 65_536; other += 1) seq(`n${other}`);
  expect(seq('h2')).toBe(5);
});

test('splits at 1 MiB of text and keeps the order', () => {
  const framer = new Framer(sender);
  const messages = Array.from({ length: 10 }, (_, i) => relay(String(i).repeat(300_000)));
  const frames = framer.frame('h2', messages, 0);
  expect(frames.map(read).map((frame) => frame.messages.length)).toEqual([3, 3, 3, 1]);
  expect(frames.map(read).flatMap((frame) => frame.messages)).toEqual(messages);
  expect(frames.map(read).map((frame) => frame.seq)).toEqual([0, 1, 2, 3]);
});

test('no message, no frame', () => {
  expect(new Framer(sender).frame('h2', [], 0)).toEqual([]);
});

test('a message that no frame can hold is left out, a reply becomes a refusal', () => {
  const framer = new Framer(sender);
  const huge = 'é'.repeat(600_000);
  const order = `o-${'0'.repeat(32)}`;
  const chunk = {
    container: `${order}-1.0.0`,
    seq: 1,
    stream: 'stdout' as const,
    text: huge,
    atMs: 1,
  };
  const messages: Message[] = [
    relay(huge),
    relay('small'),
    {
      type: 'reply',
      requestId: 'r',
      reply: { ok: true, op: 'order.logs', chunks: [chunk], ended: true },
    },
  ];
  const [frame] = framer.frame('a.h1', messages, 0).map(read);
  expect(frame?.messages).toMatchObject([
    { type: 'relayed', payload: 'small' },
    { type: 'reply', requestId: 'r', reply: { ok: false, code: 'LINK_TOO_LARGE' } },
  ]);
  expect(framer.oversized).toBe(2);
});
