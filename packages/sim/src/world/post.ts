/** Routes frames: between hubs directly, to participants over the connection that is meant. */
import type { HubId, NodeId, PartId } from '@sparegrid/core/units/ids';
import type { FrameText } from '@sparegrid/link/frame';
import type { Addressed } from '../nodes/frames-of.ts';
import type { ClientEnd, Connections } from './connections.ts';
import type { Network } from './network.ts';

export interface Receiver {
  receive(frame: FrameText): void;
}

export type Client = ClientEnd & Receiver;

/** Hears every frame that is put on the wire. */
export type Eavesdropper = (from: NodeId, to: NodeId, frame: FrameText) => void;

export class Post {
  readonly #network: Network;
  readonly #connections: Connections<Client>;
  readonly #hubs: ReadonlyMap<HubId, Receiver>;
  readonly #overhear: Eavesdropper;
  readonly #isMuted: (hub: HubId, parts: readonly PartId[]) => boolean;

  constructor(
    network: Network,
    connections: Connections<Client>,
    hubs: ReadonlyMap<HubId, Receiver>,
    overhear: Eavesdropper,
    isMuted: (hub: HubId, parts: readonly PartId[]) => boolean,
  ) {
    this.#network = network;
    this.#connections = connections;
    this.#hubs = hubs;
    this.#overhear = overhear;
    this.#isMuted = isMuted;
  }

  fromHub(hub: HubId, { to, session, frame, hasOnlyRows, parts }: Addressed): void {
    const peer = this.#hubs.get(to);
    const client = peer ? undefined : this.#connections.find(to, session);
    if (!peer && !client) return;
    this.#overhear(hub, to, frame);
    if (peer && this.#isMuted(hub, parts)) {
      this.#network.lose();
      return;
    }
    this.#network.carry(hub, to, hasOnlyRows, () => {
      if (peer) peer.receive(frame);
      else if (client && this.#connections.isOpen(client)) client.receive(frame);
    });
  }

  fromClient(client: Client, frame: FrameText): void {
    if (!this.#connections.isOpen(client)) return;
    const { participant, hub } = client;
    this.#overhear(participant, hub, frame);
    this.#network.carry(participant, hub, false, () => this.#hubs.get(hub)?.receive(frame));
  }
}
