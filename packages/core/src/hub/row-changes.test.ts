import { describe, expect, it } from 'vitest';
import { amounts, buyOrder, lot } from '../../test/fixtures.ts';
import { Framer } from '../../test/framer.ts';
import { twoHubs, World } from '../../test/world.ts';
import type { Message } from '../messages.ts';
import type { LeaseChange, SharedRow } from '../panorama/row.ts';

const SETUP = { hubs: ['h1', 'h2'], lessors: ['ann.h1', 'bob.h2'], lessees: [] };

/** Two hubs that know each other's offers; what h2 tells h1 is made up here. */
function market() {
  const world = new World(SETUP).start().offer('ann.h1').offer('bob.h2').run(3_000);
  const framer = new Framer('h2', 'f'.repeat(32), world.hub('h2').core.epoch);
  const part = () => world.hub('h1').core.panorama.parts.get('h2')!;
  const row = () => world.hub('h1').core.panorama.lease('bob.h2')!;
  const tell = (message: object) => {
    world.hub('h1').effects.length = 0;
    world.deliver(framer.frame('h1', [message as Message], world.now().wallMs), null);
    return world.hub('h1').effects.flatMap((effect) => ('code' in effect ? [effect.code] : []));
  };
  const change = (over: Partial<LeaseChange>) => {
    const { epoch, revision, complete } = part();
    const to = revision + 1;
    const base = { participant: 'bob.h2', since: row().revision, revision: to, figures: [4, 1] };
    const span = { type: 'delta', epoch, from: revision, to, complete, rows: [] };
    return tell({ ...span, changes: [{ ...base, ...over }] });
  };
  return { world, part, row, tell, change };
}

function offerCores(world: World, cpuMillicores: number): World {
  return world.offer('bob.h2', { lots: [lot('m1', { amounts: amounts({ cpuMillicores }) })] });
}

function isEqualEverywhere(world: World): boolean {
  const textOf = (hub: string) =>
    JSON.stringify(world.hub(hub).core.panorama.parts.get('h2')?.version());
  return textOf('h1') === textOf('h2');
}

describe('a hub that sends changes of rows', () => {
  it('is followed, number by number', () => {
    const { world, row } = market();
    world.posted.length = 0;
    offerCores(world, 3000).run(1_000);
    const told = world.messages('h2', 'h1').filter(({ type }) => type === 'delta');
    expect(told).toMatchObject([{ rows: [], changes: [{ participant: 'bob.h2' }] }]);
    expect(row()).toEqual(world.hub('h2').core.panorama.lease('bob.h2'));
    expect(isEqualEverywhere(world)).toBe(true);
  });

  it.each([
    ['an earlier revision', { since: 0 }],
    ['a later revision', { since: 1_000 }],
    ['a place that the row does not have', { figures: [10_000, 1] }],
  ])('is refused on a base of %s, and asked for its whole part', (_what, over) => {
    const { world, row, change } = market();
    const before = row();
    world.posted.length = 0;
    expect(change(over)).toEqual(['PANORAMA_WRONG_BASE']);
    expect(row()).toEqual(before);
    expect(world.messages('h1', 'h2').map(({ type }) => type)).toContain('snapshot-request');
    world.run(3_000);
    expect(isEqualEverywhere(world)).toBe(true);
  });

  it('cannot change rows of participants that are not its own', () => {
    const { change } = market();
    expect(change({ participant: 'ann.h1' })).toEqual(['PANORAMA_NOT_OWNER']);
  });

  it('is healed when it told a change otherwise than it is', () => {
    const { world, row, change } = market();
    expect(change({ figures: [4, 1] })).toEqual([]);
    expect(row().offer?.lots[0]?.amounts.cpuMillicores).toBe(1);
    // Told under a revision that the owner has not reached yet: found when it has.
    offerCores(world, 3000).run(5_000);
    expect(row()).toEqual(world.hub('h2').core.panorama.lease('bob.h2'));
    expect(isEqualEverywhere(world)).toBe(true);
  });

  it.each([
    ['a form that is not there', { form: 2, figures: [1] }],
    ['too many figures', { form: 0, figures: [1, 2] }],
  ])('is refused a snapshot with %s', (_what, over) => {
    const { part, tell } = market();
    const { epoch, revision, complete } = part();
    const spec = { provision: 'single', machines: [], serverCluster: null, distributed: null };
    const shared: SharedRow = { participant: 'bob.h2', revision: revision + 1, ...over };
    const codes = tell({
      ...{ type: 'snapshot', epoch, revision: revision + 1, complete, chunk: 0, chunks: 1 },
      ...{ rows: [], forms: [{ kind: 'resource', spec }], shared: [shared] },
    });
    expect(codes).toEqual(['PANORAMA_MALFORMED']);
    expect(part().revision).toBe(revision);
  });
});

describe('a vote in a full mesh', () => {
  it('brings no row: what it froze is told as a change in the same frame', () => {
    const world = twoHubs().start().offer('bob.h2');
    world.posted.length = 0;
    world.submit('lea.h1', buyOrder());
    world.settle();
    const frame = world.posted
      .map(({ frame }) => frame)
      .find(({ messages }) => messages.some(({ type }) => type === 'vote-yes'));
    expect(frame?.messages).toMatchObject([
      { type: 'vote-yes', row: null },
      { type: 'delta', rows: [], changes: [{ participant: 'bob.h2' }] },
    ]);
    const sold = world.hub('h2').core.panorama.lease('bob.h2');
    expect(world.hub('h1').core.panorama.lease('bob.h2')).toEqual(sold);
  });
});
