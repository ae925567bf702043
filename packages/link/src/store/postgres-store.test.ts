/** What only a store in a database server must do: survive both sides, and know when it is replaced. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasPostgres, PrivatePostgres } from '../../test/private-postgres.ts';
import type { StoreFault } from './fault.ts';
import { sessionName } from './postgres-lease.ts';
import { openClient, type PostgresSettings } from './postgres-session.ts';
import { openPostgresStore, type PostgresOptions } from './postgres-store.ts';
import type { Store } from './store.ts';

/** Commits one key after the other and prints each once it is acknowledged; ends with a fault's code. */
const WRITER = `
const { openPostgresStore } = await import(process.argv[2]);
const end = ({ code }) => {
  process.stdout.write(code + '\\n', () => process.exit(70));
  return new Promise(() => {});
};
const options = { node: 'h1', standby: false, onLost: end };
const store = await openPostgresStore(JSON.parse(process.argv[3]), options);
for (let n = 0; ; n++) {
  const key = process.argv[4] + '-' + n;
  await store.commit([
    { table: 'order', key, text: 'x'.repeat(2000), live: true },
    { table: 'twin', key, text: '', live: true },
  ]).catch(end);
  process.stdout.write(key + '\\n');
}`;

const HOUR_MS = 3_600_000;
const START_MS = 120_000;
/** So long a busy machine may keep a process from renewing its lease. */
const RENEWED_MS = 5_000;

describe.skipIf(!hasPostgres())('PostgreSQL store', { timeout: START_MS }, () => {
  let server: PrivatePostgres;
  let settings: PostgresSettings;
  let folder: string;
  let children: ChildProcess[];
  let stores: Store[];
  let lost: StoreFault[];

  beforeAll(async () => {
    server = await PrivatePostgres.start();
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-store-'));
    await writeFile(join(folder, 'writer.mjs'), WRITER);
  }, START_MS);

  afterAll(async () => {
    await server?.remove();
    await rm(folder, { recursive: true });
  }, START_MS);

  beforeEach(async () => {
    settings = await server.database();
    [children, stores, lost] = [[], [], []];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(stores.map((store) => store.close()));
  });

  async function open(options: Partial<PostgresOptions> = {}, more = {}): Promise<Store> {
    const store = await openPostgresStore(
      { ...settings, ...more },
      { node: 'h1', standby: false, onLost: (fault) => lost.push(fault), ...options },
    );
    stores.push(store);
    return store;
  }

  function startWriter(name: string): { child: ChildProcess; lines: Interface } {
    const source = new URL('./postgres-store.ts', import.meta.url).href;
    const args = [join(folder, 'writer.mjs'), source, JSON.stringify(settings), name];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return { child, lines: createInterface({ input: child.stdout }) };
  }

  async function keysIn(store: Store): Promise<string[]> {
    const records = await store.load();
    const keysOf = (table: string) =>
      records.filter((record) => record.table === table).map((record) => record.key);
    expect(keysOf('twin')).toEqual(keysOf('order'));
    return keysOf('order');
  }

  const put = (key: string, text = '') => ({ table: 'order', key, text, live: true });

  it('loses nothing acknowledged and tears no transaction when its process is killed', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const { child, lines } = startWriter(`r${round}`);
      const exited = once(child, 'exit');
      for await (const key of lines) {
        acknowledged.push(key);
        if (key.endsWith('-40')) child.kill('SIGKILL');
      }
      await exited;
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(3 * 41);
    expect(await keysIn(await open())).toEqual(expect.arrayContaining(acknowledged));
  });

  it('loses nothing acknowledged when the server crashes, and says that it lost it', async () => {
    const own = await PrivatePostgres.start();
    try {
      settings = await own.database();
      const { child, lines } = startWriter('crash');
      const exited = once(child, 'exit');
      const said: string[] = [];
      for await (const line of lines) {
        said.push(line);
        if (line === 'crash-40') await own.crash();
      }
      expect(await exited).toEqual([70, null]);
      expect(said.at(-1)).toBe('STORE_LOST');
      await own.run();
      const store = await open();
      const acknowledged = said.filter((line) => line.startsWith('crash-'));
      expect(acknowledged.length).toBeGreaterThan(40);
      expect(await keysIn(store)).toEqual(expect.arrayContaining(acknowledged));
      await store.close();
    } finally {
      await own.remove();
    }
  });

  it('is refused to a second process while the first renews its lease', async () => {
    settings = { ...settings, leaseMs: RENEWED_MS };
    const { lines } = startWriter('first');
    await once(lines, 'line');
    await expect(open()).rejects.toMatchObject({ code: 'STORE_IN_USE', retryable: true });
  });

  it('is handed on at once when it is closed', async () => {
    const first = await open({}, { leaseMs: HOUR_MS });
    const waiting = Promise.withResolvers<void>();
    const second = open({ standby: true, onWaiting: waiting.resolve });
    await waiting.promise;
    await first.commit([put('a')]);
    await first.close();
    expect(await (await second).load()).toEqual([{ table: 'order', key: 'a', text: '' }]);
  });

  it('lets a stopped process that wakes up again change nothing', async () => {
    const { child, lines } = startWriter('old');
    // Its output may come after its exit is known.
    const exited = once(child, 'close');
    const said: string[] = [];
    lines.on('line', (line) => said.push(line));
    await once(lines, 'line');
    child.kill('SIGSTOP');
    const standby = await open({ standby: true });
    await standby.commit([put('new'), { ...put('new'), table: 'twin' }]);
    const before = await keysIn(standby);
    child.kill('SIGCONT');
    expect(await exited).toEqual([70, null]);
    expect(said.at(-1)).toBe('STORE_FENCED');
    expect(await keysIn(standby)).toEqual(before);
    const acknowledged = said.filter((line) => line.startsWith('old-'));
    expect(before).toEqual(expect.arrayContaining(['new', ...acknowledged]));
  });

  it('is taken over as soon as its process is killed, however long its lease', async () => {
    settings = { ...settings, leaseMs: HOUR_MS };
    const { child, lines } = startWriter('old');
    const said: string[] = [];
    lines.on('line', (line) => said.push(line));
    await once(lines, 'line');
    const waiting = Promise.withResolvers<void>();
    const standby = open({ standby: true, onWaiting: waiting.resolve });
    await waiting.promise;
    child.kill('SIGKILL');
    await Promise.all([once(lines, 'close'), standby]);
    expect(await keysIn(await standby)).toEqual(expect.arrayContaining(said));
  });

  it('is opened again as soon as its process was killed, however long its lease', async () => {
    settings = { ...settings, leaseMs: HOUR_MS };
    const { child, lines } = startWriter('old');
    const [key] = await once(lines, 'line');
    child.kill('SIGKILL');
    expect(await keysIn(await open())).toContain(key);
  });

  it('is not taken over from a process that stands still before its lease runs out', async () => {
    settings = { ...settings, leaseMs: HOUR_MS };
    const { child, lines } = startWriter('old');
    await once(lines, 'line');
    child.kill('SIGSTOP');
    // Waiting is told of after a look that found the lease held.
    const looked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const second = open({ standby: true, onWaiting: looked[0].resolve });
    await looked[0].promise;
    await server.execute("UPDATE lease SET expires_at = '-infinity'", settings.database);
    await (await second).commit([put('new')]);
    // The session of the first one is there still; who serves counts.
    const third = open({ standby: true, onWaiting: looked[1].resolve });
    await looked[1].promise;
    await (await second).close();
    await (await third).commit([put('newer')]);
  });

  it.each([
    {
      session: 'that holds it',
      isIt: "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')",
    },
    { session: 'that writes', isIt: "query LIKE '%INSERT INTO records%'" },
  ])('loses the lease with the session $session', async ({ isIt }) => {
    const first = await open({}, { leaseMs: HOUR_MS });
    await first.commit([put('a')]);
    const waiting = Promise.withResolvers<void>();
    const second = open({ standby: true, onWaiting: waiting.resolve });
    await waiting.promise;
    await server.execute(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'sparegrid fence %' AND ${isIt}`,
      settings.database,
    );
    await (await second).commit([put('b')]);
    await expect(first.commit([put('late')])).rejects.toMatchObject({
      code: expect.stringMatching(/^STORE_(LOST|FENCED)$/),
    });
    expect((await (await second).load()).map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('is of one process when several start at once, and then of the next', async () => {
    const both = [1, 2].map(() => open({ standby: true }, { leaseMs: HOUR_MS }));
    const first = await Promise.race(both);
    await first.commit([put('a')]);
    await first.close();
    const [one, other] = await Promise.all(both);
    const second = one === first ? other : one;
    expect(await second?.load()).toEqual([{ table: 'order', key: 'a', text: '' }]);
    expect(lost).toEqual([]);
  });

  it('tells a process that was replaced while idle', async () => {
    const fenced = Promise.withResolvers<StoreFault>();
    const first = await open({ onLost: fenced.resolve });
    await server.execute('UPDATE lease SET fence = fence + 1', settings.database);
    expect(await fenced.promise).toMatchObject({ code: 'STORE_FENCED' });
    await expect(first.commit([put('late')])).rejects.toMatchObject({ code: 'STORE_FENCED' });
  });

  it('refuses a commit behind a raised fence, deletions included', async () => {
    const first = await open({}, { leaseMs: HOUR_MS });
    await first.commit([put('kept')]);
    await server.execute('UPDATE lease SET fence = fence + 1', settings.database);
    const gone = { ...put('kept'), text: null };
    await expect(first.commit([gone, put('late')])).rejects.toMatchObject({
      code: 'STORE_FENCED',
      retryable: false,
    });
    const rows = await server.execute('SELECT key FROM records', settings.database);
    expect(rows).toEqual([{ key: 'kept' }]);
  });

  it('takes over from a process that hangs in the middle of a transaction', async () => {
    const { host, port, user, password, database } = settings;
    await (await open()).close();
    await server.execute("UPDATE lease SET expires_at = '-infinity'", database);
    const [row] = await server.execute('SELECT fence FROM lease', database);
    const name = sessionName(Number(row?.['fence']));
    const stuck = new Client({ host, port, user, password: password ?? '', database });
    const ended = new Promise((resolve) => stuck.on('error', resolve));
    await stuck.connect();
    await stuck.query(`SET application_name = '${name}'`);
    await stuck.query('BEGIN');
    await stuck.query('SELECT FROM lease FOR KEY SHARE');
    const standby = await open({ standby: true });
    await standby.commit([put('new')]);
    expect(await ended).toMatchObject({ code: '57P01' });
  });

  it('has no statement compiled by the server: a look at the lease took it 50 ms', async () => {
    await open();
    const session = await openClient(settings, 'test');
    const looked = await session.query<{ 'QUERY PLAN': string }>(
      'EXPLAIN (ANALYZE) UPDATE lease SET node = node WHERE expires_at < clock_timestamp()',
    );
    await session.end();
    const plan = looked.rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Seq Scan');
    expect(plan).not.toContain('JIT');
  });

  it('stops waiting when told to', async () => {
    await open();
    const controller = new AbortController();
    const waiting = open({
      standby: true,
      signal: controller.signal,
      onWaiting: () => controller.abort(),
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is refused to another node', async () => {
    await (await open()).close();
    await expect(open({ node: 'h2' })).rejects.toMatchObject({
      code: 'STORE_OTHER_NODE',
      hint: "It is h1's, not h2's.",
    });
  });

  it('refuses the database of a later program, to a standby at once', async () => {
    await open();
    await server.execute('UPDATE schema_version SET version = 999', settings.database);
    const opened = open({ standby: true });
    await expect(opened).rejects.toMatchObject({ code: 'STORE_NEWER_SCHEMA' });
  });

  it('refuses a server that forgets what it acknowledged', async () => {
    const careless = await PrivatePostgres.start(['fsync=off']);
    try {
      settings = await careless.database();
      await expect(open()).rejects.toMatchObject({ code: 'STORE_NOT_DURABLE' });
    } finally {
      await careless.remove();
    }
  });

  it.each([
    { error: 'disk_full', code: 'STORE_FULL' },
    { error: 'check_violation', code: 'STORE_COMMIT' },
  ])('rolls a commit back as a whole when the server says $error', async ({ error, code }) => {
    const store = await open();
    await server.execute(
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${error}'; END $$;
       CREATE TRIGGER fail BEFORE INSERT ON records FOR EACH ROW
         WHEN (new.key = 'bad') EXECUTE FUNCTION fail()`,
      settings.database,
    );
    await store.commit([put('old')]);
    const commit = store.commit([put('good'), { ...put('old'), text: null }, put('bad')]);
    await expect(commit).rejects.toMatchObject({ code });
    expect(await server.execute('SELECT key FROM records', settings.database)).toEqual([
      { key: 'old' },
    ]);
    expect(lost).toMatchObject([{ code }]);
  });

  it('says what is wrong with the access, and never the password', async () => {
    const wrong = { password: 'not the password' };
    const refused = await open({}, wrong).catch((fault: StoreFault) => fault);
    expect(refused).toMatchObject({ code: 'STORE_OPEN', retryable: false });
    expect(String(refused)).toContain('SQLSTATE 28P01');
    expect(JSON.stringify(refused) + String(refused)).not.toContain(wrong.password);
    await expect(open({}, { port: 1 })).rejects.toMatchObject({ code: 'STORE_OPEN' });
  });

  it('talks to a remote server only when its certificate is trusted', async () => {
    const own = await PrivatePostgres.start();
    try {
      const ca = own.certify();
      await own.halt();
      const files = [`ssl_cert_file=${ca}`, `ssl_key_file=${join(own.directory, 'tls.key')}`];
      await own.run(['ssl=on', ...files]);
      settings = { ...(await own.database()), host: 'localhost' };
      const tls = { ca: readFileSync(ca, 'utf8'), cert: null, key: null };
      const store = await open({}, { tls });
      const [row] = await own.execute('SELECT count(*) FROM pg_stat_ssl WHERE ssl', 'postgres');
      expect(Number(row?.['count'])).toBeGreaterThanOrEqual(2);
      await store.close();
      const unknown = { tls: { ...tls, ca: null } };
      await expect(open({}, unknown)).rejects.toMatchObject({ code: 'STORE_OPEN' });
      const elsewhere = { tls, host: '127.0.0.1' };
      await expect(open({}, elsewhere)).rejects.toMatchObject({ code: 'STORE_OPEN' });
    } finally {
      await own.remove();
    }
  });
});
