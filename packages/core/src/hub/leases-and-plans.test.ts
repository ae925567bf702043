import { describe, expect, it } from 'vitest';
import { buyOrder, CREDIT, replica } from '../../test/fixtures.ts';
import { twoHubs, type World } from '../../test/world.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';

const PAGE = { after: null };

function running(over: Partial<BuyOrder> = {}): { world: World; order: string; lease: string } {
  const world = twoHubs({ lessees: ['lea.h1', 'lou.h1'] })
    .start()
    .offer('bob.h2');
  const order = world.submit('lea.h1', buyOrder(over));
  return { world, order, lease: `${order}-1` };
}

function plan(world: World, over: Partial<BuyOrder> = {}) {
  const payload = canonicalJson(buyOrder(over) as unknown as JsonValue);
  return world.ask('lea.h1', { op: 'order.plan', payload, ...PAGE });
}

describe('leases', () => {
  it('are listed to their lessee and to nobody else', () => {
    const { world, order, lease } = running();
    expect(world.ask('lea.h1', { op: 'lease.list', ...PAGE })).toMatchObject({
      leases: [{ id: lease, order, lease: 'STARTED', userOf: 'lea.h1' }],
      next: null,
    });
    expect(world.ask('lou.h1', { op: 'lease.list', ...PAGE })).toMatchObject({ leases: [] });
    expect(world.ask('lea.h1', { op: 'lease.get', lease })).toMatchObject({ lease: { id: lease } });
    expect(world.ask('lou.h1', { op: 'lease.stop', lease })).toMatchObject({
      code: 'LEASE_UNKNOWN',
    });
  });

  it('end when their lessee says so, and the order with its last one', () => {
    const { world, order, lease } = running();
    expect(world.ask('lea.h1', { op: 'lease.stop', lease })).toMatchObject({ ok: true });
    world.run(30_000, () => world.view('lea.h1', order).state === 'cancelled');
    expect(world.view('lea.h1', order).state).toBe('cancelled');
    expect(world.ask('lea.h1', { op: 'lease.list', ...PAGE })).toMatchObject({
      leases: [{ id: lease, lease: 'TERMINATED' }],
    });
    expect(world.ask('lea.h1', { op: 'lease.stop', lease })).toMatchObject({ code: 'LEASE_ENDED' });
    expect(world.agent('bob.h2').running).toEqual([]);
  });

  it('of a partial order end one by one', () => {
    const { world, order, lease } = running({
      fill: 'partial',
      count: { min: 1, max: 8 },
      replica: replica({ cpuMillicores: 2000 }),
    });
    world.offer('ann.h1');
    const ids = () => world.view('lea.h1', order).agreements.map(({ id }) => id);
    expect(ids()).toEqual([lease, `${order}-2`]);
    world.ask('lea.h1', { op: 'lease.stop', lease });
    world.run(2_000);
    const view = world.view('lea.h1', order);
    expect(view.state).toBe('running');
    expect(view.agreements.map(({ lease: state }) => state).slice(0, 2)).toEqual([
      'TERMINATED',
      'STARTED',
    ]);
  });
});

describe('a plan', () => {
  it('names whom the order would go to at which price, and changes nothing', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    const before = world.hub('h1').step([]).length;
    expect(plan(world, { durationMs: 3_600_000, count: { min: 2, max: 2 } })).toMatchObject({
      plan: {
        code: null,
        parts: [{ lessor: 'ann.h1', targetHub: 'h1', replicas: 2, priceMicroPerHour: 2n * CREDIT }],
        priceMicroPerHour: 2n * CREDIT,
        costMicroMax: 2n * CREDIT,
      },
      lessors: [
        { lessor: 'ann.h1', code: null },
        { lessor: 'bob.h2', code: null },
      ],
    });
    expect(world.ask('lea.h1', { op: 'hub.status' })).toMatchObject({
      status: { orders: 0, agreements: 0 },
    });
    expect(world.hub('h1').step([]).length).toBe(before);
  });

  it('says what is missing when nobody suits', () => {
    const world = twoHubs().start().offer('ann.h1');
    expect(plan(world, { limitMicroPerReplicaHour: 1n })).toMatchObject({
      plan: { code: 'MATCH_PRICE', parts: [], costMicroMax: 0n },
      lessors: [{ lessor: 'ann.h1', code: 'MATCH_PRICE' }, { lessor: 'bob.h2' }],
    });
  });

  it('is refused like the order itself', () => {
    const world = twoHubs().start();
    expect(plan(world, { lessee: 'lou.h1' })).toMatchObject({ code: 'ORDER_NOT_YOURS' });
    expect(plan(world, { count: { min: 2, max: 1 } })).toMatchObject({ code: 'ORDER_COUNT' });
    const malformed = { op: 'order.plan', payload: '{}', ...PAGE } as const;
    expect(world.ask('lea.h1', malformed)).toMatchObject({ code: 'ORDER_MALFORMED' });
  });
});

describe('new output', () => {
  it('is told to the lessee once per step, after it is stored', () => {
    const { world, order } = running();
    const [container] = world.agent('bob.h2').running as [string];
    const told = () => world.messages('h1', 'lea.h1').filter(({ type }) => type === 'output');
    expect(told()).toEqual([]);
    const chunk = { kind: 'log', container, stream: 'stdout', text: 'x' } as const;
    world.agent('bob.h2').step([chunk, chunk, chunk]);
    world.settle();
    expect(told()).toEqual([{ type: 'output', order }]);
    expect(world.hub('h1').store.keys('log')).toHaveLength(3);
  });
});

describe('a connection that the shell has proved to be a participant’s', () => {
  it('asks and hears like one that sends frames', () => {
    const { world, order } = running();
    const session = 'http-1';
    const hub = world.hub('h1');
    hub.step([{ kind: 'session-opened', participant: 'lea.h1', session }]);
    const sends = hub.step([
      {
        kind: 'request',
        from: 'lea.h1',
        session,
        requestId: 'r1',
        request: { op: 'order.cancel', order },
      },
    ]);
    const own = sends.filter((send) => send.session === session).map(({ message }) => message);
    expect(own).toContainEqual({
      type: 'reply',
      requestId: 'r1',
      reply: { ok: true, op: 'order.cancel', order },
    });
    hub.step([{ kind: 'session-closed', participant: 'lea.h1', session }]);
    const [container] = world.agent('bob.h2').running;
    expect(container).toBeDefined();
  });
});
