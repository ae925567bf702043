/** An agent that ends looks again until none of its containers is left; with real daemons: the contract. */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Ending, isInTime, type Owned } from './ending.ts';

/** Containers of an engine that makes what it was still making, and refuses what it is told to. */
function engineWith(containers: string[]) {
  const there = new Set(containers);
  const making: string[] = [];
  const refusals = new Map<string, number>();
  const failed: string[] = [];
  const ending = new Ending({
    settled: async () => {},
    isStarting: () => making.length > 0,
    list: async () => {
      const found = [...there].map((Id): Owned => ({ Id, State: 'running' }));
      for (const id of making.splice(0)) there.add(id);
      return found;
    },
    remove: async ({ Id }) => {
      const left = refusals.get(Id) ?? 0;
      refusals.set(Id, left - 1);
      if (left > 0) throw new Error('it is changing its state');
      there.delete(Id);
    },
    failed: ({ Id }, error) => failed.push(`${Id}: ${(error as Error).message}`),
  });
  return { there, making, refusals, failed, ending };
}

it('looks again until none is left, also of what was made meanwhile', async () => {
  const { there, making, ending } = engineWith(['one', 'two']);
  making.push('late');
  await ending.run();
  expect([...there, ...ending.left]).toEqual([]);
});

it('asks again for what the engine refused, and tells it', async () => {
  const { there, refusals, failed, ending } = engineWith(['one', 'two']);
  refusals.set('two', 2);
  await ending.run();
  expect([...there]).toEqual([]);
  expect(failed).toEqual(Array(2).fill('two: it is changing its state'));
});

it('knows what is left when it is given up', async () => {
  const { refusals, ending } = engineWith(['one', 'two']);
  refusals.set('two', Number.POSITIVE_INFINITY);
  const ended = ending.run();
  while (ending.left.join() !== 'two') await setImmediate();
  expect(await isInTime(ended, 1)).toBe(false);
  expect(ending.left).toEqual(['two']);
  refusals.set('two', 0);
  await ended;
});
