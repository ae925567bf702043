/** Keys of all orders of a participant are released, whoever submitted them, until it is told to end. */
import type { OrderSummary, OrderView, Request } from '@sparegrid/core/messages';
import type { OrderState } from '@sparegrid/core/order/order-record';
import type { OrderId } from '@sparegrid/core/units/ids';
import { encodeKey, generateKey } from '@sparegrid/link/keys';
import { expect, test } from 'vitest';
import { Client } from './client.ts';
import type { HubLink, OrderNews } from './hub-link.ts';
import type { CallOptions, ReplyTo } from './pending-requests.ts';
import { releaseAll } from './release-all.ts';
import { signerOf } from './signer.ts';

type Key = 'awaited' | 'released' | undefined;

/** A hub with these orders; each view of one that is watched is pushed by the test, and each word. */
class ScriptedHub implements HubLink {
  tell: (news: OrderNews) => void = () => {};
  readonly orders = new Map<OrderId, OrderState>();
  readonly asked: Request['op'][] = [];
  readonly watchers = new Map<OrderId, (key: Key, state: OrderState) => void>();
  #watched = Promise.withResolvers<OrderId>();
  watches = 0;

  async ready(): Promise<void> {}
  async close(): Promise<void> {}
  async *output(): AsyncGenerator<never, void, void> {}

  hear(heard: (news: OrderNews) => void): () => void {
    this.tell = heard;
    return () => {
      this.tell = () => {};
    };
  }

  async request<R extends Request>(request: R, options: CallOptions): Promise<ReplyTo<R>> {
    this.asked.push(request.op);
    expect(request.op === 'order.list' ? options.timeoutMs : null).toBeNull();
    const { op } = request;
    if (op === 'order.keys') throw new Error('no keys today');
    const orders = [...this.orders].map(([id, state]) => ({ id, state }) as OrderSummary);
    return { ok: true, op, orders, next: null } as unknown as ReplyTo<R>;
  }

  async *watch(id: OrderId, signal?: AbortSignal): AsyncGenerator<OrderView, void, void> {
    this.watches += 1;
    const views: OrderView[] = [];
    let wake = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => wake.resolve());
    this.watchers.set(id, (key, state) => {
      views.push({ id, state, agreements: [{ parts: [{ key }] }] } as unknown as OrderView);
      wake.resolve();
    });
    this.#watched.resolve(id);
    for (;;) {
      await wake.promise;
      signal?.throwIfAborted();
      wake = Promise.withResolvers();
      for (const view of views.splice(0)) {
        yield view;
        if (view.state === 'completed') return;
      }
    }
  }

  async nextWatched(): Promise<OrderId> {
    const id = await this.#watched.promise;
    this.#watched = Promise.withResolvers();
    return id;
  }
}

test('orders are found as they come, told once, and tried again after a failure', async () => {
  const hub = new ScriptedHub();
  const signer = await signerOf(encodeKey(generateKey()));
  const client = new Client({ participant: 'lea.h1', signer, link: hub });
  const over = new AbortController();
  const told: string[] = [];
  hub.orders.set('o-ended', 'completed').set('o-1', 'running');
  const done = releaseAll(client, {
    signal: over.signal,
    released: (id) => told.push(`released ${id}`),
    failed: (id, error) => told.push(`${id}: ${error.message}`),
  });

  expect(await hub.nextWatched()).toBe('o-1');
  hub.watchers.get('o-1')?.('released', 'running');
  hub.watchers.get('o-1')?.('released', 'running');
  hub.orders.set('o-2', 'open');
  hub.tell({ order: 'o-2', state: 'open' });
  expect(await hub.nextWatched()).toBe('o-2');
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    hub.watchers.get('o-2')?.('awaited', 'running');
    expect(await hub.nextWatched()).toBe('o-2');
  }
  hub.watchers.get('o-2')?.(undefined, 'completed');
  hub.orders.set('o-2', 'completed');
  hub.tell({ order: 'o-2', state: 'completed' });
  hub.tell({ order: 'o-1', state: 'running' });
  // Words were lost.
  hub.orders.set('o-3', 'open');
  hub.tell(null);
  expect(await hub.nextWatched()).toBe('o-3');
  over.abort();
  await done;

  expect(told).toEqual(['released o-1', 'o-2: no keys today']);
  expect(hub.asked.filter((op) => op === 'order.keys')).toHaveLength(2);
  expect(hub.watches).toBe(5);
});
