/** What only a store on disk must do: outlive its process, and keep others out. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kyselyOver } from './kysely-sqlite.ts';
import { MIGRATIONS } from './schema.ts';
import { openSqliteStore } from './sqlite-store.ts';

/** Commits one key after the other and prints each key once it is acknowledged. */
const WRITER = `
const { openSqliteStore } = await import(process.argv[2]);
const store = await openSqliteStore(process.argv[3]);
for (let n = 0; ; n++) {
  const key = process.argv[4] + '-' + n;
  await store.commit([
    { table: 'order', key, text: 'x'.repeat(2000), live: true },
    { table: 'twin', key, text: '', live: true },
  ]);
  process.stdout.write(key + '\\n');
}`;

describe('SQLite store', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-store-'));
    path = join(folder, 'node.db');
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function startWriter(name: string) {
    const source = new URL('./sqlite-store.ts', import.meta.url).href;
    const program = join(folder, 'writer.mjs');
    await writeFile(program, WRITER);
    const child = spawn(process.execPath, [program, source, path, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return { child, lines: createInterface({ input: child.stdout }) };
  }

  it('loses nothing acknowledged and tears no transaction when its process is killed', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const { child, lines } = await startWriter(`r${round}`);
      const exited = once(child, 'exit');
      for await (const key of lines) {
        acknowledged.push(key);
        if (key.endsWith('-40')) child.kill('SIGKILL');
      }
      await exited;
    }
    const store = await openSqliteStore(path);
    const records = await store.load();
    await store.close();
    const keysOf = (table: string) =>
      records.filter((record) => record.table === table).map((record) => record.key);
    expect(acknowledged.length).toBeGreaterThanOrEqual(3 * 41);
    expect(keysOf('order')).toEqual(expect.arrayContaining(acknowledged));
    expect(keysOf('twin')).toEqual(keysOf('order'));
  });

  it('is refused to a second process until the first is killed', async () => {
    const { child, lines } = await startWriter('first');
    await once(lines, 'line');
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: 'STORE_IN_USE',
      retryable: true,
    });
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await (await openSqliteStore(path)).close();
  });

  it('is refused to a second opening in the same process', async () => {
    const store = await openSqliteStore(path);
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'STORE_IN_USE' });
    await store.close();
  });

  it('keeps its records over a clean restart', async () => {
    const first = await openSqliteStore(path);
    await first.commit([{ table: 't', key: 'k', text: 'v', live: true }]);
    await first.close();
    const second = await openSqliteStore(path);
    expect(await second.load()).toEqual([{ table: 't', key: 'k', text: 'v' }]);
    await second.close();
  });

  it('refuses a store of a later program and leaves it as it is', async () => {
    await (await openSqliteStore(path)).close();
    const database = new DatabaseSync(path);
    database.exec('UPDATE schema_version SET version = 999');
    database.close();
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'STORE_NEWER_SCHEMA' });
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'STORE_NEWER_SCHEMA' });
  });

  it('takes over a store of the first schema, and finds its live records by their index', async () => {
    const old = new DatabaseSync(path);
    const [first] = MIGRATIONS;
    await first?.(kyselyOver(old), 'sqlite');
    old.exec(`
      CREATE TABLE schema_version (version integer NOT NULL);
      INSERT INTO schema_version VALUES (1);
      INSERT INTO records (tbl, key, live, text) VALUES
        ('t', 'b', 1, '1'), ('archive', 'a', 0, '2'), ('t', 'a', 1, '3'), ('s', 'c', 1, '4');`);
    old.close();
    const store = await openSqliteStore(path);
    await store.commit([{ table: 'r', key: 'd', text: '5', live: true }]);
    expect(await store.load()).toEqual([
      { table: 'r', key: 'd', text: '5' },
      { table: 's', key: 'c', text: '4' },
      { table: 't', key: 'a', text: '3' },
      { table: 't', key: 'b', text: '1' },
    ]);
    await store.close();
    const database = new DatabaseSync(path);
    const plan = 'EXPLAIN QUERY PLAN SELECT text FROM records WHERE live = 1 AND rowid > 5';
    expect(database.prepare(plan).get()).toMatchObject({
      detail: 'SEARCH records USING INDEX records_live (live=? AND rowid>?)',
    });
    database.close();
  });

  it('refuses a file that is no store', async () => {
    await writeFile(path, 'not a database, but long enough to be looked at as one'.repeat(100));
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'STORE_OPEN' });
  });

  it('writes ahead', async () => {
    const store = await openSqliteStore(path);
    await store.close();
    const database = new DatabaseSync(path);
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    database.close();
  });

  it('rolls a rejected commit back as a whole', async () => {
    const store = await openSqliteStore(path);
    const good = { table: 't', key: 'good', text: '', live: true };
    const bad = { table: 't', key: 'bad', text: {} as unknown as string, live: true };
    await expect(store.commit([good, bad])).rejects.toMatchObject({
      code: 'STORE_COMMIT',
      retryable: false,
    });
    expect(await store.load()).toEqual([]);
    await store.close();
  });
});
