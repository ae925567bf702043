import { describe, expect, it } from 'vitest';
import { amounts, asks, buyOrder, lot, machine, resourceSpec } from '../../test/fixtures.ts';
import { twoHubs, World } from '../../test/world.ts';
import type { Message } from '../messages.ts';
import type { PanoramaRow } from '../panorama/row.ts';

/** Rows of this kind that hub h1 sent to h2, in order. */
function rowsSent(world: World, kind: PanoramaRow['kind']): PanoramaRow[] {
  const rowsOf = (message: Message) => (message.type === 'delta' ? message.rows : []);
  return world
    .messages('h1', 'h2')
    .flatMap(rowsOf)
    .filter((row) => row.kind === kind);
}

function versions(world: World) {
  return [...world.hubs.values()].map(({ core }) =>
    [...core.panorama.parts.values()].map((part) => part.version()),
  );
}

describe('the panoramas', () => {
  /** @patent C1.1 C1.2 C9.1 PAN-3 PAN-6 LSE-2 LSE-3 */
  it('are equal at all hubs, in full mesh', () => {
    const world = new World({
      hubs: ['h1', 'h2', 'h3'],
      lessors: ['ann.h1', 'bob.h2', 'cat.h3'],
      lessees: [],
    });
    world.start().offer('ann.h1').offer('bob.h2').offer('cat.h3');
    const byHub = versions(world).map((parts) =>
      JSON.stringify(parts.sort((a, b) => (a.hub < b.hub ? -1 : 1))),
    );
    expect(new Set(byHub).size).toBe(1);
    for (const { core } of world.hubs.values()) {
      for (const lessor of ['ann.h1', 'bob.h2', 'cat.h3']) {
        expect(core.panorama.resolve(lessor)).toBe(lessor.slice(-2));
        expect(core.panorama.lease(lessor)?.offer).toBeTruthy();
      }
    }
  });

  /** @patent C1.3 C4.1 C4.2 LSE-5 */
  it('follow an offer as an event: no time passes and nothing is polled', () => {
    const world = twoHubs().start().offer('ann.h1');
    const at = world.elapsedMs;
    world.offer('ann.h1', { lots: [lot('m1', { asks: asks({ cpuMicroPerCoreHour: 7n }) })] });
    expect(world.elapsedMs).toBe(at);
    expect(
      world.hub('h2').core.panorama.lease('ann.h1')?.offer?.lots[0]?.asks.cpuMicroPerCoreHour,
    ).toBe(7n);
  });

  /** @patent PAN-9 */
  it('cause no traffic for hardware that stays the same, whatever else happens', () => {
    const world = twoHubs().start().offer('ann.h1');
    expect(rowsSent(world, 'resource')).toHaveLength(1);
    world.offer('ann.h1', { lots: [lot('m1', { amounts: amounts({ cpuMillicores: 1 }) })] });
    world.restartAgent('ann.h1');
    const { participant, revision, ...spec } = resourceSpec('ann.h1');
    world.agent('ann.h1').step([{ kind: 'resource', spec }]);
    world.settle().run(60_000);
    expect(rowsSent(world, 'resource')).toHaveLength(1);
  });

  it('cause no rows at all while nothing changes', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    const before = world.posted.length;
    world.run(60_000);
    const types = world.posted
      .slice(before)
      .flatMap(({ frame }) => frame.messages.map((m) => m.type));
    expect(new Set(types)).toEqual(new Set(['heartbeat', 'hub-list', 'status', 'status-ack']));
  });

  /** @patent PAN-10 */
  it('follow a change of hardware that a participant reports', () => {
    const world = twoHubs().start();
    const { participant, revision, ...spec } = resourceSpec('ann.h1', {
      machines: [machine('m1'), machine('m2')],
    });
    world.agent('ann.h1').step([{ kind: 'resource', spec }]);
    world.settle();
    const there = world.hub('h2').core.panorama.parts.get('h1')?.resources.get('ann.h1')?.spec;
    expect(there).toMatchObject({ revision: 2, machines: [{ id: 'm1' }, { id: 'm2' }] });
  });

  it('heal after lost messages by heartbeat, without being asked', () => {
    const world = twoHubs().start();
    world.lose = ({ frame }) => frame.from === 'h1';
    world.offer('ann.h1');
    world.lose = () => false;
    expect(world.hub('h2').core.panorama.lease('ann.h1')).toBe(undefined);
    world.run(1_000);
    expect(world.hub('h2').core.panorama.lease('ann.h1')?.offer).toBeTruthy();
  });

  it('mark the rows of a silent hub stale, until it is heard again', () => {
    const world = twoHubs().start().offer('bob.h2');
    const known = () => world.hub('h1').core.panorama.parts.get('h2');
    world.lose = ({ frame }) => frame.from === 'h2';
    world.run(4_999);
    expect(known()?.stale).toBe(false);
    world.run(2_000);
    expect(known()?.stale).toBe(true);
    const order = world.submit('lea.h1', buyOrder());
    expect(world.view('lea.h1', order)).toMatchObject({
      state: 'open',
      lastCode: 'MATCH_NO_OFFER',
    });
    world.lose = () => false;
    world.run(1_000);
    expect(world.view('lea.h1', order).state).toBe('running');
  });
});

describe('a subnet', () => {
  /** @patent PAN-5 */
  it('is complete when every lending participant has registered', () => {
    const world = new World({
      hubs: ['h1', 'h2'],
      lessors: ['ann.h1', 'bea.h1'],
      lessees: ['lea.h1'],
    });
    const complete = () => world.hub('h2').core.panorama.parts.get('h1')?.complete;
    for (const hub of world.hubs.values()) hub.step([]);
    world.hub('h1').step([{ kind: 'peer-connected', hub: 'h2' }]);
    const join = (agent: string) => {
      const { participant, revision, ...spec } = resourceSpec(agent);
      world.agent(agent).step([{ kind: 'hub-connected' }, { kind: 'resource', spec }]);
      world.settle();
    };
    join('ann.h1');
    expect(complete()).toBe(false);
    join('bea.h1');
    expect(complete()).toBe(true);
  });
});

describe('pull mode', () => {
  const pulled = () => twoHubs({ pull: ['ann.h1'] }).start();

  /** @patent PAN-4 LSE-2 */
  it('collects what is in the local table of the participant', () => {
    const world = pulled().offer('ann.h1');
    expect(world.hub('h2').core.panorama.lease('ann.h1')?.offer).toBeTruthy();
    expect(world.hub('h2').core.panorama.resolve('ann.h1')).toBe('h1');
    const asked = world.messages('h1', 'ann.h1').filter(({ type }) => type === 'collect');
    expect(asked.length).toBeGreaterThan(1);
  });

  it('is only told that something changed: the documents come when they are collected', () => {
    const world = pulled();
    const before = world.posted.length;
    world.offer('ann.h1');
    const types = world.posted
      .slice(before)
      .filter(({ frame }) => frame.from === 'ann.h1' || frame.to === 'ann.h1')
      .flatMap(({ frame }) => frame.messages.map(({ type }) => type));
    expect(types).toEqual(['changed', 'collect', 'offer', 'accepted']);
  });

  it('collects again when it was not answered', () => {
    const world = pulled();
    world.lose = ({ frame }) => frame.messages.some(({ type }) => type === 'collect');
    world.offer('ann.h1');
    expect(world.hub('h1').core.panorama.lease('ann.h1')).toBe(undefined);
    world.lose = () => false;
    world.run(2_000);
    expect(world.hub('h1').core.panorama.lease('ann.h1')?.offer).toBeTruthy();
  });
});

describe('a hub without a buy order', () => {
  /** @patent ORD-2 */
  it('does nothing in matching, whatever is offered', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2').run(30_000);
    const types = new Set(
      world.posted.flatMap(({ frame }) => frame.messages.map(({ type }) => type)),
    );
    for (const type of ['prepare', 'vote-yes', 'vote-no', 'abort', 'activate', 'order-event']) {
      expect(types).not.toContain(type);
    }
    for (const { store } of world.hubs.values()) {
      for (const table of ['order', 'agreement', 'part', 'tombstone'])
        expect(store.keys(table)).toEqual([]);
    }
  });

  it('is first hub as well as any other once one arrives', () => {
    const world = twoHubs({ lessees: ['lou.h2'] })
      .start()
      .offer('ann.h1');
    const order = world.submit('lou.h2', buyOrder({ lessee: 'lou.h2' }));
    expect(world.view('lou.h2', order).state).toBe('running');
    expect(world.hub('h2').core.agreements.size).toBe(1);
  });
});
