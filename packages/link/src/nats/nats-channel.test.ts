import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SendQueue } from '../send-queue.ts';
import type { WireItem } from '../wire.ts';
import { NatsChannel, type QueuedPacket } from './nats-channel.ts';
import { framePacket, KIND, takenOf } from './parcel.ts';

const MIB = 1_048_576;

/** Both ends of a line, and every packet between them. */
function line(onItem: (item: WireItem) => void | Promise<void> = () => {}) {
  const items: WireItem[] = [];
  const frames: Uint8Array[] = [];
  const taken: number[] = [];
  const onClose = () => {};
  const to = new NatsChannel(new SendQueue<QueuedPacket>(), {
    publish: (packet) => {
      taken.push(takenOf(packet));
      from.taken(takenOf(packet));
    },
    onItem: (item) => {
      items.push(item);
      return onItem(item);
    },
    onClose,
  });
  const from = new NatsChannel(new SendQueue<QueuedPacket>(), {
    publish: (packet) => {
      frames.push(packet);
      to.receive(packet);
    },
    onItem: () => {},
    onClose,
  });
  return { from, to, items, frames, taken };
}

const rows = (count: number) =>
  JSON.stringify(Array.from({ length: count }, (_, at) => ({ participant: `p${at}`, at })));

describe('a line over NATS', () => {
  it('packs large frames, and brings them as they were', () => {
    const { from, items, frames } = line();
    const [small, large, sealed] = [rows(10), rows(10_000), randomBytes(30_000).toString('base64')];
    for (const text of [small, large, sealed]) from.send(text, 's');
    expect(items).toEqual(
      [small, large, sealed].map((text) => ({ kind: 'frame', text, signature: 's' })),
    );
    expect(frames.map((packet) => packet[0])).toEqual([KIND.frame, KIND.packed, KIND.frame]);
    expect(frames[1]!.length).toBeLessThan(large.length / 4);
  });

  it('gives credit for frames as large as they are unpacked', () => {
    const { from, taken } = line();
    const texts = Array.from({ length: 8 }, () => rows(10_000));
    for (const text of texts) from.send(text, 's');
    const all = texts.reduce((sum, text) => sum + framePacket(text, 's').length, 0);
    const told = taken.reduce((sum, bytes) => sum + bytes, 0);
    expect(told).toBeGreaterThan(all - MIB / 4);
    expect(told).toBeLessThanOrEqual(all);
  });

  it('stops sending at its credit, however small the packets are', () => {
    const gate = Promise.withResolvers<void>();
    const { from, frames } = line(() => gate.promise);
    for (let count = 0; count < 20; count += 1) from.send(rows(10_000), 's');
    expect(frames.length).toBe(Math.ceil(MIB / framePacket(rows(10_000), 's').length));
    gate.resolve();
  });

  it.each([
    ['more than any frame', deflateRawSync(Buffer.alloc(64 * MIB)), 'LINK_TOO_LARGE'],
    ['no DEFLATE', Buffer.from('nothing packed'), 'LINK_MALFORMED'],
    ['DEFLATE cut short', deflateRawSync(Buffer.from(rows(100))).subarray(0, 50), 'LINK_MALFORMED'],
  ])('refuses a packet that holds %s, and goes on', (_what, body, code) => {
    const { from, to, items } = line();
    to.receive(Buffer.concat([Uint8Array.of(KIND.packed), body]));
    expect(items).toMatchObject([{ kind: 'refused', refusal: { code }, fatal: false }]);
    from.send('next', 's');
    expect(items[1]).toMatchObject({ kind: 'frame', text: 'next' });
  });
});
