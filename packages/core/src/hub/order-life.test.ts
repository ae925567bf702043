import { describe, expect, it } from 'vitest';
import { amounts, buyOrder, lot, replica } from '../../test/fixtures.ts';
import { twoHubs, type World } from '../../test/world.ts';
import type { MessageType } from '../messages.ts';
import type { OrderState } from '../order/order-record.ts';

const SIX = buyOrder({ count: { min: 6, max: 6 } });

const cancel = (world: World, order: string) => world.ask('lea.h1', { op: 'order.cancel', order });
const stateOf = (world: World, order: string) => world.view('lea.h1', order).state;

function freeOf(world: World): (number | undefined)[] {
  return ['ann.h1', 'bob.h2'].map(
    (id) => world.hub('h1').core.panorama.lease(id)?.offer?.lots[0]?.amounts.cpuMillicores,
  );
}

/** Loses every frame between h1 and h2 that brings (or `only` brings) messages of this type. */
function loseAll(world: World, type: MessageType, only = false): void {
  world.lose = ({ frame: { from, to, messages } }) => {
    const between = [from, to].sort().join() === 'h1,h2';
    const found = messages.filter((message) => message.type === type).length;
    return between && found > (only ? messages.length - 1 : 0);
  };
}

describe('an order that is cancelled', () => {
  it.each<[OrderState, MessageType | null]>([
    ['signing', 'prepare'],
    ['signing', 'vote-yes'],
    ['starting', 'activate'],
    ['starting', 'started'],
    ['running', 'all-started'],
    ['running', null],
  ])('while %s (lost: %s) ends, and everything is given back', (state, lost) => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    if (lost) loseAll(world, lost);
    const order = world.submit('lea.h1', SIX);
    expect(stateOf(world, order)).toBe(state);
    world.run(1_500);
    world.lose = () => false;
    expect(cancel(world, order)).toMatchObject({ ok: true });
    world.run(30_000);
    expect(stateOf(world, order)).toBe('cancelled');
    expect(freeOf(world)).toEqual([4000, 4000]);
    expect([...world.agents.values()].flatMap((agent) => agent.running)).toEqual([]);
  });

  it('while open ends at once', () => {
    const world = twoHubs().start();
    const order = world.submit('lea.h1', SIX);
    expect(stateOf(world, order)).toBe('open');
    cancel(world, order);
    expect(stateOf(world, order)).toBe('cancelled');
    world.offer('ann.h1').offer('bob.h2');
    expect(stateOf(world, order)).toBe('cancelled');
  });

  it('is told as such until its last part has ended', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    const order = world.submit('lea.h1', SIX);
    world.lose = ({ frame: { from, to } }) => [from, to].sort().join() === 'h1,h2';
    cancel(world, order);
    expect(stateOf(world, order)).toBe('cancelling');
    world.lose = () => false;
    world.run(30_000);
    expect(stateOf(world, order)).toBe('cancelled');
  });

  it('is billed for what ran', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    const order = world.submit('lea.h1', SIX);
    world.run(2_000);
    cancel(world, order);
    world.settle();
    // 4 and 2 cores at one credit per core hour for 2 s, each rounded up.
    expect(world.view('lea.h1', order)).toMatchObject({ state: 'cancelled', costMicro: 3_335n });
  });

  it('may be cancelled twice, but not once it ended otherwise', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    const first = world.submit('lea.h1', SIX);
    expect([cancel(world, first), cancel(world, first)]).toMatchObject([
      { ok: true },
      { ok: true },
    ]);
    const second = world.submit('lea.h1', { ...SIX, salt: 's2' });
    world.run(12_000);
    expect(cancel(world, second)).toMatchObject({ ok: false, code: 'ORDER_ENDED' });
  });

  it('must be one’s own', () => {
    const world = twoHubs({ lessees: ['lea.h1', 'lou.h1'] }).start();
    const order = world.submit('lea.h1', SIX);
    expect(world.ask('lou.h1', { op: 'order.cancel', order })).toMatchObject({
      code: 'ORDER_UNKNOWN',
    });
    expect(world.ask('lou.h1', { op: 'order.explain', order, after: null })).toMatchObject({
      code: 'ORDER_UNKNOWN',
    });
  });
});

describe('an order that finds no match', () => {
  it('waits, is matched at once when an offer improves, and says meanwhile why', () => {
    const world = twoHubs().start().offer('ann.h1');
    const order = world.submit('lea.h1', SIX);
    expect(world.view('lea.h1', order)).toMatchObject({ state: 'open', lastCode: 'MATCH_COUNT' });
    expect(world.ask('lea.h1', { op: 'order.explain', order, after: null })).toMatchObject({
      lessors: [
        { lessor: 'ann.h1', code: null, replicas: 4 },
        { lessor: 'bob.h2', code: 'MATCH_NO_OFFER' },
      ],
    });
    world.offer('bob.h2');
    expect(stateOf(world, order)).toBe('running');
  });

  it('expires at the time it states, by the elapsed clock alone', () => {
    const world = twoHubs().start();
    const order = world.submit('lea.h1', SIX);
    world.wallShiftMs += 3_600_000;
    world.run(599_999);
    expect(stateOf(world, order)).toBe('open');
    world.run(1);
    expect(world.view('lea.h1', order)).toMatchObject({ state: 'expired' });
    expect(world.lessee('lea.h1').events(order)).toEqual(['accepted', 'unmatched', 'ended']);
  });

  it('still runs to its end when it expires after it was signed', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    const expiresAtMs = world.now().wallMs + 5_000;
    const order = world.submit('lea.h1', { ...SIX, expiresAtMs });
    world.run(12_000);
    expect(stateOf(world, order)).toBe('completed');
  });
});

describe('the same signed text', () => {
  it('is one order, however often it is sent', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    const ids = [1, 2, 3].map(() => world.submit('lea.h1', SIX));
    expect(new Set(ids).size).toBe(1);
    expect(world.agent('bob.h2').started).toHaveLength(2);
  });

  it('is one order after it was archived, and after a restart', () => {
    const world = twoHubs({ timing: { retainMs: 60_000 } })
      .start()
      .offer('ann.h1')
      .offer('bob.h2');
    const order = world.submit('lea.h1', SIX);
    world.run(200_000);
    expect(world.hub('h1').core.orders.size).toBe(0);
    expect(world.submit('lea.h1', SIX)).toBe(order);
    world.restart(world.hub('h1'));
    world.settle();
    expect(world.submit('lea.h1', SIX)).toBe(order);
    expect(world.agent('bob.h2').started).toHaveLength(2);
  });
});

describe('an archived order', () => {
  const world = twoHubs({ timing: { retainMs: 60_000 } })
    .start()
    .offer('ann.h1')
    .offer('bob.h2');
  const order = world.submit('lea.h1', SIX);
  world.run(200_000);

  it('has left memory on both sides, and the records that a restart reads', () => {
    for (const { core, store } of world.hubs.values()) {
      expect([core.orders.size, core.agreements.size, core.parts.size]).toEqual([0, 0, 0]);
      const tables = new Set(store.live().map(({ table }) => table));
      for (const table of ['order', 'agreement', 'part']) {
        expect(tables).not.toContain(table);
        expect(tables).not.toContain(`${table}-progress`);
      }
    }
  });

  it('is answered from the store', () => {
    const requestId = world.lessee('lea.h1').ask({ op: 'order.get', order });
    world.settle();
    expect(world.hub('h1').effects.at(-1)).toEqual({
      kind: 'cold-read',
      to: 'lea.h1',
      session: 's1',
      requestId,
      request: { op: 'order.get', order },
    });
    const stored = JSON.parse(world.hub('h1').store.get('archive', order) as string);
    expect(stored).toMatchObject({ lessee: 'lea.h1', view: { state: 'completed' } });
  });

  it('needs no more than its name, until it has expired on any clock within the tolerance', () => {
    expect(world.hub('h1').store.keys('done')).toEqual([order]);
    world.run(600_000);
    expect(world.hub('h1').store.keys('done')).toEqual([order]);
    world.run(600_000);
    expect(world.hub('h1').store.keys('done')).toEqual([]);
  });
});

describe('a partial order', () => {
  const partial = buyOrder({
    kind: 'job',
    fill: 'partial',
    count: { min: 1, max: 6 },
    durationMs: 60_000,
    expiresAtMs: SIX.expiresAtMs,
  });

  it('starts with what there is and adds what comes later', () => {
    const world = twoHubs().start().offer('ann.h1');
    const order = world.submit('lea.h1', partial);
    expect(stateOf(world, order)).toBe('running');
    world.offer('bob.h2');
    expect(world.agent('bob.h2').running).toHaveLength(2);
  });

  it('replaces a part that was lost, and never bills more than its budget', () => {
    const world = twoHubs().start().offer('ann.h1');
    // Four cores for a minute cost 66,667 micro-credits; the budget pays them once.
    const order = world.submit('lea.h1', {
      ...partial,
      count: { min: 1, max: 4 },
      budgetMicro: 70_000n,
      disconnect: { stopAfterMs: 1_000, onLoss: 'continue' },
    });
    world.offer('bob.h2').run(20_000);
    world.lose = ({ frame }) => [frame.from, frame.to].includes('ann.h1');
    world.run(200_000);
    const { agreements, costMicro } = world.view('lea.h1', order);
    expect(agreements[0]?.parts[0]).toMatchObject({ outcome: 'LEASE_LESSOR_LOST' });
    expect(agreements.length).toBeGreaterThan(1);
    expect(costMicro).toBeLessThanOrEqual(70_000n);
  });
});

describe('an order that waits for what another one had reserved', () => {
  it('is matched when that one got nothing', () => {
    const world = twoHubs().start().offer('bob.h2');
    // h1 does not hear that three of the four cores are sold already.
    loseAll(world, 'delta', true);
    const small = { lots: [lot('m1', { amounts: amounts({ cpuMillicores: 1000 }) })] };
    world.offer('bob.h2', small);
    loseAll(world, 'prepare');
    const greedy = world.submit('lea.h1', buyOrder({ replica: replica({ cpuMillicores: 4000 }) }));
    const modest = world.submit('lea.h1', buyOrder({ salt: 's2' }));
    expect([stateOf(world, greedy), stateOf(world, modest)]).toEqual(['signing', 'open']);
    loseAll(world, 'delta', true);
    world.run(600);
    expect([stateOf(world, greedy), stateOf(world, modest)]).toEqual(['open', 'running']);
  });
});
