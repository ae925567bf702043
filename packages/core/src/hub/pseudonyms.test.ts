/** Pseudonyms: who is behind one is known to its own hub only, and not for longer than a period. */
import { describe, expect, it } from 'vitest';
import { buyOrder, gpu, lot, lotGpu, machine, WALL_MS } from '../../test/fixtures.ts';
import { twoHubs, type World } from '../../test/world.ts';
import type { Message } from '../messages.ts';
import { DEFAULT_BUCKETS } from '../order/buckets.ts';
import type { PanoramaRow } from '../panorama/row.ts';
import { encodeStored } from '../units/json.ts';

const PERIOD_MS = 60_000;
const privacy = { pseudonymPeriodMs: PERIOD_MS, buckets: DEFAULT_BUCKETS };

/** Machines and devices with names that tell whose they are. */
function market(pseudonymPeriodMs = PERIOD_MS): World {
  const world = twoHubs({
    privacy: { ...privacy, pseudonymPeriodMs },
    limits: { durationMsMax: 10 * PERIOD_MS },
  });
  const machines = [machine('bobs-rack', { gpu: [gpu('bobs-gpu', { vendor: 'v' })] })];
  world.start({ 'bob.h2': machines });
  const lots = [lot('bobs-rack', { devices: [lotGpu('bobs-gpu', 1000, { vendor: 'v' })] })];
  return world.offer('bob.h2', { lots, revision: 7, termsRevision: 5 });
}

const ORDER = buyOrder({
  limitMicroPerReplicaHour: 7_771_117n,
  budgetMicro: 991_199n,
  replica: { ...buyOrder().replica, device: { ...gpuRequest() } },
  durationMs: 2 * PERIOD_MS,
});

function gpuRequest() {
  return { count: 1, shareMilli: 1000, models: [], vendor: null, minMemoryBytes: 0 };
}

/** The rows of `of` as `at` holds them. */
function rowsOf(world: World, of: string, at: string): PanoramaRow[] {
  return world.hub(at).core.panorama.parts.get(of)?.rows() ?? [];
}

function namesOf(world: World, of: string, at: string): string[] {
  return [...new Set(rowsOf(world, of, at).map(({ participant }) => participant))];
}

describe('a lessor under a pseudonym', () => {
  it('is found, leased and billed, and its agent sees its own ids', () => {
    const world = market();
    const order = world.submit('lea.h1', ORDER);
    const [name] = namesOf(world, 'h2', 'h1');
    expect(name).toMatch(/^p[0-9a-f]{16}\.h2$/);
    expect(world.view('lea.h1', order)).toMatchObject({
      state: 'running',
      agreements: [{ parts: [{ lessor: name, placements: [{ lotId: 'n0' }] }] }],
    });
    expect(world.agent('bob.h2').started).toMatchObject([
      { lotId: 'bobs-rack', devices: [{ deviceId: 'bobs-gpu', milli: 1000 }] },
    ]);
    world.run(3 * PERIOD_MS);
    expect(world.view('lea.h1', order)).toMatchObject({ state: 'completed' });
    expect(rowsOf(world, 'h2', 'h1').find(({ kind }) => kind === 'lease')).toMatchObject({
      offer: { lots: [{ amounts: { cpuMillicores: 4000 }, devices: [{ milli: 1000 }] }] },
    });
  });

  it('passes no own id, organisation or count between hubs, and the lessee no id or price', () => {
    const world = market();
    world.submit('lea.h1', ORDER);
    world.run(3 * PERIOD_MS);
    const messages = encodeStored([world.messages('h1', 'h2'), world.messages('h2', 'h1')]);
    // Signatures are random letters: three of them may happen to be a name.
    const told = messages.replaceAll(/\\?"signature\\?":\\?"[^"\\]*/g, '');
    expect(told).toContain('prepare');
    for (const hidden of ['bob', 'ann.', 'lea.', 'acme', '7771117', '991199']) {
      expect(told.toLowerCase().includes(hidden), hidden).toBe(false);
    }
    expect(encodeStored(rowsOf(world, 'h2', 'h1'))).toContain('"termsRevision":1,');
  });

  it('keeps its name over a restart of its hub', () => {
    const world = market();
    const order = world.submit('lea.h1', ORDER);
    const before = namesOf(world, 'h2', 'h1');
    world.restart(world.hub('h2'));
    world.settle();
    expect(namesOf(world, 'h2', 'h1')).toEqual(before);
    world.run(3 * PERIOD_MS);
    expect(world.view('lea.h1', order)).toMatchObject({ state: 'completed' });
  });

  it('sells less than a step without a change that others see', () => {
    const world = market();
    const seen = () => rowsOf(world, 'h2', 'h1').find(({ kind }) => kind === 'lease');
    const amounts = { ...buyOrder().replica, memoryBytes: 1, cpuMillicores: 1 };
    world.submit('lea.h1', buyOrder({ replica: amounts, count: { min: 1, max: 1 } }));
    const first = seen()?.revision;
    expect(seen()).toMatchObject({ offer: { lots: [{ amounts: { cpuMillicores: 3900 } }] } });
    world.submit('lea.h1', buyOrder({ salt: 's2', replica: amounts, count: { min: 1, max: 1 } }));
    expect(seen()?.revision).toBe(first);
  });
});

describe('the names of two periods', () => {
  it('have nothing in common but what the machines are, ask and are labelled', () => {
    const world = market();
    const before = rowsOf(world, 'h2', 'h1');
    const [old] = namesOf(world, 'h2', 'h1');
    world.run(PERIOD_MS);
    const [name] = namesOf(world, 'h2', 'h1');
    expect(name).not.toBe(old);
    expect(namesOf(world, 'h2', 'h1')).toHaveLength(1);
    const valuesOf = (rows: PanoramaRow[]) => rows.flatMap((row) => valuesIn(row, row.kind));
    const now = new Set(valuesOf(rowsOf(world, 'h2', 'h1')));
    const common = valuesOf(before).filter((value) => now.has(value));
    const isMeant = /^resource.spec.machines|^lease.offer.(lots|capabilities|provision|efficiency)/;
    // Revisions count from the start of each name; offers end at a full hour.
    expect(common.filter((value) => !isMeant.test(value)).sort()).toEqual([
      'lease.kind lease',
      'lease.offer.revision 1',
      'lease.offer.termsRevision 1',
      `lease.offer.validUntilMs ${WALL_MS + 24 * 3_600_000}`,
      'resource.kind resource',
      'resource.spec.distributed null',
      'resource.spec.organization null',
      'resource.spec.provision single',
      'resource.spec.revision 1',
      'resource.spec.serverCluster null',
    ]);
  });

  it('change for all that are free at once, never under a live lease', () => {
    const world = market();
    world.submit('lea.h1', ORDER);
    const leased = namesOf(world, 'h2', 'h1');
    const free = namesOf(world, 'h1', 'h2');
    world.run(PERIOD_MS);
    expect(namesOf(world, 'h2', 'h1')).toEqual(leased);
    expect(namesOf(world, 'h1', 'h2')).not.toEqual(free);
    world.run(3 * PERIOD_MS);
    expect(namesOf(world, 'h2', 'h1')).not.toEqual(leased);
  });

  it('are asked for in vain once they are given up', () => {
    const world = market();
    const [old] = namesOf(world, 'h2', 'h1');
    const isRows = ({ type }: Message) => type === 'delta' || type === 'snapshot';
    const isLost = (message: Message) => message.type === 'prepare' || isRows(message);
    world.lose = ({ frame }) => frame.messages.some(isLost);
    const order = world.submit('lea.h1', ORDER);
    world.run(PERIOD_MS);
    world.lose = ({ frame }) => frame.messages.some(isRows);
    const isNo = ({ type }: Message) => type === 'vote-no';
    world.run(PERIOD_MS, () => world.messages('h2', 'h1').some(isNo));
    world.lose = () => false;
    const votes = world.messages('h2', 'h1').filter(({ type }) => type.startsWith('vote'));
    expect(votes[0]).toMatchObject({ type: 'vote-no', code: 'AGREEMENT_OFFER_GONE' });
    world.run(2_000);
    const view = world.view('lea.h1', order);
    expect(view).toMatchObject({ state: 'running' });
    expect(view.agreements.at(-1)?.parts[0]?.lessor).not.toBe(old);
  });

  it('leave no empty rows behind in their own hub', () => {
    const world = market(2_000);
    world.run(20_000);
    const own = world.hub('h2').core.panorama.own;
    expect([...own.leases.keys()].length).toBeLessThanOrEqual(3);
  });
});

describe('a message from participant to participant under pseudonyms', () => {
  it('comes from a name to which the answer finds back', () => {
    const world = market();
    const [name] = namesOf(world, 'h2', 'h1') as [string];
    world.lessee('lea.h1').send({ type: 'relay-send', to: name, payload: 'hello' });
    world.settle();
    const came = world.agent('bob.h2').effects.at(-1);
    if (came?.kind !== 'relayed') throw new Error('nothing came');
    expect(came).toMatchObject({ payload: 'hello', from: expect.stringMatching(/^p\w{16}\.h1$/) });
    const answer = { type: 'relay-send', to: came.from, payload: 'good day' } as const;
    const { framer } = world.agent('bob.h2');
    world.post(framer.frame('h2', [answer], world.now().wallMs), null);
    world.settle();
    expect(world.lessee('lea.h1').received.at(-1)).toEqual({
      type: 'relayed',
      from: name,
      payload: 'good day',
    });
  });
});

/** Every single value of a row, with the way to it. */
function valuesIn(value: unknown, way: string): string[] {
  if (value === null || typeof value !== 'object') return [`${way} ${String(value)}`];
  return Object.entries(value).flatMap(([key, member]) => valuesIn(member, `${way}.${key}`));
}
