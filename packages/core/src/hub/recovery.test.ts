/** A hub that comes back on an older copy of its store: it learns its past from its peers and agents. */
import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { Framer } from '../../test/framer.ts';
import { keysOf } from '../../test/keys.ts';
import { twoHubs, type World } from '../../test/world.ts';
import type { Testimony } from '../agreement/testimony.ts';
import { NOBODY } from '../election/election.ts';
import { signHubList } from '../identity/statements.ts';
import type { Message } from '../messages.ts';
import { signDocument } from '../units/document.ts';
import type { HubId } from '../units/ids.ts';

/** Long enough for a heartbeat and what follows from it. */
const BEAT_MS = 3_000;
const ORDER = buyOrder({ count: { min: 6, max: 6 }, durationMs: 60_000 });

function stocked(over: Parameters<typeof twoHubs>[0] = {}): World {
  return twoHubs(over).start().offer('ann.h1').offer('bob.h2').run(BEAT_MS);
}

/** An order over both hubs runs; each hub's store as it was before it came. */
function running(over: Parameters<typeof twoHubs>[0] = {}) {
  const world = stocked(over);
  const backups = { h1: world.hub('h1').store.copy(), h2: world.hub('h2').store.copy() };
  const order = world.submit('lea.h1', ORDER);
  world.run(BEAT_MS);
  expect(world.view('lea.h1', order).state).toBe('running');
  return { world, order, backups };
}

function codes(world: World, hub: HubId): string[] {
  const { effects } = world.hub(hub);
  return effects.flatMap((effect) => (effect.kind === 'restart' ? [effect.code] : []));
}

/** The operator's list, with a next key of `changing` beside its former one. */
function listed(changing: HubId | null) {
  const hubs = (['h1', 'h2'] as const).map((id) => {
    const names = id === changing ? [`${id}-next`, id] : [id];
    return { id, signKeys: names.map((name) => keysOf(name).publicKey), mesh: ['x'] };
  });
  return signHubList(keysOf('operator').crypto, { network: 'net', revision: 1, hubs });
}

function handList(world: World, hub: HubId, document = listed(null)): void {
  const request = { op: 'hubs.set', document } as const;
  world.hub(hub).step([{ kind: 'admission', ticket: 't', request }]);
  world.settle();
}

function freeAt(world: World, hub: HubId, lessor: string): number | undefined {
  const row = world.hub(hub).core.panorama.lease(lessor);
  return row?.offer?.lots[0]?.amounts.cpuMillicores;
}

describe('a hub whose store was rolled back', () => {
  it('begins anew, learns its leases as target hub, and goes on with them', () => {
    const { world, order, backups } = running();
    const started = world.agent('bob.h2').started.length;
    const free = freeAt(world, 'h1', 'bob.h2');
    world.restore('h2', backups.h2).run(BEAT_MS);
    expect(codes(world, 'h2')).toEqual(['HUB_STORE_ROLLED_BACK', 'HUB_RECOVERED']);
    expect(world.hub('h2').core.recovery).toBeNull();
    expect([...world.hub('h2').core.parts.values()].map(({ state }) => state)).toEqual(['running']);
    expect(freeAt(world, 'h1', 'bob.h2')).toBe(free);
    expect(world.agent('bob.h2').started).toHaveLength(started);
    expect(world.agent('bob.h2').running).toHaveLength(started);
    world.run(120_000);
    const view = world.view('lea.h1', order);
    const parts = [...world.hubs.values()].flatMap(({ core }) => [...core.parts.values()]);
    expect(parts.map((part) => part.settledMicro)).toEqual(parts.map((part) => part.costMicro));
    expect(view.costMicro).toBe(parts.reduce((sum, part) => sum + part.costMicro, 0n));
    expect(view.costMicro).toBeGreaterThan(0n);
    expect(freeAt(world, 'h1', 'bob.h2')).toBe(4000);
  });

  it('learns its agreements as first hub; the lessee sends its text again and finds its order', () => {
    const world = twoHubs().start().offer('bob.h2').run(BEAT_MS);
    const backup = world.hub('h1').store.copy();
    const text = buyOrder({ count: { min: 3, max: 3 }, durationMs: 60_000 });
    const order = world.submit('lea.h1', text);
    world.run(BEAT_MS).restore('h1', backup).run(BEAT_MS);
    expect(world.hub('h1').core.orders.has(order)).toBe(false);
    expect(world.submit('lea.h1', text)).toBe(order);
    expect(world.view('lea.h1', order).state).toBe('running');
    world.run(120_000);
    const view = world.view('lea.h1', order);
    expect(view.agreements).toHaveLength(1);
    expect(view.costMicro).toBeGreaterThan(0n);
    expect([...world.hub('h2').core.parts.values()].map((part) => part.settledMicro)).toEqual([
      view.costMicro,
    ]);
  });

  it('bills nothing of an atomic order when its part with itself is lost: nobody else knew it', () => {
    const { world, order, backups } = running();
    world.restore('h1', backups.h1).run(BEAT_MS);
    expect(world.submit('lea.h1', ORDER)).toBe(order);
    world.run(120_000);
    const [first] = world.view('lea.h1', order).agreements;
    expect(first?.parts.map(({ costMicro }) => costMicro)).toEqual([0n, 0n]);
    const parts = [...world.hub('h2').core.parts.values()];
    expect(parts.find((part) => part.terms.agreement === first?.id)?.settledMicro).toBe(0n);
  });

  it('knows a lost part by its number alone over restarts, too', () => {
    const { world, backups } = running();
    world.restore('h1', backups.h1).run(BEAT_MS);
    const partsOf = () =>
      [...world.hub('h1').core.agreements.values()].flatMap(({ parts }) =>
        parts.map(({ terms }) => ({ part: terms.part, placements: terms.placements.length })),
      );
    const before = partsOf();
    expect(before.map(({ part }) => part)).toEqual([0, 1]);
    expect(before.filter(({ placements }) => placements === 0)).toHaveLength(1);
    world.restart(world.hub('h1'));
    world.settle();
    expect(partsOf()).toEqual(before);
  });

  it('knows its own word that it signed with a former key', () => {
    const { world, backups } = running();
    const document = listed('h2');
    const hand = (hub: HubId) => handList(world, hub, document);
    hand('h1');
    world.hub('h2').keyName = 'h2-next';
    world.restore('h2', backups.h2);
    // Its operator hands it the list, as the older copy has none.
    hand('h2');
    world.run(BEAT_MS);
    expect(codes(world, 'h2')).toEqual(['HUB_STORE_ROLLED_BACK', 'HUB_RECOVERED']);
    expect([...world.hub('h2').core.parts.values()].map(({ state }) => state)).toEqual(['running']);
  });

  it('does not recover again when it starts the next time', () => {
    const { world, backups } = running();
    world.restore('h2', backups.h2).run(BEAT_MS);
    world.hub('h2').effects.length = 0;
    world.restart(world.hub('h2'));
    world.settle().run(BEAT_MS);
    expect(codes(world, 'h2')).toEqual([]);
  });

  it('notices a copy of its very last life', () => {
    const world = stocked();
    const backup = world.hub('h2').store.copy();
    world.submit('lea.h1', ORDER);
    world.run(BEAT_MS);
    world.restore('h2', backup).run(BEAT_MS);
    expect(codes(world, 'h2')).toEqual(['HUB_STORE_ROLLED_BACK', 'HUB_RECOVERED']);
  });

  it('notices that it begins an epoch for the second time', () => {
    const world = stocked();
    const backup = world.hub('h2').store.copy();
    world.restart(world.hub('h2'));
    world.settle().run(BEAT_MS);
    world.restore('h2', backup).run(BEAT_MS);
    expect(codes(world, 'h2')).toEqual(['HUB_STORE_ROLLED_BACK', 'HUB_RECOVERED']);
    expect(world.hub('h1').core.panorama.parts.get('h2')?.epoch).toBe(world.hub('h2').core.epoch);
  });

  it('is not disturbed by its newest store, however often it starts', () => {
    const { world } = running();
    for (let lives = 0; lives < 3; lives += 1) {
      world.restart(world.hub('h2'));
      world.settle().run(BEAT_MS);
    }
    expect(codes(world, 'h2')).toEqual([]);
  });
});

describe('a hub that recovers', () => {
  function silenced(over: Parameters<typeof twoHubs>[0] = {}) {
    const { world, order, backups } = running({ lessees: ['lea.h1', 'lou.h2'], ...over });
    world.lose = ({ frame }) => frame.messages.some(({ type }) => type === 'recovery-answer');
    world.restore('h2', backups.h2).run(BEAT_MS);
    return { world, order, backups };
  }

  it('decides nothing: no orders, no offers, no word to its agents, and says whom it waits for', () => {
    const { world } = silenced();
    expect(world.hub('h2').core.recovery).toEqual({ waitingFor: ['h1'] });
    const document = world.lessee('lou.h2').sign(buyOrder({ lessee: 'lou.h2' }));
    const refused = world.ask('lou.h2', { op: 'order.submit', document, taskPrivate: null });
    expect(refused).toMatchObject({ ok: false, code: 'HUB_RECOVERING' });
    expect(refused.ok || refused.hint).toContain('h1');
    const status = world.ask('lou.h2', { op: 'hub.status' });
    expect(status).toMatchObject({ status: { recovery: { waitingFor: ['h1'] } } });
    expect(freeAt(world, 'h1', 'bob.h2')).toBeUndefined();
    expect(world.agent('bob.h2').running).not.toEqual([]);
  });

  it('takes the list of hubs that its operator hands it with each life, and nothing else', () => {
    const { world } = silenced();
    const { effects } = world.hub('h2');
    handList(world, 'h2');
    expect(effects.at(-1)).toMatchObject({ answer: { ok: true, revision: 1 } });
    expect(world.hub('h2').core.hubListRevision).toBe(1);
    const request = { op: 'participant.expel', participant: 'bob.h2' } as const;
    world.hub('h2').step([{ kind: 'admission', ticket: 't', request }]);
    expect(effects.at(-1)).toMatchObject({ answer: { code: 'HUB_RECOVERING' } });
  });

  it('keeps its agents from giving it up, and goes on where it was once it is told', () => {
    const { world, order } = silenced();
    world.run(20_000);
    world.lose = () => false;
    world.run(BEAT_MS);
    expect(world.hub('h2').core.recovery).toBeNull();
    expect(world.view('lea.h1', order).state).toBe('running');
  });

  it('stays so over restarts, in whatever state it dies', () => {
    const { world } = silenced();
    world.restart(world.hub('h2'));
    world.settle().run(BEAT_MS);
    expect(world.hub('h2').core.recovery).toEqual({ waitingFor: ['h1'] });
  });

  it('does not wait for a peer that the operator waived', () => {
    const { world } = silenced({ waivedPeers: ['h1'] });
    expect(world.hub('h2').core.recovery).toBeNull();
    expect(codes(world, 'h2')).toEqual(['HUB_STORE_ROLLED_BACK', 'HUB_RECOVERED']);
  });

  it('offers nothing of a lessor before its agent runs nothing that the hub does not know', () => {
    const { world } = silenced({ waivedPeers: ['h1'] });
    // The peer was waived: nobody told of the lease, and its containers are asked to end first.
    world.programOf = () => ({ stubborn: true });
    world.run(60_000);
    expect(world.agent('bob.h2').running).toEqual([]);
    expect(freeAt(world, 'h2', 'bob.h2')).toBe(4000);
  });

  it('gives no vote in any term in which it may have voted', () => {
    const over = { hubs: ['h1', 'h2', 'h3'], panorama: 'master' as const };
    const world = stocked(over).run(20_000);
    const backup = world.hub('h2').store.copy();
    const { term } = world.hub('h1').core.panoramaStatus;
    expect(term).toBeGreaterThan(0);
    world.submit('lea.h1', ORDER);
    world.run(BEAT_MS);
    world.restore('h2', backup).run(BEAT_MS);
    expect(codes(world, 'h2')).toContain('HUB_RECOVERED');
    const record = JSON.parse(world.hub('h2').store.get('election', 'master') as string);
    expect(record.term).toBeGreaterThanOrEqual(term);
    if (record.term === term) expect(record.votedFor).toBe(NOBODY);
  });
});

describe('a lying peer', () => {
  /** A word of h1 to h2 that h1 would not say. */
  function tell(world: World, message: Message): void {
    const { epoch } = world.hub('h1').core;
    const framer = new Framer('h1', 'f'.repeat(32), epoch);
    world.deliver(framer.frame('h2', [message], world.now().wallMs), null);
  }

  it('cannot push a hub into recovery: only the hub’s own signature proves its past', () => {
    const world = stocked();
    const { crypto } = keysOf('h1');
    const version = world.hub('h1').core.panorama.own.version();
    const known = ['h1', 'h2'].map((hub) =>
      signDocument(crypto, hub, 'mark', { hub: 'h2', epoch: 99, commits: 9_999_999, bornAtMs: 1 }),
    );
    const mark = signDocument(crypto, 'h1', 'mark', {
      hub: 'h1',
      epoch: 1,
      commits: 1,
      bornAtMs: 1,
    });
    tell(world, { type: 'heartbeat', version, mark, known });
    world.run(BEAT_MS);
    expect(codes(world, 'h2')).toEqual([]);
  });

  it('cannot make up leases, nor change the terms of those that are', () => {
    const { world, backups } = running();
    const [part] = [...world.hub('h2').core.parts.values()];
    if (!part) throw new Error('no part');
    const forged = (payload: string): Testimony => ({
      yours: 'target',
      document: { ...part.document, payload },
      state: 'running',
      started: true,
      activeForMs: 1,
      runningForMs: 1,
      outcome: null,
      endCode: null,
      billedMs: 0,
      costMicro: 0n,
      meter: null,
      settledMicro: null,
      taskPrivate: null,
      release: null,
    });
    world.lose = ({ frame }) => frame.messages.some(({ type }) => type === 'recovery-answer');
    world.restore('h2', backups.h2).run(BEAT_MS);
    const { payload } = part.document;
    const texts = [
      payload.replace('-1"', '-7"'),
      payload.replace(/"durationMs":\d+/, '"durationMs":1'),
    ];
    expect(new Set([payload, ...texts]).size).toBe(3);
    const numbers = { asOf: world.elapsedMs, term: 0, chunk: 0, chunks: 1 };
    tell(world, { type: 'recovery-answer', ...numbers, testimonies: texts.map(forged) });
    world.run(BEAT_MS);
    expect(world.hub('h2').core.recovery).toBeNull();
    expect([...world.hub('h2').core.parts.keys()]).toEqual([]);
  });
});
