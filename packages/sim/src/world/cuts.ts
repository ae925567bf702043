/** Cuts of links: they begin, are noticed when they last, and heal. */
import { hubOf, isHubId, type NodeId } from '@sparegrid/core/units/ids';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { Rng } from '../kernel/rng.ts';
import type { Trace } from '../kernel/trace.ts';
import type { Connections } from './connections.ts';
import type { Network } from './network.ts';
import type { Client } from './post.ts';

/** What the world does when hubs find each other again. */
export type Reconnected = (hub: NodeId, peer: NodeId) => void;

export class Cuts {
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #trace: Trace;
  readonly #network: Network;
  readonly #connections: Connections<Client>;
  readonly #reconnected: Reconnected;

  constructor(
    queue: EventQueue,
    rng: Rng,
    trace: Trace,
    network: Network,
    connections: Connections<Client>,
    reconnected: Reconnected,
  ) {
    this.#queue = queue;
    this.#rng = rng;
    this.#trace = trace;
    this.#network = network;
    this.#connections = connections;
    this.#reconnected = reconnected;
  }

  /** Cuts one direction for a while. A long cut breaks the connection, as a keep-alive would. */
  begin(from: NodeId, to: NodeId, lengthMs: number, latestMs: number): void {
    const { nowMs } = this.#queue;
    const endMs = Math.min(nowMs + lengthMs, latestMs);
    if (endMs <= nowMs) return;
    this.#trace.add(nowMs, 'cut', from, `${to} ${endMs}`);
    this.#network.cut(from, to);
    const keepAliveMs = this.#rng.between(3_000, 8_000);
    const isLong = endMs - nowMs > keepAliveMs;
    if (isLong) this.#queue.after(keepAliveMs, () => this.#notice(from, to));
    this.#queue.at(endMs, () => {
      this.#network.heal(from, to);
      this.#trace.add(this.#queue.nowMs, 'heal', from, to);
      if (isLong && isHubId(from) && isHubId(to)) this.#reconnectHubs(from, to);
    });
  }

  #notice(from: NodeId, to: NodeId): void {
    if (!isHubId(from)) this.#connections.cutNoticed(from);
    else if (!isHubId(to) && hubOf(to) === from) this.#connections.cutNoticed(to);
  }

  #reconnectHubs(a: NodeId, b: NodeId): void {
    for (const [hub, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#queue.after(this.#rng.between(50, 2_000), () => this.#reconnected(hub, peer));
    }
  }
}
