/** Master mode: rows over an elected hub, equal panoramas in the end whatever becomes of it. */
import { describe, expect, it } from 'vitest';
import { asks, buyOrder, lot } from '../../test/fixtures.ts';
import { Framer } from '../../test/framer.ts';
import { keysOf } from '../../test/keys.ts';
import { World, type WorldSetup } from '../../test/world.ts';
import type { Message, MessageType } from '../messages.ts';
import type { PartUpdate } from '../panorama/row.ts';
import { type SignedDocument, signDocument } from '../units/document.ts';
import type { HubId } from '../units/ids.ts';

const HUBS = ['h1', 'h2', 'h3'];
/** Longer than an election may take. */
const ELECTION_MS = 15_000;

function network(over: Partial<WorldSetup> = {}): World {
  const lessors = ['ann.h1', 'bob.h2', 'cat.h3'];
  const setup = { hubs: HUBS, lessors, lessees: ['lea.h1'], panorama: 'master' as const };
  const world = new World({ ...setup, ...over }).start();
  return world.run(ELECTION_MS).offer('ann.h1').offer('bob.h2').offer('cat.h3');
}

function masterOf(world: World): HubId {
  const masters = [...world.hubs.values()].map(({ core }) => core.panoramaStatus.master);
  expect(new Set(masters).size, `masters ${masters}`).toBe(1);
  return masters[0] as HubId;
}

/** Each hub's panoramas as one text: equal texts are equal panoramas. */
function panoramas(world: World, hubs = [...world.hubs.keys()]): Set<string> {
  return new Set(
    hubs.map((id) => {
      const parts = [...world.hub(id).core.panorama.parts.values()];
      const versions = parts.map((part) => part.version());
      return JSON.stringify(versions.sort((a, b) => (a.hub < b.hub ? -1 : 1)));
    }),
  );
}

function typesSent(world: World, from: HubId, to: HubId): Set<MessageType> {
  return new Set(world.messages(from, to).map(({ type }) => type));
}

function raisePrice(world: World, lessor: string, price: bigint): World {
  return world.offer(lessor, { lots: [lot('m1', { asks: asks({ cpuMicroPerCoreHour: price }) })] });
}

function priceAt(world: World, hub: HubId, lessor: string): bigint | undefined {
  const row = world.hub(hub).core.panorama.lease(lessor);
  return row?.offer?.lots[0]?.asks.cpuMicroPerCoreHour;
}

describe('panoramas over a master hub', () => {
  /** @patent PAN-7 LSE-4 */
  it('are equal at all hubs, and equal to those of a full mesh', () => {
    const byMode = (['mesh', 'master'] as const).map((panorama) => {
      const world = network({ panorama });
      expect(panoramas(world).size).toBe(1);
      const [parts] = panoramas(world);
      return JSON.parse(parts as string).map((part: { digest: string }) => part.digest);
    });
    expect(byMode[0]).toEqual(byMode[1]);
  });

  /** @patent C4.2 LSE-4 LSE-5 */
  it('follow an offer as an event, over the master and over nobody else', () => {
    const world = network();
    const master = masterOf(world);
    const [first, second] = HUBS.filter((hub) => hub !== master) as [HubId, HubId];
    world.posted.length = 0;
    const at = world.elapsedMs;
    const lessor = { h1: 'ann.h1', h2: 'bob.h2', h3: 'cat.h3' }[first] as string;
    raisePrice(world, lessor, 7n);
    expect(world.elapsedMs).toBe(at);
    for (const hub of HUBS) expect(priceAt(world, hub, lessor)).toBe(7n);
    expect(typesSent(world, first, master)).toContain('part-update');
    expect(typesSent(world, first, second)).toEqual(new Set());
    expect(typesSent(world, master, second)).toEqual(new Set(['part-update']));
  });

  it('reach a hub that starts again over the master', () => {
    const world = network();
    const master = masterOf(world);
    const [late, other] = HUBS.filter((hub) => hub !== master) as [HubId, HubId];
    world.posted.length = 0;
    world.restart(world.hub(late));
    world.settle().run(5_000);
    expect(panoramas(world).size).toBe(1);
    expect(typesSent(world, late, master)).toContain('snapshot-request');
    expect(typesSent(world, late, other)).not.toContain('snapshot-request');
    expect(typesSent(world, other, late)).not.toContain('snapshot');
  });

  /** @patent PAN-8 */
  it('converge again under a new master when the master is lost', () => {
    const world = network();
    const lost = masterOf(world);
    const rest = HUBS.filter((hub) => hub !== lost);
    const termBefore = world.hub(rest[0] as HubId).core.panoramaStatus.term;
    world.lose = ({ frame }) => frame.from === lost || frame.to === lost;
    world.run(1);
    const lessor = { h1: 'ann.h1', h2: 'bob.h2', h3: 'cat.h3' }[rest[0] as string] as string;
    raisePrice(world, lessor, 9n);
    world.run(5_000);
    // Nobody passes rows on now: the owner is asked.
    expect(priceAt(world, rest[1] as HubId, lessor)).toBe(9n);
    world.run(ELECTION_MS);
    const status = world.hub(rest[0] as HubId).core.panoramaStatus;
    expect(rest).toContain(status.master);
    expect(status.term).toBeGreaterThan(termBefore);
    world.lose = () => false;
    world.run(ELECTION_MS);
    expect(masterOf(world)).toBe(status.master);
    expect(panoramas(world).size).toBe(1);
  });

  it('become equal although the master passes nothing on', () => {
    const world = network();
    const master = masterOf(world);
    world.lose = ({ frame }) =>
      frame.from === master && frame.messages.some(({ type }) => type === 'part-update');
    const [first, second] = HUBS.filter((hub) => hub !== master) as [HubId, HubId];
    const lessor = { h1: 'ann.h1', h2: 'bob.h2', h3: 'cat.h3' }[first] as string;
    raisePrice(world, lessor, 5n);
    world.run(4_000);
    expect(priceAt(world, second, lessor)).toBe(5n);
  });

  it('are equal when some hubs are set to full mesh', () => {
    const world = network({ panoramaOf: { h2: 'mesh' } });
    raisePrice(world, 'ann.h1', 3n);
    raisePrice(world, 'bob.h2', 4n);
    world.run(10_000);
    expect(panoramas(world).size).toBe(1);
    for (const hub of HUBS) expect(priceAt(world, hub, 'bob.h2')).toBe(4n);
  });

  it('serve orders like any other', () => {
    const world = network();
    const order = world.submit('lea.h1', buyOrder({ count: { min: 9, max: 9 } }));
    world.run(5_000);
    expect(world.view('lea.h1', order).state).toBe('running');
  });
});

describe('a master that lies', () => {
  function bring(document: SignedDocument) {
    const world = network();
    const master = masterOf(world);
    const victim = HUBS.find((hub) => hub !== master) as HubId;
    const before = panoramas(world, [victim]);
    const framer = new Framer(master, 'f'.repeat(32), world.hub(master).core.epoch);
    const message: PartUpdate = { type: 'part-update', term: 1, document };
    world.hub(victim).effects.length = 0;
    world.deliver(framer.frame(victim, [message as Message], world.now().wallMs), null);
    const codes = world.hub(victim).effects.map((effect) => 'code' in effect && effect.code);
    return { changed: [...panoramas(world, [victim])][0] !== [...before][0], codes };
  }

  /** All hubs are owners of others: at least one of these is neither master nor victim. */
  const delta = (owner: HubId, participant: string) => ({
    owner,
    update: {
      type: 'delta',
      epoch: 1,
      from: 0,
      to: 1_000,
      complete: true,
      rows: [{ kind: 'lease', participant, revision: 999, offer: null }],
      changes: [],
    },
  });

  it.each(HUBS)('cannot make up rows of %s', (owner) => {
    const liar = HUBS.find((hub) => hub !== owner) as HubId;
    const update = delta(owner, `x.${owner}`);
    const forged = signDocument(keysOf(liar).crypto, owner, 'part-update', update);
    const { changed, codes } = bring(forged);
    expect(changed).toBe(false);
    // A hub that is told of its own rows does not even look.
    expect(codes.filter((code) => code !== 'PANORAMA_SIGNATURE')).toEqual([]);
  });

  it('cannot let one hub sign for the rows of another', () => {
    for (const owner of HUBS) {
      const other = HUBS.find((hub) => hub !== owner) as HubId;
      const update = delta(owner, `x.${other}`);
      const signed = signDocument(keysOf(owner).crypto, owner, 'part-update', update);
      const { changed, codes } = bring(signed);
      expect(changed).toBe(false);
      expect(codes.filter((code) => code !== 'PANORAMA_NOT_OWNER')).toEqual([]);
    }
  });

  it('is told that what it sends is no part', () => {
    const signed = signDocument(keysOf('h1').crypto, 'h1', 'part-update', { nonsense: 1 });
    expect(bring(signed)).toEqual({ changed: false, codes: ['PANORAMA_MALFORMED'] });
  });
});
