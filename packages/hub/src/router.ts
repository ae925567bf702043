/** Sends messages out: to other hubs over our links, to participants over the connections they made. */
import type { Message } from '@sparegrid/core/messages';
import type { Send } from '@sparegrid/core/step';
import type { HubId } from '@sparegrid/core/units/ids';
import type { Connection } from '@sparegrid/link/connection';
import type { Framer } from '@sparegrid/link/framer';
import { type Bundle, byReceiver } from '@sparegrid/link/loop/by-receiver';
import type { Client, Server } from '@sparegrid/link/transport';
import type { LinkCounters } from './counters.ts';

export class Router {
  readonly #framer: Framer;
  readonly #counters: LinkCounters;
  readonly #peers = new Map<HubId, Client>();
  #participants: Server | null = null;
  /** Sessions of participants that are in this process: those of the HTTP door. */
  readonly #local = new Map<string, (message: Message) => void>();

  constructor(framer: Framer, counters: LinkCounters) {
    this.#framer = framer;
    this.#counters = counters;
  }

  addPeer(hub: HubId, link: Client): void {
    this.#peers.set(hub, link);
  }

  /** Ends our link to that hub: it left the network, or moved. */
  removePeer(hub: HubId): void {
    void this.#peers.get(hub)?.close();
    this.#peers.delete(hub);
  }

  setParticipants(server: Server): void {
    this.#participants = server;
  }

  /** Messages to this session of a participant are handed to `deliver` instead of being framed. */
  listen(session: string, deliver: (message: Message) => void): void {
    this.#local.set(session, deliver);
  }

  unlisten(session: string): void {
    this.#local.delete(session);
  }

  /** One frame per receiver (more above the size limit), in the order of the messages. */
  release(sends: readonly Send[], wallMs: number): void {
    for (const bundle of byReceiver(sends)) {
      const deliver = bundle.session === null ? undefined : this.#local.get(bundle.session);
      if (deliver) {
        for (const message of bundle.messages) deliver(message);
        continue;
      }
      const out = this.#outletOf(bundle);
      if (!out) {
        this.#counters.unrouted += bundle.messages.length;
        continue;
      }
      // One sequence per receiver, not per connection of it: an agent that starts again still knows
      // which numbers of this hub it has seen, and takes a sequence from 0 for a replay.
      for (const { text, signature } of this.#framer.frame(bundle.to, bundle.messages, wallMs)) {
        out.send(text, signature);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#peers.values()].map((link) => link.close()));
  }

  #outletOf({ to, session }: Bundle): Client | Connection | undefined {
    return session === null ? this.#peers.get(to) : this.#participants?.find(to, session);
  }
}
