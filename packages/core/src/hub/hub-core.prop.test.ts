import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buyOrder, WALL_MS } from '../../test/fixtures.ts';
import type { Crash } from '../../test/nodes.ts';
import { twoHubs, type World } from '../../test/world.ts';
import { FINAL_ORDER_STATES } from '../order/order-record.ts';

/** Both lessors are needed: 6 replicas of one core, 4 cores at each. */
const ORDER = buyOrder({ count: { min: 6, max: 6 }, durationMs: 4_000 });

/** The demo order until it ended and settled; each hub may crash once. */
function runDemo(crashes: { h1?: Crash; h2?: Crash } = {}) {
  const world = twoHubs().start();
  world.offer('ann.h1').offer('bob.h2');
  // Until it is killed at the end of the lease: so its bill is the same whatever was late.
  world.programOf = () => ({ stubborn: true });
  for (const [id, crash] of Object.entries(crashes)) {
    const hub = world.hub(id);
    hub.crash = { ...crash, atStep: hub.steps + crash.atStep };
  }
  const before = new Map([...world.hubs].map(([id, { steps }]) => [id, steps]));
  world.lessee('lea.h1').ask({
    op: 'order.submit',
    document: world.lessee('lea.h1').sign(ORDER),
    taskPrivate: null,
  });
  world.settle();
  const orders = () => [...world.hub('h1').core.orders.values()];
  // A client that got no reply sends the same text again.
  if (orders().length === 0) world.submit('lea.h1', ORDER);
  world.run(300_000, () => orders().every(({ state }) => FINAL_ORDER_STATES.has(state)));
  world.run(2_000);
  const steps = [...world.hubs].map(([id, node]) => [id, node.steps - (before.get(id) ?? 0)]);
  return { world, steps: Object.fromEntries(steps) as { h1: number; h2: number } };
}

/** What must be the same whatever crashed. */
function endOf(world: World) {
  const id = [...world.hub('h1').core.orders.keys()][0] as string;
  const { state, costMicro } = world.view('lea.h1', id);
  const parts = [...world.hubs.values()].flatMap((hub) => [...hub.core.parts.values()]);
  const billed = parts.filter((part) => part.costMicro > 0n);
  return {
    state,
    costMicro,
    settled: billed.map((part) => part.settledMicro === part.costMicro),
    live: parts.filter((part) => part.state !== 'ended').length,
    running: [...world.agents.values()].flatMap((agent) => agent.running),
    free: [...world.hub('h1').core.panorama.parts.values()].flatMap((part) =>
      [...part.leases.values()].map((row) => row.offer?.lots[0]?.amounts.cpuMillicores),
    ),
  };
}

describe('a hub that crashes', () => {
  const undisturbed = runDemo();
  const expected = endOf(undisturbed.world);

  it('is compared with a run that completes and is billed', () => {
    // 4 and 2 cores at one credit per core hour, for 4 s, each part rounded up.
    const costMicro = (4_000_000n * 4n + 3599n) / 3600n + (2_000_000n * 4n + 3599n) / 3600n;
    expect(expected).toEqual({
      state: 'completed',
      costMicro,
      settled: [true, true],
      live: 0,
      running: [],
      free: [4000, 4000],
    });
  });

  it.each(['h1', 'h2'] as const)('liveness: %s comes to the same end after every step', (hub) => {
    for (let atStep = 1; atStep <= undisturbed.steps[hub]; atStep += 1) {
      for (const committed of [true, false]) {
        const { world } = runDemo({ [hub]: { atStep, committed } });
        expect(endOf(world), `crash of ${hub} in step ${atStep}, ${committed}`).toEqual(expected);
      }
    }
  });

  const crashOf = (steps: number) =>
    fc.record({ atStep: fc.integer({ min: 1, max: steps }), committed: fc.boolean() });

  it('safety: no container starts twice, liveness: the same end, when both hubs crash', () => {
    const { h1, h2 } = undisturbed.steps;
    fc.assert(
      fc.property(fc.record({ h1: crashOf(h1), h2: crashOf(h2) }), (crashes) => {
        const { world } = runDemo(crashes);
        const started = [...world.agents.values()].flatMap((agent) => agent.started);
        expect(new Set(started.map(({ id }) => id)).size).toBe(started.length);
        expect(endOf(world)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('two hubs under loss, restarts and jumping clocks', () => {
  const faults = fc.record({
    /** Frame k is lost when entry k modulo length is true. */
    lost: fc.array(fc.boolean(), { minLength: 3, maxLength: 12 }),
    restarts: fc.array(
      fc.record({
        atMs: fc.nat({ max: 8_000 }),
        node: fc.constantFrom('h1', 'h2', 'ann.h1', 'bob.h2'),
      }),
      { maxLength: 3 },
    ),
    jumpMs: fc.constantFrom(0, -30_000, 30_000),
    fill: fc.constantFrom('atomic' as const, 'partial' as const),
    kind: fc.constantFrom('job' as const, 'service' as const),
  });

  it('liveness: the order ends, and all is given back and settled alike, once faults stop', () => {
    fc.assert(
      fc.property(faults, ({ lost, restarts, jumpMs, fill, kind }) => {
        const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
        world.programOf = () => ({ runMs: 3_000 });
        const min = fill === 'atomic' ? 6 : 1;
        const order = { ...ORDER, fill, kind, count: { min, max: 6 }, durationMs: 5_000 };
        order.expiresAtMs = WALL_MS + 60_000;
        let frames = 0;
        world.lose = () => lost[frames++ % lost.length] === true;
        world.lessee('lea.h1').ask({
          op: 'order.submit',
          document: world.lessee('lea.h1').sign(order),
          taskPrivate: null,
        });
        world.settle();
        const startMs = world.elapsedMs;
        for (const { atMs, node } of [...restarts].sort((a, b) => a.atMs - b.atMs)) {
          world.run(startMs + atMs - world.elapsedMs);
          if (world.hubs.has(node)) world.restart(world.hub(node));
          else world.restartAgent(node);
        }
        world.wallShiftMs += jumpMs;
        world.run(startMs + 10_000 - world.elapsedMs);
        world.lose = () => false;
        world.submit('lea.h1', order);
        world.run(150_000);
        const { agreements, orders, panorama } = world.hub('h1').core;
        for (const { state } of orders.values()) expect(FINAL_ORDER_STATES).toContain(state);
        for (const part of [...agreements.values()].flatMap(({ parts }) => parts)) {
          const { agreement, part: number, targetHub } = part.terms;
          const there = world.hub(targetHub).core.parts.get(`${agreement}.${number}`);
          if (part.settleMicro !== null && there) expect(there.settledMicro).toBe(part.settleMicro);
        }
        for (const lessor of ['ann.h1', 'bob.h2']) {
          expect(panorama.lease(lessor)?.offer?.lots[0]?.amounts.cpuMillicores).toBe(4000);
          expect(world.agent(lessor).running).toEqual([]);
          const started = world.agent(lessor).started.map(({ id }) => id);
          expect(new Set(started).size).toBe(started.length);
        }
      }),
      { numRuns: 20 },
    );
  });
});
