import { describe, expect, it } from 'vitest';
import { amounts, asks, buyOrder, CREDIT, lot, replica } from '../../test/fixtures.ts';
import type { HubNode } from '../../test/nodes.ts';
import { twoHubs, type World } from '../../test/world.ts';
import { solveJoint } from '../joint/solve.ts';
import type { SignedFrame } from '../messages.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import type { SolverAnswer } from '../rounds/answer.ts';
import type { RoundSettings } from '../rounds/settings.ts';
import type { HubEffect } from './context.ts';

type Solve = Extract<HubEffect, { kind: 'solve' }>;

const LEA = 'lea.h1';

function asked({ effects }: HubNode): Solve | undefined {
  return effects.findLast((effect): effect is Solve => effect.kind === 'solve');
}

function answerTo({ request }: Solve): SolverAnswer {
  const { units, cost, lowerBound, certificate } = solveJoint(request.instance, {
    seed: 1,
    iterations: 500,
  });
  return { units, cost, lowerBound, lessorPrices: certificate.lessorPrices, iterations: 0 };
}

/** Runs until the solver is asked. */
function untilAsked(world: World): Solve {
  const hub = world.hub('h1');
  const before = hub.effects.length;
  world.run(1_000, () => hub.effects.slice(before).some(({ kind }) => kind === 'solve'));
  return asked(hub) as Solve;
}

function answer(world: World, solve: Solve, given: SolverAnswer | null = answerTo(solve)): void {
  world.hub('h1').step([{ kind: 'solved', round: solve.round, answer: given }]);
  world.run(100);
}

function market(rounds: Partial<RoundSettings> = {}): World {
  const world = twoHubs({ rounds: { ordersFrom: 2, iterations: 500, ...rounds } }).start();
  const cheap = { amounts: amounts({ cpuMillicores: 1000 }) };
  world.offer('ann.h1', { lots: [lot('m1', cheap)] });
  const dear = { ...cheap, asks: asks({ cpuMicroPerCoreHour: 2n * CREDIT }) };
  return world.offer('bob.h2', { lots: [lot('m1', dear)] });
}

const one = (salt: string, over: Partial<BuyOrder> = {}) => buyOrder({ salt, ...over });
/** The first may pay for either lot, the second only for the cheap one. */
const RICH = one('rich');
const POOR = one('poor', { limitMicroPerReplicaHour: CREDIT });

const lessorsOf = (world: World, order: string) =>
  world.view(LEA, order).agreements.flatMap(({ parts }) => parts.map(({ lessor }) => lessor));

describe('an order', () => {
  it('is matched at once when it comes alone', () => {
    const world = market();
    const order = world.submit(LEA, RICH);
    expect(lessorsOf(world, order)).toEqual(['ann.h1']);
    expect(asked(world.hub('h1'))).toBeUndefined();
    expect(world.view(LEA, order).round).toBeNull();
  });

  it('is matched at once with others that leave it what it would get alone', () => {
    const world = market();
    const roomy = lot('m1', { amounts: amounts({ cpuMillicores: 2000 }) });
    world.offer('ann.h1', { lots: [roomy] });
    const orders = world.submitTogether(LEA, [one('a'), one('b')]);
    world.run(100);
    expect(asked(world.hub('h1'))).toBeUndefined();
    for (const order of orders) expect(lessorsOf(world, order)).toEqual(['ann.h1']);
  });

  it('is matched at once with others where the next lot costs at most a thousandth more', () => {
    const nextTo = (askMicro: bigint) => {
      const world = market();
      const next = {
        amounts: amounts({ cpuMillicores: 1000 }),
        asks: asks({ cpuMicroPerCoreHour: askMicro }),
      };
      world.offer('bob.h2', { lots: [lot('m1', next)], revision: 2, termsRevision: 2 });
      const orders = world.submitTogether(LEA, [one('a'), one('b')]);
      world.run(100);
      return { world, orders };
    };
    const near = nextTo(CREDIT + CREDIT / 1_000n);
    expect(asked(near.world.hub('h1'))).toBeUndefined();
    const lessors = near.orders.flatMap((order) => lessorsOf(near.world, order));
    expect(lessors).toEqual(['ann.h1', 'bob.h2']);
    const far = nextTo(CREDIT + CREDIT / 1_000n + 1n);
    expect(asked(far.world.hub('h1'))).toBeDefined();
  });

  it('is solved with others where it would get the same price, but prefers performance', () => {
    const world = market();
    const next = { amounts: amounts({ cpuMillicores: 1000 }) };
    world.offer('bob.h2', { lots: [lot('m1', next)], revision: 2, termsRevision: 2 });
    const priority = { kind: 'performance' } as const;
    world.submitTogether(LEA, [one('a', { priority }), one('b', { priority })]);
    expect(untilAsked(world)).toBeDefined();
  });

  it('keeps what it would have got alone when it is solved with others', () => {
    const world = market();
    const [rich, poor] = world.submitTogether(LEA, [RICH, POOR]) as [string, string];
    answer(world, untilAsked(world));
    expect(lessorsOf(world, rich)).toEqual(['ann.h1']);
    const view = world.view(LEA, poor);
    expect(view.state).toBe('open');
    expect(view.lastCode).toBe('MATCH_CONTESTED');
    expect(view.round).toMatchObject({ round: 1, code: 'MATCH_CONTESTED', replicas: 0 });
  });

  it('that others left nothing for is served before them the next time', () => {
    const world = market();
    const [, poor] = world.submitTogether(LEA, [RICH, POOR]) as [string, string];
    answer(world, untilAsked(world));
    const cheap = lot('m1', { amounts: amounts({ cpuMillicores: 1000 }) });
    const held: SignedFrame[] = [];
    world.lose = (signed) => {
      if (signed.frame.from === 'h2') held.push(signed);
      return signed.frame.from === 'h2';
    };
    world.offer('bob.h2', { lots: [cheap], revision: 2, termsRevision: 2 });
    world.lose = () => false;
    const [rich2] = world.submitTogether(LEA, [one('rich2')], held) as [string];
    answer(world, untilAsked(world));
    expect(lessorsOf(world, poor)).toEqual(['bob.h2']);
    expect(lessorsOf(world, rich2)).toEqual([]);
  });
});

describe('a round', () => {
  it('is cheaper for all together than one by one', () => {
    const world = market();
    const fits = amounts({ cpuMillicores: 2000 });
    const lots = (ask: bigint) => [
      lot('m1', { amounts: fits, asks: asks({ cpuMicroPerCoreHour: ask }) }),
    ];
    world.offer('ann.h1', { lots: lots(CREDIT) });
    world.offer('bob.h2', { lots: lots(3n * CREDIT) });
    const thin = one('thin');
    const thick = one('thick', { replica: replica({ cpuMillicores: 2000 }) });
    const ids = world.submitTogether(LEA, [thin, thick]);
    answer(world, untilAsked(world));
    expect(ids.map((id) => lessorsOf(world, id))).toEqual([['bob.h2'], ['ann.h1']]);
    const { rounds } = world.hub('h1').core;
    expect(rounds).toMatchObject({ stage: 'idle', rounds: 1, joint: 1, placed: 2, lost: 0 });
    expect(rounds.last).toMatchObject({ used: 'joint', filled: 2, fault: null, gapPpm: 0 });
    expect(rounds.shadowPrices).toHaveLength(1);
    expect(world.view(LEA, ids[0] as string).round).toMatchObject({ round: 1, code: null });
  });

  it('uses one by one when the solver fails, and when it does not answer in time', () => {
    for (const fails of [true, false]) {
      const world = market();
      const ids = world.submitTogether(LEA, [one('a'), one('b')]);
      const solve = untilAsked(world);
      if (fails) answer(world, solve, null);
      else world.run(6_000);
      expect(ids.flatMap((id) => lessorsOf(world, id))).toEqual(['ann.h1', 'bob.h2']);
      expect(world.hub('h1').core.rounds.last).toMatchObject({ used: 'alone', gapPpm: null });
    }
  });

  it('signs nothing of an answer that its checker refuses', () => {
    const world = market();
    const ids = world.submitTogether(LEA, [one('a'), one('b')]);
    const solve = untilAsked(world);
    const bad = answerTo(solve);
    bad.units.fill(1);
    answer(world, solve, bad);
    expect(ids.flatMap((id) => lessorsOf(world, id))).toEqual(['ann.h1', 'bob.h2']);
    const { refused, last } = world.hub('h1').core.rounds;
    expect(refused).toBe(1);
    expect(last?.fault).toContain('capacity');
  });

  it('takes back only the orders whose lots changed, and solves them again', () => {
    const world = market();
    const ids = world.submitTogether(LEA, [one('a'), one('b')]);
    const solve = untilAsked(world);
    // Meanwhile the dear lot is offered at other terms.
    const lots = [lot('m1', { asks: asks({ cpuMicroPerCoreHour: 5n * CREDIT }) })];
    world.offer('bob.h2', { lots, termsRevision: 2, revision: 2 });
    answer(world, solve);
    const { lost, placed } = world.hub('h1').core.rounds;
    expect({ lost, placed }).toEqual({ lost: 1, placed: 1 });
    world.run(100);
    expect(ids.flatMap((id) => lessorsOf(world, id)).sort()).toEqual(['ann.h1', 'bob.h2']);
    const events = ids.flatMap((id) => world.view(LEA, id).events.map(({ name }) => name));
    expect(events.filter((name) => name === 'lost-race')).toHaveLength(1);
  });

  it('loses no order in a restart, and ignores what was solved for an earlier life', () => {
    const world = market();
    const ids = world.submitTogether(LEA, [one('a'), one('b')]);
    const solve = untilAsked(world);
    world.restart(world.hub('h1'));
    world.settle();
    answer(world, solve);
    expect(world.hub('h1').core.rounds.placed).toBe(0);
    answer(world, untilAsked(world));
    expect(ids.flatMap((id) => lessorsOf(world, id))).toEqual(['ann.h1', 'bob.h2']);
  });

  it('leaves out an order that was cancelled meanwhile', () => {
    const world = market();
    const [a, b] = world.submitTogether(LEA, [one('a'), one('b')]) as [string, string];
    const solve = untilAsked(world);
    world.ask(LEA, { op: 'order.cancel', order: a });
    answer(world, solve);
    expect(lessorsOf(world, a)).toEqual([]);
    expect(lessorsOf(world, b)).toEqual(['bob.h2']);
  });

  it('collects what comes meanwhile for afterwards', () => {
    const world = market();
    world.submitTogether(LEA, [one('a'), one('b')]);
    const solve = untilAsked(world);
    const late = world.submit(LEA, one('c'));
    world.submit(LEA, one('d'));
    expect(world.hub('h1').core.rounds).toMatchObject({ stage: 'solving', waiting: 2 });
    answer(world, solve);
    expect(world.hub('h1').core.rounds).toMatchObject({ stage: 'idle', rounds: 1, waiting: 0 });
    expect(world.view(LEA, late).events.at(-1)?.name).toBe('unmatched');
  });

  it('does its work in small steps: other requests are answered in between', () => {
    const world = market({ workPerStep: 1, placedPerStep: 1 });
    world.submitTogether(LEA, [one('a'), one('b'), one('c')]);
    const { steps } = world.hub('h1');
    const solve = untilAsked(world);
    expect(world.hub('h1').steps - steps).toBeGreaterThan(4);
    answer(world, solve);
    expect(world.hub('h1').core.rounds.placed).toBe(2);
  });
});
