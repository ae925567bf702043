/** What ended long ago is deleted from the store, with a note of it, and nothing else is. */
import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { twoHubs, type World } from '../../test/world.ts';
import { type EndedSearch, readEndedKey, searchEnded } from './ended.ts';

const RETAIN_MS = 30_000;
const KEEP_MS = 240_000;
const TABLES = ['order', 'agreement', 'part', 'archive', 'tombstone', 'ended'];

function network(): World {
  const limits = { recordKeepMs: KEEP_MS, resultKeepMs: 1_000 };
  return twoHubs({ timing: { retainMs: RETAIN_MS }, limits })
    .start()
    .offer('bob.h2');
}

function ordered(world: World): string {
  return world.submit('lea.h1', buyOrder({ kind: 'job', durationMs: 10_000 }));
}

/** The hub's shell searches its store for what the core asked for, and answers. */
function sweep(world: World, hub: string): EndedSearch[] {
  const node = world.hub(hub);
  const searches: EndedSearch[] = [];
  for (;;) {
    const asked = node.effects.findIndex(({ kind }) => kind === 'find-ended');
    const effect = node.effects[asked];
    if (effect?.kind !== 'find-ended') return searches;
    node.effects.splice(asked, 1);
    const search = searchEnded(effect.from, effect.before);
    let next = search.next();
    while (!next.done) next = search.next(node.store.scan(next.value));
    searches.push(next.value);
    node.step([{ kind: 'ended-found', search: next.value }]);
  }
}

/** Time goes by, with a sweep when one is due. */
function pass(world: World, ms: number): void {
  for (let left = ms; left > 0; left -= KEEP_MS / 8) {
    world.run(Math.min(left, KEEP_MS / 8));
    for (const hub of world.hubs.keys()) sweep(world, hub);
  }
}

function kept(world: World, hub: string): string[] {
  return TABLES.filter((table) => world.hub(hub).store.keys(table).length > 0);
}

describe('records of an order that ended', () => {
  it('are there until their time has come, and gone at both hubs afterwards', () => {
    const world = network();
    const order = ordered(world);
    pass(world, KEEP_MS / 2);
    expect(kept(world, 'h1')).toEqual(['order', 'agreement', 'archive', 'ended']);
    expect(kept(world, 'h2')).toEqual(['part', 'ended']);
    pass(world, KEEP_MS);
    expect(kept(world, 'h1')).toEqual([]);
    expect(kept(world, 'h2')).toEqual([]);
    for (const table of ['log', 'life', 'usage', 'log-position']) {
      expect(world.hub('h1').store.keys(table)).toEqual([]);
    }
    for (const [hub, what] of [
      ['h1', `order ${order}`],
      ['h2', `part ${order}-1.0`],
    ] as const) {
      const [note] = world.hub(hub).store.keys('deletion');
      const text = world.hub(hub).store.get('deletion', note as string) as string;
      expect(JSON.parse(text)).toMatchObject({ deleted: [what] });
    }
  });

  it('stay while the order runs, however long ago others ended', () => {
    const world = network();
    const running = world.submit(
      'lea.h1',
      buyOrder({ kind: 'job', durationMs: 5 * KEEP_MS, replica: buyOrder().replica }),
    );
    const ended = ordered(world);
    world.restart(world.hub('h1'));
    world.restart(world.hub('h2'));
    world.settle();
    pass(world, 3 * KEEP_MS);
    expect(world.hub('h1').store.keys('order')).toEqual([running]);
    expect(world.hub('h2').store.keys('part')).toEqual([`${running}-1.0`]);
    expect(world.hub('h1').store.get('archive', ended)).toBeUndefined();
  });

  it('are not deleted on the word of a search that names what is too young or in use', () => {
    const world = network();
    ordered(world);
    pass(world, KEEP_MS / 2);
    const hub = world.hub('h1');
    const [entry] = hub.store.keys('ended') as [string];
    const { id } = readEndedKey(entry);
    const records = [{ table: 'order', key: id }];
    hub.step([
      { kind: 'ended-found', search: { found: [{ entry, records, isWhole: true }], isLast: true } },
    ]);
    expect(hub.store.keys('order')).toEqual([id]);
    expect(hub.store.keys('deletion')).toEqual([]);
  });

  it('are deleted piece by piece when they are many, each piece with a note', () => {
    const world = network();
    const order = ordered(world);
    pass(world, KEEP_MS / 2);
    const chunks = Array.from({ length: 1_000 }, (_, at) => `${order}/c/${at}`);
    world
      .hub('h1')
      .store.commit(chunks.map((key) => ({ table: 'log', key, text: '{}', live: false })));
    pass(world, KEEP_MS);
    expect(world.hub('h1').store.keys('log')).toEqual([]);
    expect(kept(world, 'h1')).toEqual([]);
    const notes = world
      .hub('h1')
      .store.keys('deletion')
      .map((key) => JSON.parse(world.hub('h1').store.get('deletion', key) as string));
    expect(notes.length).toBeGreaterThan(3);
    expect(notes.flatMap(({ deleted }) => deleted)).toEqual([`order ${order}`]);
  });
});
