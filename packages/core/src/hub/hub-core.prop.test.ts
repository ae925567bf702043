import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import type { Crash } from '../../test/nodes.ts';
import { twoHubs, type World } from '../../test/world.ts';
import { FINAL_ORDER_STATES } from '../order/order-record.ts';

/** Both lessors are needed: 6 replicas of one core, 4 cores at each. */
const ORDER = buyOrder({ count: { min: 6, max: 6 }, durationMs: 4_000 });

/** The demo order until it ended and settled; each hub may crash once. */
function runDemo(crashes: { h1?: Crash; h2?: Crash } = {}) {
  const world = twoHubs().start();
  world.offer('ann.h1').offer('bob.h2');
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
