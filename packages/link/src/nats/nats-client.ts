/** Client side of a line over NATS: stays open until it is closed. */
import { randomBytes } from 'node:crypto';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { backOffMs } from '../back-off.ts';
import { SendQueue } from '../send-queue.ts';
import type { Client, ClientOptions } from '../transport.ts';
import type { WireItem } from '../wire.ts';
import { enqueuePacket, NatsChannel, type QueuedPacket } from './nats-channel.ts';
import { NatsLine } from './nats-line.ts';
import { CLOSE, KIND, OPEN, takenOf } from './parcel.ts';
import { downSubject, HELLO_SUBJECT, linePrefix, upSubject } from './subjects.ts';

/** Frames that waited longer for a line have expired by themselves. */
const QUEUE_AGE_MS_MAX = 30_000;

export class NatsClient implements Client {
  readonly #options: ClientOptions;
  readonly #token: string;
  readonly #queue: SendQueue<QueuedPacket>;
  readonly #line: NatsLine;
  #connection: NatsConnection | null = null;
  /** Names this end's present line; a server's words to an older one are not heard. */
  #lineId = '';
  /** Set once the server said that the line is open. */
  #channel: NatsChannel | null = null;
  #reopen: NodeJS.Timeout | null = null;
  #refusedLines = 0;
  #closed = false;

  constructor(token: string, nats: () => ConnectionOptions, options: ClientOptions) {
    this.#options = options;
    this.#token = token;
    this.#queue = new SendQueue(options.queueBytesMax);
    this.#line = new NatsLine({
      options: nats,
      onUp: (connection) => this.#onUp(connection),
      onDown: () => {
        this.#connection = null;
        this.#lost();
      },
      onFailed: (error) => options.onFailed?.(error),
      retryMsMax: options.retryMsMax,
    });
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
    else enqueuePacket(this.#queue, text, signature);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#reopen) clearTimeout(this.#reopen);
    if (this.#channel) this.#publish(CLOSE);
    this.#lost();
    await this.#line.close();
  }

  #onUp(connection: NatsConnection): void {
    this.#connection = connection;
    connection.subscribe(downSubject(this.#token, '*'), {
      callback: (error, { subject, data }) => {
        if (!error && subject.endsWith(`.${this.#lineId}`)) this.#heard(data);
      },
    });
    connection.subscribe(HELLO_SUBJECT, { callback: () => this.#open() });
    this.#open();
  }

  /** A new line; the server knows nothing of the one before, or is told to forget it. */
  #open(): void {
    if (this.#closed || !this.#connection) return;
    this.#lost();
    const { info } = this.#connection;
    this.#lineId = linePrefix(info?.client_id ?? 0) + randomBytes(8).toString('hex');
    this.#publish(OPEN);
  }

  #heard(packet: Uint8Array): void {
    switch (packet[0]) {
      case KIND.opened:
        return this.#opened();
      case KIND.frame:
      case KIND.packed:
        return this.#channel?.receive(packet);
      case KIND.taken:
        return this.#channel?.taken(takenOf(packet));
      case KIND.close:
        return this.#openLater();
    }
  }

  #opened(): void {
    if (this.#channel) return;
    const channel = new NatsChannel(this.#queue, {
      publish: (packet) => this.#publish(packet),
      onItem: (item) => this.#consume(item),
      onClose: () => {},
    });
    this.#channel = channel;
    this.#dropAged();
    this.#options.onConnect?.();
    channel.flush();
  }

  /** A server that sends nonsense gets a new line, not patience. */
  #consume(item: WireItem): void | Promise<void> {
    if (item.kind === 'frame') {
      this.#refusedLines = 0;
      return this.#options.onFrame(item.text, item.signature);
    }
    this.#publish(CLOSE);
    this.#openLater();
  }

  #openLater(): void {
    this.#lost();
    if (this.#closed) return;
    if (this.#reopen) clearTimeout(this.#reopen);
    const waitMs = backOffMs(this.#refusedLines, Math.random(), this.#options.retryMsMax);
    this.#reopen = setTimeout(() => this.#open(), waitMs);
    this.#refusedLines += 1;
  }

  #lost(): void {
    this.#lineId = '';
    const channel = this.#channel;
    if (!channel) return;
    this.#channel = null;
    channel.end();
    this.#options.onDisconnect?.();
  }

  #publish(packet: Uint8Array): void {
    const connection = this.#connection;
    if (!connection || connection.isClosed() || this.#lineId === '') return;
    connection.publish(upSubject(this.#token, this.#lineId), packet);
  }

  #dropAged(): void {
    const oldestMs = performance.now() - QUEUE_AGE_MS_MAX;
    while ((this.#queue.first()?.atMs ?? oldestMs) < oldestMs) {
      this.#queue.shift();
      this.#queue.dropped += 1;
    }
  }
}
