/** Reports of changes, and a hub that has forgotten what they build on. */
import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { twoHubs, type World } from '../../test/world.ts';

function reportsOf(world: World, from: number) {
  return world.posted
    .slice(from)
    .flatMap(({ frame }) => frame.messages)
    .flatMap((message) => (message.type === 'status' && message.seq > 0 ? [message] : []))
    .filter(({ containers, since }) => containers.length > 0 || since === null);
}

describe('reports of agents', () => {
  it('name what changed, and everything to a hub that lost what it knew', () => {
    const world = twoHubs().start().offer('bob.h2');
    const order = world.submit('lea.h1', buyOrder({ durationMs: 600_000 }));
    world.run(5_000);
    const quiet = world.posted.length;
    world.run(30_000);
    expect(reportsOf(world, quiet)).toEqual([]);

    const restarted = world.posted.length;
    // The welcome of the hub's next life is lost: the next report shows that it is missing.
    world.lose = ({ frame }) => frame.to === 'bob.h2';
    world.restart(world.hub('h2'));
    world.run(4_000);
    expect(reportsOf(world, restarted)).toEqual([]);
    world.lose = () => false;
    world.run(30_000);
    const full = reportsOf(world, restarted);
    expect(full).toMatchObject([{ since: null, containers: [{ state: 'running' }], gone: [] }]);
    expect(world.view('lea.h1', order).state).toBe('running');
  });
});
