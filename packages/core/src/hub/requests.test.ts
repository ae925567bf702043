import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { twoHubs } from '../../test/world.ts';

const PAGE = { after: null };

describe('a lessee may ask its hub for', () => {
  it('its own orders, and no others', () => {
    const world = twoHubs({ lessees: ['lea.h1', 'lou.h1'] }).start();
    const order = world.submit('lea.h1', buyOrder());
    expect(world.ask('lea.h1', { op: 'order.list', ...PAGE })).toMatchObject({
      orders: [{ id: order, state: 'open' }],
    });
    expect(world.ask('lou.h1', { op: 'order.list', ...PAGE })).toMatchObject({ orders: [] });
    const requestId = world.lessee('lou.h1').ask({ op: 'order.get', order });
    world.settle();
    expect(world.lessee('lou.h1').replyTo(requestId)).toBe(undefined);
  });

  it('both panoramas, from all hubs', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    expect(world.ask('lea.h1', { op: 'panorama.resources', ...PAGE })).toMatchObject({
      specs: [
        { hub: 'h1', spec: { participant: 'ann.h1' } },
        { hub: 'h2', spec: { participant: 'bob.h2' } },
      ],
    });
    expect(world.ask('lea.h1', { op: 'panorama.offers', ...PAGE })).toMatchObject({
      offers: [
        { hub: 'h1', stale: false, offer: { participant: 'ann.h1' } },
        { hub: 'h2', stale: false, offer: { participant: 'bob.h2' } },
      ],
    });
  });

  it('the state of its hub', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    world.submit('lea.h1', buyOrder());
    expect(world.ask('lea.h1', { op: 'hub.status' })).toMatchObject({
      status: {
        hub: 'h1',
        epoch: 1,
        orders: 1,
        agreements: 1,
        leases: 1,
        parts: [
          { hub: 'h1', stale: false, complete: true, participants: 1, offers: 1 },
          { hub: 'h2', stale: false, complete: true, participants: 1, offers: 1 },
        ],
      },
    });
  });

  it('program output, which is always read from the store', () => {
    const world = twoHubs().start();
    const order = world.submit('lea.h1', buyOrder());
    world.lessee('lea.h1').ask({ op: 'order.logs', order, after: {} });
    world.settle();
    expect(world.hub('h1').effects.at(-1)).toMatchObject({ kind: 'cold-read', to: 'lea.h1' });
  });
});
