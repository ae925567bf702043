/** One open socket as a channel of frames, with back-pressure both ways. */
import type { Socket } from 'node:net';
import type { Channel } from './channel.ts';
import { Inlet } from './inlet.ts';
import type { SendQueue } from './send-queue.ts';
import { encodeWire, type WireItem, WireParser } from './wire.ts';

/** How long a closing socket may take to flush its last bytes to a peer that does not read. */
const LINGER_MS = 1_000;

/** A frame as bytes, with the time it was queued. */
export interface QueuedFrame {
  bytes: Buffer;
  atMs: number;
}

export interface ChannelEvents {
  onItem(item: WireItem): void | Promise<void>;
  /** Once: after the last item was consumed, or when this end closed and consumes no more. */
  onClose(): void;
}

export class SocketChannel implements Channel {
  readonly #socket: Socket;
  readonly #queue: SendQueue<QueuedFrame>;
  readonly #onClose: () => void;
  #writable = true;
  #closing = false;
  #ended = false;

  /** @param queue may outlive this socket: a client keeps it over reconnects. */
  constructor(socket: Socket, queue: SendQueue<QueuedFrame>, events: ChannelEvents) {
    this.#socket = socket;
    this.#queue = queue;
    this.#onClose = events.onClose;
    const parser = new WireParser();
    const inlet = new Inlet<WireItem>(
      (item) => (this.#closing ? undefined : events.onItem(item)),
      () => {
        if (socket.closed) this.#end();
        else socket.resume();
      },
    );
    socket.on('data', (chunk) => {
      inlet.push(parser.push(chunk as Buffer));
      if (inlet.busy) socket.pause();
    });
    socket.on('drain', () => {
      this.#writable = true;
      this.flush();
    });
    // 'close' follows every error and does the rest.
    socket.on('error', () => {});
    socket.on('close', () => {
      // A consumer that has stopped may never take what it was given: closing does not wait for it.
      if (!inlet.busy || this.#closing) this.#end();
    });
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  send(text: string, signature: string): void {
    if (this.#closing) return;
    enqueue(this.#queue, text, signature);
    this.flush();
  }

  /** Writes what is queued until the socket has enough. */
  flush(): void {
    while (this.#writable && !this.#closing) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#writable = this.#socket.write(next.bytes);
    }
  }

  /** Lets the last answers out, then closes, within a bounded time. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#socket.closed) return this.#end();
    this.#socket.resume();
    this.#socket.destroySoon();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onClose();
  }
}

export function enqueue(queue: SendQueue<QueuedFrame>, text: string, signature: string): void {
  const bytes = encodeWire(text, signature);
  queue.push({ bytes, atMs: performance.now() }, bytes.length);
}
