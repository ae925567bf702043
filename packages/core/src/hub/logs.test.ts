import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { twoHubs, type World } from '../../test/world.ts';

function stored(world: World): string[] {
  const { store } = world.hub('h1');
  const keys = store.keys('log').sort();
  return keys.map((key) => JSON.parse(store.get('log', key) as string).text);
}

/** A job of one container at bob.h2, which writes so many chunks and then exits. */
function job(world = twoHubs()) {
  world.start().offer('bob.h2');
  const order = world.submit('lea.h1', buyOrder({ kind: 'job', durationMs: 60_000 }));
  const [container] = world.agent('bob.h2').running;
  if (!container) throw new Error('nothing runs');
  const write = (from: number, to: number) => {
    for (let text = from; text <= to; text += 1) {
      const chunk = { container, stream: 'stdout', text: String(text) } as const;
      world.agent('bob.h2').step([{ kind: 'log', ...chunk }]);
    }
  };
  return { world, order, container, write };
}

const numbers = (to: number) => Array.from({ length: to }, (_, index) => String(index + 1));

describe('program output', () => {
  it('reaches the store of the first hub, in order and once, although messages are lost', () => {
    const { world, write } = job();
    let count = 0;
    world.lose = () => ++count % 3 === 0;
    write(1, 40);
    world.settle().run(60_000, () => stored(world).length === 40);
    expect(stored(world)).toEqual(numbers(40));
  });

  it('reaches it also when the first hub restarts', () => {
    const { world, write } = job();
    write(1, 10);
    world.settle().restart(world.hub('h1'));
    write(11, 20);
    world.settle().run(10_000);
    expect(stored(world)).toEqual(numbers(20));
  });

  it('reaches it also when more of it waits than may be on the way as the container exits', () => {
    const { world, order, container, write } = job();
    write(1, 40);
    world
      .agent('bob.h2')
      .step([{ kind: 'container-exited', id: container, exitCode: 0, reason: 'exit' }]);
    world.settle().run(10_000);
    expect(world.view('lea.h1', order).state).toBe('completed');
    expect(stored(world)).toEqual(numbers(40));
  });

  it('past the stated maximum is acknowledged but not kept', () => {
    const world = twoHubs({ limits: { logChunksPerContainer: 2 } })
      .start()
      .offer('bob.h2');
    world.submit('lea.h1', buyOrder());
    const [container] = world.agent('bob.h2').running as [string];
    for (const text of ['1', '2', '3']) {
      world.agent('bob.h2').step([{ kind: 'log', container, stream: 'stderr', text }]);
    }
    world.settle();
    expect(stored(world)).toEqual(['1', '2']);
    const acked = world.agent('bob.h2').effects.filter((effect) => effect.kind === 'log-acked');
    expect(acked.at(-1)).toMatchObject({ id: container, seq: 3 });
  });

  it('is acknowledged to the agent only on the word of the lease’s first hub', () => {
    const { world, container, write } = job(twoHubs({ hubs: ['h1', 'h2', 'h3'] }));
    const acked = () => world.agent('bob.h2').effects.some((effect) => effect.kind === 'log-acked');
    world.lose = ({ frame }) => frame.messages.some(({ type }) => type === 'part-log');
    write(1, 1);
    world.settle();
    for (const hub of ['h3', 'h1']) {
      const ack = { type: 'part-log-ack', container, seq: 1 } as const;
      const forged = world.hub(hub).framer.frame('h2', [ack], world.now().wallMs);
      world.deliver(forged, null);
      world.settle();
      expect(acked()).toBe(hub === 'h1');
    }
  });
});
