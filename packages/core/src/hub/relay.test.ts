import { describe, expect, it } from 'vitest';
import { Framer } from '../../test/framer.ts';
import { twoHubs } from '../../test/world.ts';

function relayed(world: ReturnType<typeof twoHubs>, agent: string): string[] {
  return world
    .agent(agent)
    .effects.flatMap((effect) =>
      effect.kind === 'relayed' ? [`${effect.from}: ${effect.payload}`] : [],
    );
}

describe('a message from participant to participant', () => {
  /** @patent TOP-1 */
  it('of another subnet goes over both hubs', () => {
    const world = twoHubs().start();
    const before = world.posted.length;
    world.lessee('lea.h1').send({ type: 'relay-send', to: 'bob.h2', payload: 'hello' });
    world.settle();
    const way = world.posted
      .slice(before)
      .filter(({ frame }) => frame.messages.some(({ type }) => type.startsWith('relay')))
      .map(({ frame }) => `${frame.from} -> ${frame.to}`);
    expect(way).toEqual(['lea.h1 -> h1', 'h1 -> h2', 'h2 -> bob.h2']);
    expect(relayed(world, 'bob.h2')).toEqual(['lea.h1: hello']);
  });

  /** @patent TOP-2 */
  it('of the same subnet goes over its hub', () => {
    const world = twoHubs().start();
    world.lessee('lea.h1').send({ type: 'relay-send', to: 'ann.h1', payload: 'hello' });
    world.settle();
    expect(relayed(world, 'ann.h1')).toEqual(['lea.h1: hello']);
    expect(world.messages('h1', 'h2').filter(({ type }) => type === 'relay')).toEqual([]);
  });

  it('reaches the sessions of a participant that runs no agent', () => {
    const world = twoHubs({ lessees: ['lea.h1', 'lou.h1'] }).start();
    world.lessee('lea.h1').send({ type: 'relay-send', to: 'lou.h1', payload: 'hello' });
    world.settle();
    expect(world.lessee('lou.h1').received.at(-1)).toEqual({
      type: 'relayed',
      from: 'lea.h1',
      payload: 'hello',
    });
  });

  it('of another subnet reaches one that runs no agent, too', () => {
    const world = twoHubs({ lessees: ['lea.h1', 'lou.h2'] }).start();
    world.lessee('lea.h1').send({ type: 'relay-send', to: 'lou.h2', payload: 'hello' });
    world.settle();
    expect(world.lessee('lou.h2').received.at(-1)).toMatchObject({ type: 'relayed' });
  });

  it('is not relayed when it is too large or the receiver unknown', () => {
    const world = twoHubs({ limits: { relayBytes: 5 } }).start();
    const before = world.posted.length;
    world.lessee('lea.h1').send({ type: 'relay-send', to: 'bob.h2', payload: 'longer' });
    world.lessee('lea.h1').send({ type: 'relay-send', to: 'zoe.h1', payload: 'hello' });
    world.lessee('lea.h1').send({ type: 'relay-send', to: 'zoe.h9', payload: 'hello' });
    world.settle();
    expect(world.posted.length).toBe(before + 3);
  });

  it('is not taken from a hub that is not the sender’s', () => {
    const world = twoHubs().start();
    const message = { type: 'relay', from: 'lea.h1', to: 'ann.h1', payload: 'forged' } as const;
    world.deliver(world.hub('h2').framer.frame('h1', [message], world.now().wallMs), null);
    world.settle();
    expect(relayed(world, 'ann.h1')).toEqual([]);
    expect(world.hub('h1').effects.at(-1)).toMatchObject({ code: 'LINK_NOT_ALLOWED' });
  });
});

describe('a direct dial', () => {
  /** @patent TOP-1 */
  it('to the hub of another subnet is refused', () => {
    const world = twoHubs().start();
    const frame = new Framer('bob.h2', 's1').frame('h1', [], world.now().wallMs);
    world.deliver(frame, null);
    expect(world.hub('h1').effects.at(-1)).toMatchObject({ code: 'LINK_UNKNOWN_SENDER' });
  });

  it('to another participant is refused', () => {
    const world = twoHubs().start();
    const frame = new Framer('bob.h2', 's1').frame('ann.h1', [], world.now().wallMs);
    world.deliver(frame, world.agent('ann.h1').core.session);
    expect(world.agent('ann.h1').effects.at(-1)).toMatchObject({ code: 'LINK_UNKNOWN_SENDER' });
  });
});

describe('any hub', () => {
  /** @patent TOP-3 */
  it('resolves any participant to the hub that owns it', () => {
    const world = twoHubs().start();
    const resolve = (participant: string) =>
      world.ask('lea.h1', { op: 'directory.resolve', participant });
    expect(resolve('bob.h2')).toMatchObject({ ok: true, hub: 'h2' });
    expect(resolve('ann.h1')).toMatchObject({ ok: true, hub: 'h1' });
    expect(resolve('zoe.h1')).toMatchObject({ ok: false, code: 'DIRECTORY_UNKNOWN' });
    expect(resolve('zoe.h9')).toMatchObject({ ok: false, code: 'DIRECTORY_UNKNOWN' });
  });

  it('leaves it to the other hub whom it admitted: not all of them register resources', () => {
    const world = twoHubs().start();
    const request = { op: 'directory.resolve', participant: 'zoe.h2' } as const;
    expect(world.ask('lea.h1', request)).toMatchObject({ ok: true, hub: 'h2' });
  });
});
