/** The contract of every store, run on each real one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endedKey, readEndedKey, timeKey } from '@sparegrid/core/hub/ended';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasPostgres, PrivatePostgres } from '../../test/private-postgres.ts';
import { findEnded } from './find-ended.ts';
import { MemoryStore } from './memory-store.ts';
import { openPostgresStore } from './postgres-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { endOfPrefix, type Store } from './store.ts';

const put = (table: string, key: string, text: string, live = true) => ({
  table,
  key,
  text,
  live,
});

let server: PrivatePostgres | null = null;

const STORES = [
  { name: 'memory', open: async () => new MemoryStore(), here: true },
  {
    name: 'sqlite',
    open: (folder: string) => openSqliteStore(join(folder, 'sub/node.db')),
    here: true,
  },
  { name: 'postgres', open: openPostgres, here: hasPostgres() },
];

async function openPostgres(): Promise<Store> {
  server ??= await PrivatePostgres.start();
  return openPostgresStore(await server.database(), {
    node: 'h1',
    standby: false,
    onLost: (fault) => {
      throw fault;
    },
  });
}

afterAll(() => server?.remove());

for (const { name, open, here } of STORES) {
  describe.skipIf(!here)(`${name} store`, () => contractOf(open));
}

function contractOf(open: (folder: string) => Promise<Store>): void {
  let folder: string;
  let store: Store;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-store-'));
    store = await open(folder);
  });

  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('starts empty', async () => {
    expect(await store.load()).toEqual([]);
    expect(await store.read('order', 'o-1')).toBeNull();
    expect(store.counts).toEqual({ commits: 0, writes: 0 });
    expect(store.freeBytes()).toBeGreaterThan(0);
  });

  it('loads live records only, ordered by table and key', async () => {
    await store.commit([
      put('part', 'b', '1'),
      put('order', 'z', '2'),
      put('order', 'a', '3'),
      put('archive', 'a', '4', false),
    ]);
    expect(await store.load()).toEqual([
      { table: 'order', key: 'a', text: '3' },
      { table: 'order', key: 'z', text: '2' },
      { table: 'part', key: 'b', text: '1' },
    ]);
  });

  it('reads records that are not live by their key', async () => {
    await store.commit([put('archive', 'o-1', 'ended', false)]);
    expect(await store.read('archive', 'o-1')).toBe('ended');
    expect(await store.read('order', 'o-1')).toBeNull();
  });

  it('replaces text and liveness, and deletes', async () => {
    await store.commit([put('order', 'a', 'old'), put('order', 'b', 'old')]);
    await store.commit([
      put('order', 'a', 'new', false),
      { table: 'order', key: 'b', text: null, live: true },
    ]);
    expect(await store.load()).toEqual([]);
    expect(await store.read('order', 'a')).toBe('new');
    expect(await store.read('order', 'b')).toBeNull();
  });

  it('brings a record back among the live ones', async () => {
    await store.commit([put('tombstone', 'a', 'first')]);
    await store.commit([put('tombstone', 'a', 'ended', false)]);
    await store.commit([put('tombstone', 'a', 'again')]);
    await store.commit([put('tombstone', 'a', 'changed')]);
    expect(await store.load()).toEqual([{ table: 'tombstone', key: 'a', text: 'changed' }]);
  });

  it('applies the writes of one commit in their order', async () => {
    await store.commit([
      put('order', 'a', '1'),
      { table: 'order', key: 'a', text: null, live: true },
      put('order', 'a', '2'),
    ]);
    expect(await store.read('order', 'a')).toBe('2');
  });

  it('scans a prefix in key order up to the limit', async () => {
    await store.commit([
      put('log', 'o-1/c/00000002', 'second', false),
      put('log', 'o-1/c/00000001', 'first', false),
      put('log', 'o-10/c/00000001', 'other order', false),
      put('log', 'o-1/d/00000001', 'third', false),
    ]);
    const range = { table: 'log', from: 'o-1/', before: endOfPrefix('o-1/') };
    const texts = async (limit: number) =>
      (await store.scan({ ...range, limit })).map((record) => record.text);
    expect(await texts(10)).toEqual(['first', 'second', 'third']);
    expect(await texts(2)).toEqual(['first', 'second']);
  });

  it('keeps any text exactly', async () => {
    const text = 'quote \' " \\ \n \u0000 算力 🙂';
    await store.commit([put('t', text, text)]);
    expect(await store.read('t', text)).toBe(text);
  });

  it('loads more records than it fetches at once, each once, in order', async () => {
    const keys = Array.from({ length: 25_001 }, (_, at) => `k${String(at).padStart(5, '0')}`);
    await store.commit([...keys].reverse().map((key) => put('t', key, 'x')));
    expect((await store.load()).map(({ key }) => key)).toEqual(keys);
  });

  it('orders keys by their code, not by a language', async () => {
    const keys = ['A', 'Z', '_', 'a', 'b', '\u0000', '\u0001', '\u0001\u0000', 'é', '算'];
    await store.commit(keys.map((key) => put('t', key, key)));
    expect((await store.load()).map(({ key }) => key)).toEqual([...keys].sort());
    const range = { table: 't', from: 'A', before: 'b', limit: 10 };
    expect((await store.scan(range)).map(({ text }) => text)).toEqual(['A', 'Z', '_', 'a']);
  });

  it('gives up what ended before a time, whole and in one transaction, and nothing else', async () => {
    const ended = (atMs: number, kind: 'order' | 'part' | 'tombstone', id: string) =>
      put('ended', endedKey(atMs, kind, id), '{}', false);
    const old = [
      put('order', 'o-1', '1', false),
      put('archive', 'o-1', '1', false),
      put('agreement', 'o-1-1', '1', false),
      put('agreement-progress', 'o-1-2', '1', false),
      put('log-position', 'o-1-1.0.0', '1', false),
      put('log', 'o-1/o-1-1.0.0/00000001', '1', false),
      put('usage', 'o-1/o-1-1.0.0/00000002', '1', false),
      put('part', 'o-5-1.0', '1', false),
      put('tombstone', 'first o-6-1.0', '1', false),
    ];
    const rest = [
      put('order', 'o-2', '2', false),
      put('order', 'o-10', '2'),
      put('agreement', 'o-10-1', '2'),
      put('log', 'o-10/o-10-1.0.0/00000001', '2', false),
      put('part', 'o-5-1.00', '2'),
    ];
    await store.commit([
      ...rest,
      ...old,
      ended(1_000, 'order', 'o-1'),
      ended(2_000, 'part', 'o-5-1.0'),
      ended(2_500, 'tombstone', 'first o-6-1.0'),
      ended(9_000, 'order', 'o-2'),
    ]);
    const { found, isLast } = await findEnded(store, '', timeKey(3_000));
    expect(isLast).toBe(true);
    expect(found.map(({ entry, isWhole }) => [readEndedKey(entry).id, isWhole])).toEqual([
      ['o-1', true],
      ['o-5-1.0', true],
      ['first o-6-1.0', true],
    ]);
    const named = found.flatMap(({ records }) =>
      records.map(({ table, key }) => `${table} ${key}`),
    );
    expect(named.sort()).toEqual(old.map(({ table, key }) => `${table} ${key}`).sort());
    const gone = found.flatMap(({ entry, records }) => [
      ...records,
      { table: 'ended', key: entry },
    ]);
    await store.commit(gone.map((one) => ({ ...one, text: null, live: false })));
    for (const { table, key } of old) expect(await store.read(table, key)).toBeNull();
    for (const { table, key, text } of rest) expect(await store.read(table, key)).toBe(text);
    expect((await findEnded(store, '', timeKey(3_000))).found).toEqual([]);
    expect((await findEnded(store, '', timeKey(9_001))).found).toHaveLength(1);
  });

  it('counts commits and writes', async () => {
    await Promise.all([
      store.commit([put('t', 'a', '1'), put('t', 'b', '1')]),
      store.commit([put('t', 'c', '1')]),
    ]);
    expect(store.counts).toEqual({ commits: 2, writes: 3 });
  });

  it('refuses commits after it was closed', async () => {
    await store.close();
    await expect(store.commit([put('t', 'a', '1')])).rejects.toMatchObject({
      code: 'STORE_CLOSED',
    });
  });
}
