/** The store in a PostgreSQL database: each commit is one statement that first holds the fence. */
import type { Write } from '@sparegrid/core/units/write';
import { type Kysely, sql } from 'kysely';
import type { Client } from 'pg';
import { StoreFault } from './fault.ts';
import { kyselyOverPostgres, kyselyOverSession } from './kysely-postgres.ts';
import { migrate, refuseNewerSchema } from './migrate.ts';
import {
  fenced,
  HOLD_FENCE,
  type Lease,
  type LeaseWish,
  prepareLease,
  sessionName,
  takeLease,
} from './postgres-lease.ts';
import { faultOf, nameOf, openClient, type PostgresSettings } from './postgres-session.ts';
import { fromPostgres, toPostgres } from './postgres-text.ts';
import { liveRecords, recordsIn, recordText } from './records.ts';
import type { StoreSchema } from './schema.ts';
import type { KeyRange, Store, StoreCounts, StoredRecord } from './store.ts';

/**
 * One statement is one transaction, sent at once: a process that is stopped or cut off in between
 * leaves no transaction open that others would have to wait for.
 */
const COMMIT = {
  name: 'commit',
  text: `
    WITH fence AS (${HOLD_FENCE}),
    gone AS (
      DELETE FROM records USING unnest($2::text[], $3::text[]) AS gone (tbl, key), fence
      WHERE records.tbl = gone.tbl AND records.key = gone.key
    ),
    put AS (
      INSERT INTO records (tbl, key, live, text)
      SELECT tbl, key, live, text
      FROM unnest($4::text[], $5::text[], $6::int[], $7::text[]) AS put (tbl, key, live, text), fence
      ON CONFLICT (tbl, key) DO UPDATE SET live = excluded.live, text = excluded.text
    )
    SELECT count(*)::int AS held FROM fence`,
};

/** The lease is renewed this often before it would end. */
const RENEWALS_PER_LEASE = 5;

export interface PostgresOptions extends Omit<LeaseWish, 'leaseMs'> {
  /** The store can do no more, and nobody may be waiting for a commit: the process must end. */
  onLost(fault: StoreFault): void;
}

/**
 * Opens the store of a node, creating its tables when missing; resolves once this process holds the
 * lease.
 *
 * @throws StoreFault STORE_OPEN, STORE_OTHER_NODE, STORE_NOT_DURABLE, STORE_NEWER_SCHEMA,
 *         STORE_IN_USE, STORE_LOST; the reason of the signal.
 */
export async function openPostgresStore(
  settings: PostgresSettings,
  options: PostgresOptions,
): Promise<Store> {
  const name = `sparegrid waiting for ${options.node}`;
  const sessions = [await openClient(settings, name)];
  const [keeper] = sessions as [Client];
  try {
    await refuseForgetful(keeper);
    await prepareLease(keeper, options.node);
    await refuseLaterProgram(keeper);
    // Before it is needed: connecting takes longer than all the rest on a busy machine.
    const writer = await openClient(settings, name);
    sessions.push(writer);
    const lease = await takeLease(keeper, writer, { ...options, leaseMs: settings.leaseMs });
    return await openHeld(settings, { keeper, writer, lease, onLost: options.onLost });
  } catch (error) {
    await Promise.allSettled(sessions.map((session) => session.end()));
    if (options.signal?.aborted) throw error;
    const fault = faultOf(error);
    if (error instanceof StoreFault || fault.code === 'STORE_LOST') throw fault;
    throw new StoreFault('STORE_OPEN', `${nameOf(settings)}: ${fault.hint}`, error);
  }
}

/** A store on connections that all carry the fence in their name. */
async function openHeld(settings: PostgresSettings, held: Held): Promise<Store> {
  const { keeper, writer, lease } = held;
  const name = sessionName(lease.fence);
  try {
    const rename = "SELECT set_config('application_name', $1, false)";
    // A renewal that a crash of the server undoes ends the lease earlier, which is always safe.
    const relax = `, set_config('synchronous_commit', 'off', false),
      set_config('lock_timeout', '0', false)`;
    await Promise.all([keeper.query(rename + relax, [name]), writer.query(rename, [name])]);
    const store = new PostgresStore(settings, held);
    await store.migrate();
    return store;
  } catch (error) {
    await lease.release().catch(() => {});
    throw error;
  }
}

interface Held {
  /** Renews the lease, also while a long commit is under way. */
  keeper: Client;
  writer: Client;
  lease: Lease;
  onLost(fault: StoreFault): void;
}

class PostgresStore implements Store {
  readonly counts: StoreCounts = { commits: 0, writes: 0 };
  readonly #held: Held;
  /** Over the writer's session, which is there already: for the start. */
  readonly #first: Kysely<StoreSchema>;
  /** Over sessions of their own, so that no commit waits. */
  readonly #reads: Kysely<StoreSchema>;
  readonly #renewMs: number;
  #renewal: NodeJS.Timeout | undefined;
  /** Settled when no commit is under way. */
  #writing: Promise<unknown> = Promise.resolve();
  /** Set once nothing can be written any more. */
  #ended: StoreFault | null = null;

  constructor(settings: PostgresSettings, held: Held) {
    this.#held = held;
    this.#renewMs = settings.leaseMs / RENEWALS_PER_LEASE;
    const lost = (error: unknown) => void this.#end(error);
    this.#first = kyselyOverSession(held.writer);
    this.#reads = kyselyOverPostgres(settings, sessionName(held.lease.fence), lost);
    held.writer.on('error', lost);
    held.keeper.on('error', lost);
    this.#renewLater();
  }

  async migrate(): Promise<void> {
    await migrate(this.#first, {
      dialect: 'postgres',
      guard: async (transaction) => {
        const { fence } = this.#held.lease;
        const hold = sql`SELECT 1 FROM lease WHERE fence = ${fence} FOR KEY SHARE`;
        const { rows } = await hold.execute(transaction);
        if (rows.length === 0) throw fenced(fence);
      },
    });
  }

  async load(): Promise<StoredRecord[]> {
    return (await this.#read(liveRecords(this.#first))).map(asWritten);
  }

  async read(table: string, key: string): Promise<string | null> {
    const text = await this.#read(recordText(this.#reads, table, toPostgres(key)));
    return text === null ? null : fromPostgres(text);
  }

  async scan({ table, from, before, limit }: KeyRange): Promise<StoredRecord[]> {
    const range = { table, from: toPostgres(from), before: toPostgres(before), limit };
    return (await this.#read(recordsIn(this.#reads, range))).map(asWritten);
  }

  /** @throws StoreFault STORE_COMMIT, STORE_FULL, STORE_LOST, STORE_FENCED; the store is of no use then. */
  commit(writes: readonly Write[]): Promise<void> {
    const written = this.#writing.then(() => this.#write(writes));
    this.#writing = written.catch(() => {});
    return written;
  }

  /** Only the server knows; a full disk shows as STORE_FULL. */
  freeBytes(): number {
    return Number.POSITIVE_INFINITY;
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = new StoreFault('STORE_CLOSED', 'the store was closed');
    clearTimeout(this.#renewal);
    await this.#writing;
    await this.#held.lease.release().catch(() => {});
    await this.#disconnect();
  }

  async #write(writes: readonly Write[]): Promise<void> {
    if (this.#ended) throw this.#ended;
    const { writer, lease } = this.#held;
    const statement = { ...COMMIT, values: [lease.fence, ...columnsOf(writes)] };
    try {
      const { rows } = await writer.query<{ held: number }>(statement);
      if (rows[0]?.held !== 1) throw fenced(lease.fence);
      if (this.counts.commits === 0) await lease.shorten();
    } catch (error) {
      throw this.#end(error);
    }
    this.counts.commits += 1;
    this.counts.writes += writes.length;
  }

  async #read<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw this.#ended ?? faultOf(error);
    }
  }

  #renewLater(): void {
    this.#renewal = setTimeout(() => {
      this.#held.lease.renew().then(
        () => {
          if (!this.#ended) this.#renewLater();
        },
        (error) => void this.#end(error),
      );
    }, this.#renewMs);
  }

  /** The first cause stands. */
  #end(error: unknown): StoreFault {
    if (this.#ended) return this.#ended;
    this.#ended = faultOf(error);
    clearTimeout(this.#renewal);
    void this.#disconnect();
    this.#held.onLost(this.#ended);
    return this.#ended;
  }

  async #disconnect(): Promise<void> {
    const { keeper, writer } = this.#held;
    await Promise.allSettled([keeper.end(), writer.end(), this.#reads.destroy()]);
  }
}

/** Arrays for the statement: what to delete, what to put. Of several writes of a key the last counts. */
function columnsOf(
  writes: readonly Write[],
): [string[], string[], string[], string[], number[], string[]] {
  const last = new Map(writes.map((write) => [`${write.table} ${write.key}`, write]));
  const columns: ReturnType<typeof columnsOf> = [[], [], [], [], [], []];
  const [goneTables, goneKeys, tables, keys, lives, texts] = columns;
  for (const { table, key, text, live } of last.values()) {
    if (text === null) {
      goneTables.push(table);
      goneKeys.push(toPostgres(key));
    } else {
      tables.push(table);
      keys.push(toPostgres(key));
      lives.push(live ? 1 : 0);
      texts.push(toPostgres(text));
    }
  }
  return columns;
}

function asWritten({ table, key, text }: StoredRecord): StoredRecord {
  return { table, key: fromPostgres(key), text: fromPostgres(text) };
}

/** @throws StoreFault STORE_NOT_DURABLE */
async function refuseForgetful(client: Client): Promise<void> {
  const { rows } = await client.query<{ fsync: string }>('SHOW fsync');
  if (rows[0]?.fsync !== 'on') {
    throw new StoreFault('STORE_NOT_DURABLE', 'Set fsync = on in postgresql.conf.');
  }
}

/** A standby says so at once, not when it is needed. @throws StoreFault STORE_NEWER_SCHEMA */
async function refuseLaterProgram(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version');
  refuseNewerSchema(rows[0]?.version ?? 0);
}
