/** Connections of a server: who speaks on which, and how much nonsense one may send. */
import type { Refusal } from '@sparegrid/core/refusals';
import type { NodeId } from '@sparegrid/core/units/ids';
import type { Channel } from './channel.ts';

/** A connection is closed at this many refused frames. */
export const REFUSALS_MAX = 3;

/** One incoming connection. Nobody's until it is bound by an authenticated frame. */
export class Connection {
  #from: NodeId | null = null;
  #session: string | null = null;
  #refusals = 0;
  readonly #channel: Channel;
  readonly #registry: Connections;

  constructor(channel: Channel, registry: Connections) {
    this.#channel = channel;
    this.#registry = registry;
  }

  get from(): NodeId | null {
    return this.#from;
  }

  get session(): string | null {
    return this.#session;
  }

  get dropped(): number {
    return this.#channel.dropped;
  }

  /**
   * States who speaks here; to be called once a frame was authenticated. An older connection of the
   * same sender and session is closed: its owner has left it.
   */
  bind(from: NodeId, session: string): void {
    if (this.#from === from && this.#session === session) return;
    this.#registry.unbind(this);
    this.#from = from;
    this.#session = session;
    this.#registry.bind(this, from, session);
  }

  send(text: string, signature: string): void {
    this.#channel.send(text, signature);
  }

  /** Counts a malformed or unauthenticated frame, tells the server's owner, closes at the third. */
  reject(refusal: Refusal): void {
    this.#refusals += 1;
    this.#registry.refused(this, refusal);
    if (this.#refusals >= REFUSALS_MAX) this.close();
  }

  close(): void {
    this.#channel.close();
  }
}

/** The open connections of one server. */
export class Connections {
  readonly #open = new Set<Connection>();
  readonly #bound = new Map<NodeId, Map<string, Connection>>();
  readonly #onRefused: (connection: Connection, refusal: Refusal) => void;

  constructor(onRefused: (connection: Connection, refusal: Refusal) => void) {
    this.#onRefused = onRefused;
  }

  add(channel: Channel): Connection {
    const connection = new Connection(channel, this);
    this.#open.add(connection);
    return connection;
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
    this.unbind(connection);
  }

  find(from: NodeId, session: string): Connection | undefined {
    return this.#bound.get(from)?.get(session);
  }

  of(from: NodeId): Connection[] {
    return [...(this.#bound.get(from)?.values() ?? [])];
  }

  all(): Connection[] {
    return [...this.#open];
  }

  bind(connection: Connection, from: NodeId, session: string): void {
    const sessions = this.#bound.get(from) ?? new Map<string, Connection>();
    const older = sessions.get(session);
    this.#bound.set(from, sessions.set(session, connection));
    older?.close();
  }

  unbind(connection: Connection): void {
    const { from, session } = connection;
    if (from === null || session === null || this.find(from, session) !== connection) return;
    const sessions = this.#bound.get(from);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#bound.delete(from);
  }

  refused(connection: Connection, refusal: Refusal): void {
    this.#onRefused(connection, refusal);
  }
}
