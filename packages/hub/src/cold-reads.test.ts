/** Answers from the store about orders that have left memory. */
import type { KeptChunk } from '@sparegrid/core/messages';
import { encodeStored } from '@sparegrid/core/units/json';
import { MemoryStore } from '@sparegrid/link/store/memory-store';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerColdRead, REPLY_TEXT_BYTES_MAX } from './cold-reads.ts';

const ORDER = `o-${'1'.repeat(32)}`;
const OTHER = `o-${'2'.repeat(32)}`;

describe('cold reads', () => {
  let store: MemoryStore;

  beforeEach(async () => {
    store = new MemoryStore();
    await put('order', ORDER, { order: { lessee: 'l1.h1' }, state: 'completed' });
    await put('order', OTHER, { order: { lessee: 'l2.h1' }, state: 'running' });
  });

  async function put(table: string, key: string, record: object): Promise<void> {
    await store.commit([{ table, key, text: encodeStored(record), live: false }]);
  }

  async function log(container: string, seq: number, text: string, order = ORDER): Promise<void> {
    const chunk: KeptChunk = { container, seq, stream: 'stdout', text, atMs: 1 };
    await put('log', `${order}/${container}/${String(seq).padStart(8, '0')}`, chunk);
  }

  async function logs(after: Record<string, number>, order = ORDER, lessee = 'l1.h1') {
    const reply = await answerColdRead(store, lessee, { op: 'order.logs', order, after });
    if (!reply.ok || reply.op !== 'order.logs') throw new Error(JSON.stringify(reply));
    return {
      ended: reply.ended,
      seen: reply.chunks.map(({ container, seq }) => `${container.slice(ORDER.length)} ${seq}`),
      chunks: reply.chunks,
    };
  }

  const A = `${ORDER}-1.0.0`;
  const B = `${ORDER}-1.0.1`;

  it('gives an archived order to its lessee, money exact', async () => {
    const view = { id: ORDER, costMicro: 12345678901234567890n };
    await put('archive', ORDER, { lessee: 'l1.h1', view });
    const request = { op: 'order.get', order: ORDER } as const;
    expect(await answerColdRead(store, 'l1.h1', request)).toEqual({
      ok: true,
      op: 'order.get',
      order: view,
    });
  });

  it('takes the state of an order from what is written of its progress', async () => {
    expect((await logs({})).ended).toBe(true);
    await put('order', ORDER, { order: { lessee: 'l1.h1' }, state: 'open' });
    expect((await logs({})).ended).toBe(false);
    await put('order-progress', ORDER, { state: 'completed' });
    expect((await logs({})).ended).toBe(true);
  });

  it('knows neither an order of somebody else nor one that never was', async () => {
    await put('archive', ORDER, { lessee: 'l1.h1', view: {} });
    for (const [lessee, order] of [
      ['l2.h1', ORDER],
      ['l1.h1', `o-${'3'.repeat(32)}`],
    ] as const) {
      for (const request of [
        { op: 'order.get', order } as const,
        { op: 'order.logs', order, after: {} } as const,
      ]) {
        const reply = await answerColdRead(store, lessee, request);
        expect(reply).toMatchObject({ ok: false, code: 'ORDER_UNKNOWN' });
      }
    }
  });

  it('gives the kept output of one order, container by container', async () => {
    await log(A, 1, 'a1');
    await log(A, 2, 'a2');
    await log(B, 1, 'b1');
    await log(`${OTHER}-1.0.0`, 1, 'other', OTHER);
    expect((await logs({})).seen).toEqual(['-1.0.0 1', '-1.0.0 2', '-1.0.1 1']);
  });

  it('goes on behind the cursor of each container', async () => {
    for (let seq = 1; seq <= 40; seq++) await log(A, seq, 'a');
    await log(B, 1, 'b');
    expect((await logs({ [A]: 39 })).seen).toEqual(['-1.0.0 40', '-1.0.1 1']);
    expect((await logs({ [A]: 40, [B]: 1 })).seen).toEqual([]);
    expect((await logs({ [A]: 999 })).seen).toEqual(['-1.0.1 1']);
  });

  it('does not take a name that every object has for a cursor', async () => {
    await log('toString', 1, 'a');
    expect((await logs({})).chunks.length).toBe(1);
  });

  it('bounds each reply, and the next cursor continues it to the end', async () => {
    const text = 'x'.repeat(16_000);
    for (let seq = 1; seq <= 40; seq++) await log(A, seq, text);
    const after: Record<string, number> = {};
    const sizes: number[] = [];
    for (let more = true; more; ) {
      const { chunks } = await logs(after);
      sizes.push(chunks.length);
      for (const chunk of chunks) after[chunk.container] = chunk.seq;
      more = chunks.length > 0;
    }
    expect(Math.max(...sizes) * text.length).toBeLessThanOrEqual(REPLY_TEXT_BYTES_MAX);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(40);
  });

  it('gives a chunk that is larger than the bound alone', async () => {
    await log(A, 1, 'x'.repeat(REPLY_TEXT_BYTES_MAX + 1));
    await log(A, 2, 'next');
    expect((await logs({})).seen).toEqual(['-1.0.0 1']);
  });

  it('says whether the order has ended', async () => {
    expect((await logs({})).ended).toBe(true);
    expect((await logs({}, OTHER, 'l2.h1')).ended).toBe(false);
  });
});
