/** What an agent is told of its desired set when it changes, is lost, or starts anew. */
import { describe, expect, it } from 'vitest';
import { amounts, buyOrder, lot } from '../../test/fixtures.ts';
import { twoHubs, type World } from '../../test/world.ts';
import type { HubToParticipantMessage } from '../messages.ts';

type Desired = Extract<HubToParticipantMessage, { type: 'desired' }>;

/** One lessor, with room for eight. */
function market(): World {
  const wide = lot('m1', { amounts: amounts({ cpuMillicores: 8_000 }) });
  return twoHubs()
    .start()
    .offer('ann.h1', { lots: [wide] });
}

const orderOf = (salt: string) => buyOrder({ salt, durationMs: 3_600_000 });

const toldTo = (world: World) =>
  world
    .messages('h1', 'ann.h1')
    .filter((message): message is Desired => message.type === 'desired');

function lease(world: World, salt: string): string {
  const order = world.submit('lea.h1', orderOf(salt));
  world.run(3_000);
  return order;
}

describe('an agent that has applied a version', () => {
  it('is told what changed since, however much it runs', () => {
    const world = market();
    for (const salt of ['a', 'b', 'c']) lease(world, salt);
    const order = lease(world, 'd');
    const last = toldTo(world).at(-1) as Desired;
    expect(last.since).not.toBeNull();
    expect(last.containers.map(({ part }) => part)).toEqual([`${order}-1.0`]);
    expect(world.agent('ann.h1').running).toHaveLength(4);
  });

  it('is told what is gone', () => {
    const world = market();
    const [a, b] = [lease(world, 'a'), lease(world, 'b')];
    world.ask('lea.h1', { op: 'order.cancel', order: a });
    world.run(5_000);
    const last = toldTo(world).at(-1) as Desired;
    expect(last.gone).toEqual([`${a}-1.0.0`]);
    expect(world.agent('ann.h1').running).toEqual([`${b}-1.0.0`]);
  });

  it('gets what was lost with the next change', () => {
    const world = market();
    lease(world, 'a');
    world.lose = ({ frame }) => frame.to === 'ann.h1' && frame.messages.some(isDesired);
    const lost = world.submit('lea.h1', orderOf('lost'));
    world.lose = () => false;
    const next = world.submit('lea.h1', orderOf('next'));
    world.settle();
    const last = toldTo(world).at(-1) as Desired;
    const parts = last.containers.map(({ part }) => part).sort();
    expect(parts).toEqual([`${lost}-1.0`, `${next}-1.0`].sort());
    expect(world.agent('ann.h1').running).toHaveLength(3);
  });

  it('is told everything by the next life of its hub, and in the next life of its own', () => {
    const world = market();
    for (const salt of ['a', 'b']) lease(world, salt);
    world.restart(world.hub('h1'));
    world.run(2_000);
    world.restartAgent('ann.h1');
    world.run(2_000);
    const whole = toldTo(world).filter(({ since }) => since === null);
    expect(whole.slice(-2).map(({ containers }) => containers.length)).toEqual([2, 2]);
    expect(world.agent('ann.h1').running).toHaveLength(2);
  });
});

function isDesired({ type }: { type: string }): boolean {
  return type === 'desired';
}
