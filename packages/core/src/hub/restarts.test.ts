/** A failed container is started again: later each time, counted, and not for ever. */
import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { twoHubs, type World } from '../../test/world.ts';
import { RESTART_WAIT_MS } from './restarts.ts';

function submit(world: World, restarts?: number, durationMs = 120_000): string {
  const order = buyOrder({ kind: 'job', durationMs });
  const { task } = order;
  return world.submit('lea.h1', {
    ...order,
    task: { ...task, public: { ...task.public, restarts } },
  });
}

/** A job at bob.h2 whose attempts end with these codes, one after the other, after a second each. */
function job(exitCodes: number[], restarts?: number, durationMs?: number) {
  const world = twoHubs().start().offer('bob.h2');
  const startsMs: number[] = [];
  world.programOf = ({ attempt }) => {
    startsMs.push(world.now().elapsedMs);
    return { runMs: 1_000, exitCode: exitCodes[attempt] ?? 0 };
  };
  const order = submit(world, restarts, durationMs);
  const part = () => [...world.hub('h2').core.parts.values()][0];
  const attempts = () => world.agent('bob.h2').started.map(({ attempt }) => attempt);
  return { world, order, startsMs, part, attempts };
}

/** @patent CLU-5 */
describe('restarts', () => {
  it('go on until the program ends well, and are billed as one lease', () => {
    const { world, order, part, attempts } = job([1, 2]);
    world.run(30_000);
    expect(attempts()).toEqual([0, 1, 2]);
    expect(part()?.restarts).toEqual([{ replica: 0, attempt: 2, dueAtMs: null }]);
    const billedMs = 3 * 1_000 + RESTART_WAIT_MS + 2 * RESTART_WAIT_MS;
    expect(world.view('lea.h1', order)).toMatchObject({
      state: 'completed',
      agreements: [{ parts: [{ billedMs }] }],
    });
  });

  it('wait twice as long each time', () => {
    const { world, startsMs } = job([1, 1, 1]);
    world.run(30_000);
    const gaps = startsMs.slice(1).map((startMs, index) => startMs - (startsMs[index] ?? 0));
    expect(gaps.map((gapMs) => gapMs - 1_000)).toEqual([1_000, 2_000, 4_000]);
  });

  it.each([
    [0, undefined, 4],
    [0, 0, 1],
    [0, 2, 3],
  ])('end at the limit: the order is failed (%i, limit %s)', (_, restarts, starts) => {
    const { world, order, attempts } = job([1, 1, 1, 1, 1, 1], restarts);
    world.run(60_000);
    expect(attempts().length).toBe(starts);
    const view = world.view('lea.h1', order);
    expect(view).toMatchObject({ state: 'failed', lastCode: 'LEASE_TASK_FAILED' });
  });

  it('survive a restart of the hub during the wait', () => {
    const { world, order, attempts } = job([1]);
    world.run(1_500);
    world.restart(world.hub('h2'));
    world.run(30_000);
    expect(attempts()).toEqual([0, 1]);
    expect(world.view('lea.h1', order).state).toBe('completed');
  });

  it('do not happen any more once the order was cancelled', () => {
    const { world, order, attempts } = job([1, 1]);
    world.run(1_500);
    world.ask('lea.h1', { op: 'order.cancel', order });
    world.run(30_000);
    expect(attempts()).toEqual([0]);
  });

  it('do not happen when the wait would outlast the lease', () => {
    const { world, order, attempts } = job([1, 1, 1, 1], undefined, 5_000);
    world.run(30_000);
    expect(attempts()).toEqual([0, 1]);
    expect(world.view('lea.h1', order)).toMatchObject({
      state: 'failed',
      lastCode: 'LEASE_TASK_FAILED',
    });
  });

  it('that were ordered but never reached the agent are not billed', () => {
    const { world, order, attempts } = job([1]);
    world.run(1_500);
    world.lose = ({ frame }) => frame.to === 'bob.h2';
    world.run(2_000);
    expect(world.hub('h2').core.parts.values().next().value?.restarts[0]?.attempt).toBe(1);
    world.ask('lea.h1', { op: 'order.cancel', order });
    world.run(1_000);
    world.lose = () => false;
    world.run(30_000);
    expect(attempts()).toEqual([0]);
    const [agreement] = world.view('lea.h1', order).agreements;
    expect(agreement?.parts[0]?.billedMs).toBe(1_000);
  });

  it.each([
    ['out-of-memory', 'LEASE_OUT_OF_MEMORY'],
    ['out-of-storage', 'LEASE_OUT_OF_STORAGE'],
  ] as const)('of what was %s end with a code of their own', (reason, code) => {
    const world = twoHubs().start().offer('bob.h2');
    const order = submit(world, 0);
    const [id] = world.agent('bob.h2').running as [string];
    const event = { kind: 'container-exited', id, exitCode: 137, reason } as const;
    world.agent('bob.h2').step([event]);
    world.settle().run(2_000);
    expect(world.view('lea.h1', order)).toMatchObject({ state: 'failed', lastCode: code });
  });

  it.each([
    ['exit', 'LEASE_TASK_FAILED'],
    ['out-of-memory', 'LEASE_OUT_OF_MEMORY'],
    ['out-of-storage', 'LEASE_OUT_OF_STORAGE'],
  ] as const)(
    'do not happen elsewhere when it is the task’s own fault, before its lease began (%s)',
    (reason, code) => {
      const world = twoHubs().start().offer('bob.h2');
      world.lose = ({ frame }) => frame.messages.some(({ type }) => type === 'all-started');
      const order = submit(world, 0);
      const [id] = world.agent('bob.h2').running as [string];
      const event = { kind: 'container-exited', id, exitCode: 137, reason } as const;
      world.agent('bob.h2').step([event]);
      world.lose = () => false;
      world.settle().run(30_000);
      expect(world.view('lea.h1', order)).toMatchObject({ state: 'failed', lastCode: code });
      expect(world.agent('bob.h2').started.length).toBe(1);
      expect(world.view('lea.h1', order).costMicro).toBe(0n);
    },
  );
});
