/** The lease row: which process of a node may write to its database, on the database's own clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, DatabaseError, type QueryResult } from 'pg';
import { StoreFault } from './fault.ts';

/**
 * One row. `fence` rises with each process that takes over; as a unique column its change excludes
 * every transaction that has locked the row as a key, and renewing does not.
 */
const CREATE = `
  SELECT pg_advisory_xact_lock(hashtext('sparegrid'));
  CREATE TABLE IF NOT EXISTS lease (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    node text NOT NULL,
    fence bigint NOT NULL UNIQUE,
    expires_at timestamptz NOT NULL
  );
  CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL);`;

const ADD_ROW = `INSERT INTO lease (node, fence, expires_at) VALUES ($1, 0, '-infinity')
  ON CONFLICT DO NOTHING`;
const LOOK = 'SELECT node, fence, expires_at::text AS expires FROM lease';
const IN_MS = (parameter: string) => `clock_timestamp() + ${parameter} * interval '1 ms'`;
const LOCK_OF_FENCE = `hashtextextended('sparegrid fence ' || fence, 0)`;
/**
 * The session that takes the lease keeps an advisory lock of its fence, got before others see the
 * fence. The server lets go of it when that session ends: at once when its process is killed. So a
 * lease is free when it has run out or its lock is. Trying the lock shared lets others try as well,
 * and leaves nothing behind; waiting for it would keep the server from cleaning up meanwhile.
 */
const TAKE = `UPDATE lease SET fence = fence + 1, expires_at = ${IN_MS('$1')}
  WHERE expires_at < clock_timestamp() OR pg_try_advisory_xact_lock_shared(${LOCK_OF_FENCE})
  RETURNING fence, pg_advisory_lock(${LOCK_OF_FENCE})`;
const RENEW = `UPDATE lease SET expires_at = ${IN_MS('$2')} WHERE fence = $1`;
const RELEASE = `UPDATE lease SET expires_at = '-infinity' WHERE fence = $1`;
/** Locks the row as a key: a process that takes over waits for this transaction, or it for that. */
export const HOLD_FENCE = 'SELECT 1 AS held FROM lease WHERE fence = $1 FOR KEY SHARE';
const END_SESSIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND usename = current_user AND application_name = $1`;

/** Firewalls forget connections on which nothing is said. */
const LOOKS_PER_WORD = 50;
/** A start reads the whole store; until its first commit the lease is granted for this long. */
const START_MS = 30_000;
const startMs = (leaseMs: number) => Math.max(START_MS, leaseMs);
/** How often a process that waits looks, at least; it is told of nothing. */
const LOOK_MS = 100;
const LOOKS_PER_LEASE = 8;
const LOCK_NOT_AVAILABLE = '55P03';

export interface LeaseWish {
  /** Id of the node that the database belongs to. */
  node: string;
  leaseMs: number;
  /** Wait until another process gives the lease up or loses it. */
  standby: boolean;
  signal?: AbortSignal | undefined;
  /** Called once, when another process serves. */
  onWaiting?(): void;
}

export class Lease {
  readonly fence: number;
  readonly #client: Client;
  readonly #leaseMs: number;
  #grantMs: number;
  /** A connection does one thing after the other. */
  #asked: Promise<unknown> = Promise.resolve();

  constructor(client: Client, fence: number, leaseMs: number) {
    this.#client = client;
    this.fence = fence;
    this.#leaseMs = leaseMs;
    this.#grantMs = startMs(leaseMs);
  }

  /** The start is over: from now on nothing takes long. @throws as {@link renew} */
  async shorten(): Promise<void> {
    this.#grantMs = this.#leaseMs;
    await this.renew();
  }

  /** @throws StoreFault STORE_FENCED; what the connection throws. */
  async renew(): Promise<void> {
    const { rowCount } = await this.#ask(RENEW, [this.fence, this.#grantMs]);
    if (rowCount !== 1) throw fenced(this.fence);
  }

  /** Lets the next process in at once. */
  async release(): Promise<void> {
    await this.#ask(RELEASE, [this.fence]);
  }

  #ask(statement: string, values: number[]): Promise<QueryResult> {
    const answer = this.#asked.then(() => this.#client.query(statement, values));
    this.#asked = answer.catch(() => {});
    return answer;
  }
}

export function fenced(fence: number): StoreFault {
  return new StoreFault('STORE_FENCED', `Its fence was ${fence}, a later one is in force.`);
}

/** All connections of the process that holds the fence carry this name. */
export function sessionName(fence: number): string {
  return `sparegrid fence ${fence}`;
}

/** Makes the tables that are there before a store is. @throws StoreFault STORE_OTHER_NODE */
export async function prepareLease(client: Client, node: string): Promise<void> {
  await client.query(CREATE);
  await client.query(ADD_ROW, [node]);
  const { rows } = await client.query<{ node: string }>(LOOK);
  const owner = rows[0]?.node;
  if (owner !== node) throw new StoreFault('STORE_OTHER_NODE', `It is ${owner}'s, not ${node}'s.`);
}

/**
 * Takes the lease once nobody holds it: it was given up, it ran out, or the session that took it has
 * ended. A process that is no standby waits only as long as nobody renews it.
 *
 * @param idle  another session, which is wanted once the lease is taken: it is kept alive meanwhile.
 * @throws StoreFault STORE_IN_USE; the reason of the signal; what the connection throws.
 */
export async function takeLease(client: Client, idle: Client, wish: LeaseWish): Promise<Lease> {
  const { leaseMs, standby, signal, onWaiting } = wish;
  // Standing behind a stuck transaction is bounded: its session is ended below.
  await client.query(`SET lock_timeout = ${leaseMs}`);
  let first: string | null = null;
  for (let looks = 1; ; looks += 1) {
    signal?.throwIfAborted();
    const fence = await tryToTake(client, startMs(leaseMs));
    if (fence !== null) return new Lease(client, fence, leaseMs);
    if (first === null) onWaiting?.();
    const state = standby ? '' : await look(client);
    first ??= state;
    if (state !== first) {
      throw new StoreFault('STORE_IN_USE', 'Stop the process that renews the lease.');
    }
    if (looks % LOOKS_PER_WORD === 0) await idle.query('SELECT');
    await sleep(Math.min(LOOK_MS, leaseMs / LOOKS_PER_LEASE), undefined, { signal });
  }
}

/** Who holds the lease until when, to see whether that changes. */
async function look(client: Client): Promise<string> {
  const { rows } = await client.query<{ fence: string; expires: string }>(LOOK);
  return `${rows[0]?.fence} ${rows[0]?.expires}`;
}

async function tryToTake(client: Client, grantMs: number): Promise<number | null> {
  try {
    const { rows } = await client.query<{ fence: string }>(TAKE, [grantMs]);
    return rows[0] === undefined ? null : Number(rows[0].fence);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
    // The last holder was stopped or cut off with half of a statement on its way.
    const { rows } = await client.query<{ fence: string }>(LOOK);
    await client.query(END_SESSIONS, [sessionName(Number(rows[0]?.fence))]);
    return null;
  }
}
