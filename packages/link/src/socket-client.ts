/** Client side of the local sockets: stays connected until it is closed. */
import { connect, type Socket } from 'node:net';
import { backOffMs } from './back-off.ts';
import { SendQueue } from './send-queue.ts';
import { enqueue, type QueuedFrame, SocketChannel } from './socket-channel.ts';
import { checkPathLength } from './socket-path.ts';
import type { Client, ClientOptions } from './transport.ts';
import type { WireItem } from './wire.ts';

/** A connection that held this long was a good one: the next wait starts small again. */
const STEADY_MS = 1_000;
/** Frames that waited longer for a connection have expired by themselves. */
const QUEUE_AGE_MS_MAX = 30_000;

/** @throws LinkFault LINK_SOCKET_PATH_LENGTH */
export function connectToSocket(options: ClientOptions): Client {
  checkPathLength(options.path);
  return new SocketClient(options);
}

class SocketClient implements Client {
  readonly #options: ClientOptions;
  readonly #queue: SendQueue<QueuedFrame>;
  #channel: SocketChannel | null = null;
  #retry: NodeJS.Timeout | null = null;
  #failures = 0;
  #closed = false;
  /** Settled while no socket is open. */
  #open = Promise.resolve();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#queue = new SendQueue(options.queueBytesMax);
    this.#connect();
  }

  get connected(): boolean {
    return this.#channel !== null;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  send(text: string, signature: string): void {
    if (this.#closed) return;
    if (this.#channel) this.#channel.send(text, signature);
    else enqueue(this.#queue, text, signature);
  }

  close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    this.#channel?.close();
    return this.#open;
  }

  #connect(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#open = promise;
    const socket = connect(this.#options.path);
    const lost = (error: Error) => {
      resolve();
      this.#options.onFailed?.(error);
      this.#connectLater();
    };
    socket.once('error', lost);
    socket.once('connect', () => {
      socket.off('error', lost);
      this.#onConnect(socket, resolve);
    });
  }

  #onConnect(socket: Socket, ended: () => void): void {
    if (this.#closed) {
      socket.destroy();
      ended();
      return;
    }
    const sinceMs = performance.now();
    const channel = new SocketChannel(socket, this.#queue, {
      onItem: (item) => this.#consume(socket, item),
      onClose: () => {
        if (performance.now() - sinceMs >= STEADY_MS) this.#failures = 0;
        this.#channel = null;
        ended();
        this.#options.onDisconnect?.();
        this.#connectLater();
      },
    });
    this.#channel = channel;
    this.#dropAged();
    this.#options.onConnect?.();
    channel.flush();
  }

  /** A server that sends nonsense gets a new connection, not patience. */
  #consume(socket: Socket, item: WireItem): void | Promise<void> {
    if (item.kind === 'frame') return this.#options.onFrame(item.text, item.signature);
    socket.destroy();
  }

  #dropAged(): void {
    const oldestMs = performance.now() - QUEUE_AGE_MS_MAX;
    while ((this.#queue.first()?.atMs ?? oldestMs) < oldestMs) {
      this.#queue.shift();
      this.#queue.dropped += 1;
    }
  }

  #connectLater(): void {
    if (this.#closed) return;
    const waitMs = backOffMs(this.#failures, Math.random(), this.#options.retryMsMax);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }
}
