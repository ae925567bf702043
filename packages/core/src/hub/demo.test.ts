import { describe, expect, it } from 'vitest';
import { buyOrder, lot, machine } from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import { twoHubs } from '../../test/world.ts';
import { isSignedBy } from '../units/document.ts';
import { FAILED_STARTS_MAX } from './order-state.ts';

/** Six one-core replicas: four at ann.h1, two at bob.h2. */
function demo() {
  const world = twoHubs().start();
  world.offer('ann.h1').offer('bob.h2');
  const order = world.submit('lea.h1', buyOrder({ count: { min: 6, max: 6 } }));
  return { world, order };
}

describe('an order over two hubs', () => {
  /** @patent C1.6 C1.7 */
  it('is matched, frozen, started and running in the step of its arrival', () => {
    const { world, order } = demo();
    expect(world.view('lea.h1', order)).toMatchObject({
      state: 'running',
      agreements: [
        {
          negotiation: 'FINALIZED',
          lease: 'STARTED',
          userOf: 'lea.h1',
          userExpiresMs: world.now().wallMs + 10_000,
          signedAtMs: world.now().wallMs,
          parts: [
            { lessor: 'ann.h1', targetHub: 'h1', replicas: 4 },
            { lessor: 'bob.h2', targetHub: 'h2', replicas: 2 },
          ],
        },
      ],
    });
    expect(world.lessee('lea.h1').events(order)).toEqual([
      'accepted',
      'matched',
      'frozen',
      'started',
    ]);
  });

  /** @patent C7.1 SIG-2 */
  it('leaves the lease panorama of all hubs at once, and returns to it when it ends', () => {
    const { world } = demo();
    const freeAt = (hub: string) =>
      ['ann.h1', 'bob.h2'].map(
        (lessor) =>
          world.hub(hub).core.panorama.lease(lessor)?.offer?.lots[0]?.amounts.cpuMillicores,
      );
    expect(freeAt('h1')).toEqual([0, 2000]);
    expect(freeAt('h2')).toEqual([0, 2000]);
    world.run(11_000);
    expect(freeAt('h1')).toEqual([4000, 4000]);
    expect(freeAt('h2')).toEqual([4000, 4000]);
  });

  it('starts every replica once, with its rank, where it was placed', () => {
    const { world } = demo();
    const ranksAt = (agent: string) =>
      world.agent(agent).started.map(({ rank, size }) => [rank, size]);
    expect(ranksAt('ann.h1')).toEqual([0, 1, 2, 3].map((rank) => [rank, 6]));
    expect(ranksAt('bob.h2')).toEqual([4, 5].map((rank) => [rank, 6]));
  });

  /** @patent EXE-4 EXE-5 */
  it('ends after its duration: completed, billed, settled at both hubs, right to use returned', () => {
    const { world, order } = demo();
    world.run(12_000);
    const view = world.view('lea.h1', order);
    const costs = view.agreements[0]?.parts.map(({ costMicro }) => costMicro);
    // One credit per core hour, 10 s less the warning of 1 s that ends these programs: 4 and 2 cores.
    expect(costs).toEqual([10_000n, 5_000n]);
    expect(view).toMatchObject({ state: 'completed', costMicro: 15_000n });
    expect(view.agreements[0]).toMatchObject({ lease: 'COMPLETED', userOf: null });
    for (const hub of ['h1', 'h2']) {
      for (const part of world.hub(hub).core.parts.values()) {
        expect(part.settledMicro).toBe(part.costMicro);
      }
    }
    expect(world.agent('ann.h1').running).toEqual([]);
  });

  it('leaves the same document, signed by both hubs, at both', () => {
    const { world } = demo();
    const [agreement] = world.hub('h1').core.agreements.values();
    const [there] = world.hub('h2').core.parts.values();
    const here = agreement?.parts[1]?.document;
    expect(here).toEqual(there?.document);
    for (const hub of ['h1', 'h2']) {
      const { crypto, publicKey } = keysOf(hub);
      expect(here && isSignedBy(crypto, here, 'agreement-part', hub, publicKey)).toBe(true);
    }
  });

  it('shows no limit price and no budget to the target hub', () => {
    const { world } = demo();
    const sent = JSON.stringify(world.messages('h1', 'h2'), (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(sent).not.toMatch(/limitMicro|budgetMicro/);
  });
});

describe('a job', () => {
  it('is completed when its containers ended well, and billed until then', () => {
    const world = twoHubs().start().offer('bob.h2');
    world.programOf = () => ({ runMs: 2_500 });
    const order = world.submit('lea.h1', buyOrder({ kind: 'job' }));
    world.run(5_000);
    expect(world.view('lea.h1', order)).toMatchObject({
      state: 'completed',
      agreements: [{ parts: [{ billedMs: 2_500 }] }],
    });
  });

  it('is failed, and billed, when a container failed', () => {
    const world = twoHubs().start().offer('bob.h2');
    world.programOf = () => ({ runMs: 2_500, exitCode: 3 });
    const { task } = buyOrder();
    const once = { ...task, public: { ...task.public, restarts: 0 } };
    const order = world.submit('lea.h1', buyOrder({ kind: 'job', task: once }));
    world.run(5_000);
    expect(world.view('lea.h1', order)).toMatchObject({
      state: 'failed',
      lastCode: 'LEASE_TASK_FAILED',
      agreements: [{ parts: [{ billedMs: 2_500 }] }],
    });
  });

  it('is tried again, unbilled, when a container cannot start', () => {
    const world = twoHubs().start().offer('bob.h2');
    let tries = 0;
    world.programOf = () => ({ starts: ++tries > 1, runMs: 1_000 });
    const order = world.submit('lea.h1', buyOrder({ kind: 'job' }));
    world.run(30_000);
    const view = world.view('lea.h1', order);
    expect(view.state).toBe('completed');
    expect(view.agreements.map(({ parts }) => parts[0]?.outcome)).toEqual([
      'LEASE_START_FAILED',
      'completed',
    ]);
    expect(view.agreements[0]?.parts[0]?.costMicro).toBe(0n);
  });

  it('goes to another lessor, though a dearer one, when a container could not start', () => {
    const world = twoHubs().start({ 'ann.h1': [machine('dear')], 'bob.h2': [machine('bad')] });
    world.offer('ann.h1', {
      lots: [lot('dear', { asks: { ...lot().asks, cpuMicroPerCoreHour: 9n } })],
    });
    world.offer('bob.h2', {
      lots: [lot('bad', { asks: { ...lot().asks, cpuMicroPerCoreHour: 1n } })],
    });
    world.programOf = ({ lotId }) => ({ starts: lotId !== 'bad', runMs: 1_000 });
    const order = world.submit('lea.h1', buyOrder({ kind: 'job' }));
    world.run(30_000);
    const { state, agreements } = world.view('lea.h1', order);
    const parts = agreements.map(({ parts: [part] }) => [part?.targetHub, part?.outcome]);
    expect({ state, parts }).toEqual({
      state: 'completed',
      parts: [
        ['h2', 'LEASE_START_FAILED'],
        ['h1', 'completed'],
      ],
    });
    // Another order has not met it there: it takes what is cheapest.
    world.programOf = () => ({ runMs: 1_000 });
    const other = world.submit('lea.h1', buyOrder({ kind: 'job', salt: '2'.repeat(32) }));
    world.run(30_000);
    expect(
      world.view('lea.h1', other).agreements.map(({ parts: [part] }) => part?.targetHub),
    ).toEqual(['h2']);
  });

  it('is given up, unbilled, when containers fail to start again and again', () => {
    const world = twoHubs().start().offer('bob.h2');
    world.programOf = () => ({ starts: false, runMs: 1_000 });
    const order = world.submit('lea.h1', buyOrder({ kind: 'job' }));
    world.run(60_000);
    const view = world.view('lea.h1', order);
    expect(view).toMatchObject({ state: 'failed', lastCode: 'LEASE_START_FAILED', costMicro: 0n });
    expect(view.agreements).toHaveLength(FAILED_STARTS_MAX);
  });
});

describe('an order that lost a race', () => {
  it('is matched again at once, with the row that the refusal carried', () => {
    const world = twoHubs({ lessees: ['lea.h1', 'lou.h2'] })
      .start()
      .offer('ann.h1')
      .offer('bob.h2');
    const four = { count: { min: 4, max: 4 }, maxLessors: 1 };
    const cheap = { lots: [lot('m1', { asks: { ...lot().asks, cpuMicroPerCoreHour: 1n } })] };
    world.offer('bob.h2', cheap);
    // Deltas of h2 are late from here on: h1 still believes in what is sold there.
    world.lose = ({ frame }) =>
      frame.from === 'h2' && frame.messages.some((m) => m.type === 'delta');
    world.submit('lou.h2', buyOrder({ ...four, lessee: 'lou.h2' }));
    const order = world.submit('lea.h1', buyOrder(four));
    const view = world.view('lea.h1', order);
    expect(view.events.map(({ name }) => name)).toEqual([
      'accepted',
      'matched',
      'lost-race',
      'matched',
      'frozen',
      'started',
    ]);
    expect(view.agreements.map(({ parts }) => parts[0]?.lessor)).toEqual(['bob.h2', 'ann.h1']);
  });
});
