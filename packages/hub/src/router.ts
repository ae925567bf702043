/** Sends messages out: to other hubs over our links, to participants over the connections they made. */
import type { Message } from '@sparegrid/core/messages';
import type { Send } from '@sparegrid/core/step';
import type { HubId } from '@sparegrid/core/units/ids';
import type { Connection } from '@sparegrid/link/connection';
import type { FrameText } from '@sparegrid/link/frame';
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

  /**
   * One frame per receiver (more above the size limit), in the order of the messages. They are signed
   * now, and leave when what this returns is called. Other hubs come first: orders wait there for what
   * they are told, while participants hear what became of their own words.
   */
  prepare(sends: readonly Send[], wallMs: number): () => void {
    const bundles = byReceiver(sends);
    const ordered = [...bundles.filter(isForHub), ...bundles.filter((one) => !isForHub(one))];
    const ready = ordered.map((bundle) => this.#ready(bundle, wallMs));
    this.#framer.sign(ready.flatMap(({ frames }) => frames ?? []));
    return () => {
      for (const { send } of ready) send();
    };
  }

  /** Frames are drafts here, to be signed together. */
  #ready(bundle: Bundle, wallMs: number): { frames: FrameText[] | null; send: () => void } {
    const { to, session, messages } = bundle;
    const localOf = () => (session === null ? undefined : this.#local.get(session));
    // One sequence per receiver, not per connection of it: an agent that starts again still knows
    // which numbers of this hub it has seen, and takes a sequence from 0 for a replay.
    const isFramed = !localOf() && this.#outletOf(bundle) !== undefined;
    const frames = isFramed ? this.#framer.draft(to, messages, wallMs) : null;
    const framed = () => frames ?? this.#framer.frame(to, messages, wallMs);
    const send = () => {
      const deliver = localOf();
      // Connections come and go between the two.
      const out = this.#outletOf(bundle);
      if (deliver) for (const message of messages) deliver(message);
      else if (out) for (const { text, signature } of framed()) out.send(text, signature);
      else this.#counters.unrouted += messages.length;
    };
    return { frames, send };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#peers.values()].map((link) => link.close()));
  }

  #outletOf({ to, session }: Bundle): Client | Connection | undefined {
    return session === null ? this.#peers.get(to) : this.#participants?.find(to, session);
  }
}

function isForHub({ session }: Bundle): boolean {
  return session === null;
}
