/** Connections of participants to their hub: dialled, broken by cuts and crashes, dialled again. */
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { Rng } from '../kernel/rng.ts';
import type { Network } from './network.ts';

/** The participant's end of a connection. */
export interface ClientEnd {
  readonly participant: ParticipantId;
  readonly hub: HubId;
  isUp(): boolean;
  /** The connection is there; returns the session that the client speaks under on it. */
  opened(): string;
  closed(): void;
}

/** The hub's end of all connections. */
export interface HubEnd {
  isUp(): boolean;
  sessionClosed(participant: ParticipantId, session: string): void;
}

interface Connection<Client> {
  client: Client;
  session: string;
}

export class Connections<Client extends ClientEnd> {
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #network: Network;
  readonly #hubs: ReadonlyMap<HubId, HubEnd>;
  readonly #open = new Map<Client, Connection<Client>>();
  readonly #dialling = new Set<Client>();

  constructor(queue: EventQueue, rng: Rng, network: Network, hubs: ReadonlyMap<HubId, HubEnd>) {
    this.#queue = queue;
    this.#rng = rng;
    this.#network = network;
    this.#hubs = hubs;
  }

  /** Dials until the connection is there; a client that is not up stops dialling. */
  dial(client: Client): void {
    if (this.#dialling.has(client) || this.#open.has(client)) return;
    this.#dialling.add(client);
    this.#queue.after(this.#rng.between(20, 800), () => {
      this.#dialling.delete(client);
      if (!client.isUp()) return;
      const reachable = this.#hubs.get(client.hub)?.isUp() && !this.#isCut(client);
      if (!reachable) {
        this.dial(client);
        return;
      }
      const connection = { client, session: client.opened() };
      this.#open.set(client, connection);
    });
  }

  #isCut({ participant, hub }: ClientEnd): boolean {
    return this.#network.isCut(participant, hub) || this.#network.isCut(hub, participant);
  }

  isOpen(client: Client): boolean {
    return this.#open.has(client);
  }

  /** The client that `hub` means by a participant and a session (null: its agent). */
  find(participant: ParticipantId, session: string | null): Client | undefined {
    for (const { client, session: known } of this.#open.values()) {
      if (client.participant !== participant) continue;
      if (session === null ? known.startsWith('e') : known === session) return client;
    }
    return undefined;
  }

  /** The hub died: every client notices soon and dials again. */
  hubDied(hub: HubId): void {
    for (const client of [...this.#open.keys()]) if (client.hub === hub) this.#drop(client, false);
  }

  /** The client died: the hub notices soon. */
  clientDied(client: Client): void {
    const connection = this.#open.get(client);
    if (!connection) return;
    this.#open.delete(client);
    this.#tellHub(connection);
  }

  /** A cut lasted longer than the keep-alive: both ends give the connections up. */
  cutNoticed(participant: ParticipantId): void {
    for (const client of [...this.#open.keys()]) {
      if (client.participant === participant) this.#drop(client, true);
    }
  }

  #drop(client: Client, tellHub: boolean): void {
    const connection = this.#open.get(client);
    if (!connection) return;
    this.#open.delete(client);
    if (tellHub) this.#tellHub(connection);
    this.#queue.after(this.#rng.between(1, 50), () => {
      if (!client.isUp() || this.#open.has(client)) return;
      client.closed();
      this.dial(client);
    });
  }

  #tellHub({ client, session }: Connection<Client>): void {
    this.#queue.after(this.#rng.between(1, 50), () => {
      // A session that is back on a new connection has not ended.
      if (this.#open.get(client)?.session === session) return;
      this.#hubs.get(client.hub)?.sessionClosed(client.participant, session);
    });
  }
}
