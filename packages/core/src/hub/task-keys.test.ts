/** A task with a private part waits for its key: frozen, not started, not billed, and not for long. */
import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { digest, keysOf } from '../../test/keys.ts';
import { RELEASE, SEALED_TASK } from '../../test/sealed.ts';
import { twoHubs, type World } from '../../test/world.ts';
import { sealChain } from '../identity/sealed-chain.ts';
import type { AwaitedKey } from '../messages.ts';
import type { BuyOrder } from '../order/buy-order.ts';

const LESSOR = 'bob.h2';
const GRACE_MS = 60_000;

function sealedOrder(over: Partial<BuyOrder> = {}): BuyOrder {
  const { task, ...order } = buyOrder({ durationMs: 60_000, ...over });
  return { ...order, task: { ...task, privateDigest: digest(SEALED_TASK) } };
}

function submitted(world: World = twoHubs(), over: Partial<BuyOrder> = {}) {
  world.start().offer(LESSOR);
  const id = world.submit('lea.h1', sealedOrder(over), SEALED_TASK);
  return { world, id, agent: world.agent(LESSOR) };
}

function waiting(world: World, order: string): AwaitedKey[] {
  const reply = world.ask('lea.h1', { op: 'order.keys', order });
  if (!reply.ok || reply.op !== 'order.keys') throw new Error(JSON.stringify(reply));
  return reply.waiting;
}

function release(world: World, order: string, text = RELEASE, part = `${order}-1.0`) {
  return world.ask('lea.h1', { op: 'order.release', order, releases: [{ part, release: text }] });
}

describe('a task whose key the lessee has not released', () => {
  it('is frozen and shown as awaiting its key; nothing of it starts', () => {
    const { world, id, agent } = submitted();
    world.run(5_000);
    const view = world.view('lea.h1', id);
    expect(view).toMatchObject({ state: 'awaiting-key', costMicro: 0n });
    expect(view.agreements[0]).toMatchObject({ lease: 'REQUESTED', parts: [{ key: 'awaited' }] });
    expect(waiting(world, id)).toEqual([{ part: `${id}-1.0`, lessor: LESSOR, keys: null }]);
    expect(agent.running).toEqual([]);
  });

  it('starts with the first release, and no later one is ever heard of', () => {
    const { world, id, agent } = submitted();
    expect(release(world, id)).toMatchObject({ ok: true });
    expect(agent.running.length).toBe(1);
    expect(release(world, id, `${RELEASE}2`)).toMatchObject({ ok: true });
    expect(world.view('lea.h1', id)).toMatchObject({
      state: 'running',
      agreements: [{ parts: [{ key: 'released' }] }],
    });
    expect(waiting(world, id)).toEqual([]);
    const [container] = agent.core.containers.values();
    expect(container?.desired).toMatchObject({ taskPrivate: SEALED_TASK, release: RELEASE });
    expect(JSON.stringify(world.messages('h1', 'h2'))).not.toContain(`${RELEASE}2`);
  });

  it('gets its key although the message with it was lost, and both hubs were restarted', () => {
    const { world, id, agent } = submitted();
    world.lose = ({ frame }) => frame.from === 'h1' && frame.to === 'h2';
    release(world, id);
    world.restart(world.hub('h1'));
    world.restart(world.hub('h2'));
    world.lose = () => false;
    world.settle().run(20_000);
    expect(agent.running.length).toBe(1);
  });

  it('ends with the start grace, unbilled, and is not tried again', () => {
    const { world, id, agent } = submitted();
    world.run(GRACE_MS + 20_000);
    expect(world.view('lea.h1', id)).toMatchObject({
      state: 'failed',
      lastCode: 'LEASE_KEY_MISSING',
      costMicro: 0n,
      agreements: [{ code: 'LEASE_KEY_MISSING', parts: [{ outcome: 'LEASE_KEY_MISSING' }] }],
    });
    expect(agent.started).toEqual([]);
    expect(release(world, id)).toMatchObject({ ok: true });
    world.run(1_000);
    expect(agent.started).toEqual([]);
    expect(world.view('lea.h1', id).agreements.length).toBe(1);
  });

  it('ends at once with a key that does not open it', () => {
    const world = twoHubs();
    world.programOf = () => ({ starts: false, failure: 'key-invalid' });
    const { id } = submitted(world);
    release(world, id);
    world.run(1_000);
    expect(world.view('lea.h1', id)).toMatchObject({
      state: 'failed',
      lastCode: 'LEASE_KEY_INVALID',
      costMicro: 0n,
    });
  });

  it('is nobody else’s to release or to ask about', () => {
    const { world, id, agent } = submitted(twoHubs({ lessees: ['lea.h1', 'len.h1'] }));
    const releases = [{ part: `${id}-1.0`, release: RELEASE }];
    expect(world.ask('len.h1', { op: 'order.release', order: id, releases })).toMatchObject({
      code: 'ORDER_UNKNOWN',
    });
    expect(agent.running).toEqual([]);
  });

  it('of a partial order is not tried again either', () => {
    const { world, id } = submitted(twoHubs(), { fill: 'partial' });
    world.run(GRACE_MS + 20_000);
    expect(world.view('lea.h1', id)).toMatchObject({
      state: 'failed',
      lastCode: 'LEASE_KEY_MISSING',
    });
  });
});

it('keys that an agent shows reach the lessee, sealed to its order, also after a restart', () => {
  const chain = (signature: string) => ({
    organization: document('organization', signature),
    key: document('keys', signature),
  });
  const document = (type: string, signature: string) => ({
    payloadType: `application/vnd.sparegrid.${type}+json`,
    payload: '{}',
    signatures: [{ keyId: type, signature }],
  });
  const world = twoHubs({ keys: { [LESSOR]: chain('c2ln') } });
  world.start();
  const offered = world.settle().offer(LESSOR);
  const sealKey = 's'.repeat(43);
  const task = { ...sealedOrder().task, sealKey };
  const id = offered.submit('lea.h1', sealedOrder({ task }), SEALED_TASK);
  world.restart(world.hub('h1'));
  world.settle();
  const keys = sealChain(keysOf('h2').crypto, sealKey, `${id}-1.0`, chain('c2ln'));
  expect(waiting(world, id)).toMatchObject([{ lessor: LESSOR, keys }]);
  const told = world.posted.filter(({ frame }) => frame.to === 'h1').map(({ text }) => text);
  expect(told.join()).not.toContain('c2ln');
});
