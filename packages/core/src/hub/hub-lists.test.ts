/** The operator's list of hubs gets to all of them, over whichever of them it was handed to. */
import { describe, expect, it } from 'vitest';
import { Framer } from '../../test/framer.ts';
import { keysOf } from '../../test/keys.ts';
import { World } from '../../test/world.ts';
import { signHubList } from '../identity/statements.ts';
import type { HubId } from '../units/ids.ts';

const HUBS: HubId[] = ['h1', 'h2', 'h3'];

/** @param next  whose keys are listed beside, and before, those of their hubs. */
function listOf(revision: number, hubs = HUBS, signer = 'operator', next: HubId[] = []) {
  const keysOfHub = (id: HubId) => (next.includes(id) ? [`${id}-next`, id] : [id]);
  return signHubList(keysOf(signer).crypto, {
    network: 'net',
    revision,
    hubs: hubs.map((id) => ({
      id,
      signKeys: keysOfHub(id).map((name) => keysOf(name).publicKey),
      mesh: [`${id}:1`],
    })),
  });
}

function network(): World {
  return new World({ hubs: HUBS, lessors: [], lessees: [] }).start();
}

function hand(world: World, hub: HubId, document = listOf(1)): World {
  const request = { op: 'hubs.set', document } as const;
  world.hub(hub).step([{ kind: 'admission', ticket: 't', request }]);
  return world.settle();
}

function revisions(world: World): number[] {
  return HUBS.map((hub) => world.hub(hub).core.hubListRevision);
}

/** What h1 makes of that list when h2 passes it on. */
function pass(world: World, document = listOf(1)) {
  const before = world.hub('h1').effects.length;
  const message = { type: 'hub-list', revision: 9, document } as const;
  world.deliver(world.hub('h2').framer.frame('h1', [message], world.now().wallMs), null);
  return world.hub('h1').effects.slice(before);
}

describe('a list of hubs', () => {
  it('that one hub was handed is at once that of all', () => {
    expect(revisions(hand(network(), 'h2'))).toEqual([1, 1, 1]);
  });

  it('gets to a hub that did not hear of it, and to one that was restarted, with a heartbeat', () => {
    const world = network();
    world.lose = ({ frame }) => frame.to === 'h3';
    hand(world, 'h1', listOf(4));
    expect(revisions(world)).toEqual([4, 4, 0]);
    world.lose = () => false;
    world.run(3_000);
    expect(revisions(world)).toEqual([4, 4, 4]);
    world.restart(world.hub('h3'));
    world.settle();
    expect(revisions(world)).toEqual([4, 4, 4]);
  });

  it('is told to agents that are there, and to others before they are welcomed', () => {
    const world = new World({ hubs: HUBS, lessors: ['ann.h1'], lessees: [] }).start();
    hand(world, 'h2');
    const told = () => world.messages('h1', 'ann.h1').map(({ type }) => type);
    expect(told().filter((type) => type === 'hub-list')).toHaveLength(1);
    world.restartAgent('ann.h1');
    world.settle();
    const later = told();
    const at = later.lastIndexOf('hub-list');
    expect(later[at + 1]).toBe('welcome');
  });

  it('puts a hub out everywhere', () => {
    const world = hand(network(), 'h1', listOf(2, ['h1', 'h2']));
    expect(world.hub('h2').core.peers()).toEqual(['h1']);
    expect(world.hub('h1').core.peers()).toEqual(['h2']);
  });

  it('is refused when it is older, or signed by anybody but the operator', () => {
    const world = hand(network(), 'h3', listOf(5));
    expect(pass(world, listOf(4))).toMatchObject([{ from: 'h2', code: 'IDENTITY_OUTDATED' }]);
    const forged = listOf(6, HUBS, 'h2');
    expect(pass(world, forged)).toMatchObject([{ from: 'h2', code: 'IDENTITY_SIGNATURE' }]);
    const other = listOf(5, ['h1', 'h2']);
    expect(pass(world, other)).toMatchObject([{ code: 'IDENTITY_OUTDATED' }]);
    expect(pass(world, listOf(5))).toEqual([]);
    expect(revisions(world)).toEqual([5, 5, 5]);
  });
});

/** Codes of frames that were turned away at that hub. */
function turnedAway(world: World, hub: HubId): string[] {
  return world
    .hub(hub)
    .effects.flatMap((effect) => (effect.kind === 'frame-refused' ? [effect.code] : []));
}

describe('a hub that changes its signing key', () => {
  const list = listOf(7, HUBS, 'operator', ['h1']);

  function changed(world: World): World {
    world.hub('h1').keyName = 'h1-next';
    world.restart(world.hub('h1'));
    return world.settle();
  }

  it('is understood by all who have the list, before and after', () => {
    const world = changed(hand(network(), 'h2', list).run(3_000)).run(3_000);
    expect(HUBS.flatMap((hub) => turnedAway(world, hub))).toEqual([]);
  });

  it('shows the list to whoever was away, in the frame that is signed with the new key', () => {
    const world = network();
    world.lose = ({ frame }) => frame.to !== 'h1';
    hand(world, 'h1', list);
    expect(revisions(world)).toEqual([7, 0, 0]);
    world.lose = () => false;
    changed(world);
    expect(revisions(world)).toEqual([7, 7, 7]);
    expect(turnedAway(world, 'h2')).toEqual([]);
  });

  it('is not believed with a key that the operator did not list', () => {
    const world = network();
    const forged = listOf(7, HUBS, 'h1-next', ['h1']);
    const message = { type: 'hub-list', revision: 7, document: forged } as const;
    const { epoch } = world.hub('h1').core;
    const framer = new Framer('h1', 'e900', epoch, 'h1-next');
    world.deliver(framer.frame('h2', [message], world.now().wallMs), null);
    expect(turnedAway(world, 'h2')).toEqual(['LINK_SIGNATURE']);
    const older = hand(network(), 'h2', listOf(8));
    const shown = { type: 'hub-list', revision: 9, document: list } as const;
    older.deliver(framer.frame('h2', [shown], older.now().wallMs), null);
    expect(turnedAway(older, 'h2')).toEqual(['LINK_SIGNATURE']);
    expect(revisions(older)).toEqual([8, 8, 8]);
  });
});
