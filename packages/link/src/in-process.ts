/** The transport within one process, for tests and replay: asynchronous, bounded, in a fixed order. */

import type { Channel } from './channel.ts';
import { Connections } from './connection.ts';
import { LinkFault } from './fault.ts';
import type { FrameText } from './frame.ts';
import { Pipe } from './pipe.ts';
import { SendQueue } from './send-queue.ts';
import type { Client, ClientOptions, Server, ServerOptions, Transport } from './transport.ts';

interface Listener {
  options: ServerOptions;
  connections: Connections;
}

/**
 * One network of named servers. Frames come out in the order they went in, over all links, except
 * where a receiver pauses; no time passes and no chance is involved.
 */
export class InProcessNetwork implements Transport {
  readonly #listeners = new Map<string, Listener>();
  readonly #waiting = new Map<string, Set<InProcessClient>>();
  #tasks: (() => void)[] = [];

  async listen(options: ServerOptions): Promise<Server> {
    const { path } = options;
    if (this.#listeners.has(path)) throw new LinkFault('LINK_SOCKET_TAKEN', `${path} is in use.`);
    const connections = new Connections((connection, refusal) =>
      options.onRefused?.(connection, refusal),
    );
    const listener: Listener = { options, connections };
    this.#listeners.set(path, listener);
    const waiting = this.#waiting.get(path) ?? [];
    this.#waiting.delete(path);
    for (const client of waiting) this.schedule(() => client.open(listener));
    return {
      path,
      find: (from, session) => connections.find(from, session),
      of: (from) => connections.of(from),
      close: async () => {
        this.#listeners.delete(path);
        for (const connection of connections.all()) connection.close();
        await new Promise<void>((resolve) => this.schedule(resolve));
      },
    };
  }

  connect(options: ClientOptions): Client {
    const client = new InProcessClient(this, options);
    this.schedule(() => this.join(client, options.path));
    return client;
  }

  /** Opens the client now, or once somebody listens there. */
  join(client: InProcessClient, path: string): void {
    const listener = this.#listeners.get(path);
    const waiting = this.#waiting.get(path) ?? new Set();
    if (listener) client.open(listener);
    else this.#waiting.set(path, waiting.add(client));
  }

  leave(client: InProcessClient, path: string): void {
    this.#waiting.get(path)?.delete(client);
  }

  /** Tasks run later, one after the other, in the order they were given. */
  schedule(task: () => void): void {
    this.#tasks.push(task);
    if (this.#tasks.length > 1) return;
    queueMicrotask(() => {
      for (let at = 0; at < this.#tasks.length; at += 1) this.#tasks[at]?.();
      this.#tasks = [];
    });
  }
}

class InProcessClient implements Client {
  readonly #network: InProcessNetwork;
  readonly #options: ClientOptions;
  readonly #early: SendQueue<FrameText>;
  #link: Channel | null = null;
  #dropped = 0;
  #closed = false;

  constructor(network: InProcessNetwork, options: ClientOptions) {
    this.#network = network;
    this.#options = options;
    this.#early = new SendQueue(options.queueBytesMax);
  }

  get connected(): boolean {
    return this.#link !== null;
  }

  get dropped(): number {
    return this.#dropped + this.#early.dropped + (this.#link?.dropped ?? 0);
  }

  send(text: string, signature: string): void {
    if (this.#closed) return;
    if (this.#link) this.#link.send(text, signature);
    else this.#early.push({ text, signature }, text.length + signature.length);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#network.leave(this, this.#options.path);
    this.#link?.close();
    await new Promise<void>((resolve) => this.#network.schedule(resolve));
  }

  open({ options, connections }: Listener): void {
    if (this.#closed) return;
    const schedule = (task: () => void) => this.#network.schedule(task);
    const up = new Pipe(schedule, this.#options.queueBytesMax, ({ text, signature }) =>
      options.onFrame(connection, text, signature),
    );
    const down = new Pipe(schedule, options.queueBytesMax, ({ text, signature }) =>
      this.#options.onFrame(text, signature),
    );
    const close = once((own: Pipe, other: Pipe) => {
      own.end();
      other.cut();
      this.#network.schedule(() => {
        connections.remove(connection);
        options.onClose(connection);
        this.#lost(up.dropped);
      });
    });
    const connection = connections.add(down.channel(() => close(down, up)));
    this.#link = up.channel(() => close(up, down));
    this.#options.onConnect?.();
    for (let frame = this.#early.shift(); frame; frame = this.#early.shift()) {
      this.#link.send(frame.text, frame.signature);
    }
  }

  #lost(dropped: number): void {
    this.#dropped += dropped;
    this.#link = null;
    this.#options.onDisconnect?.();
    if (!this.#closed) this.#network.join(this, this.#options.path);
  }
}

function once<A extends unknown[]>(action: (...args: A) => void): (...args: A) => void {
  let done = false;
  return (...args) => {
    if (!done) action(...args);
    done = true;
  };
}
