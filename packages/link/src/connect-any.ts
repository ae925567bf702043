/** A link to a node that answers at one of several addresses: a hub and its standby. */
import { SendQueue } from './send-queue.ts';
import type { Client, ClientOptions, Transport } from './transport.ts';

/** Frames that waited longer for a connection have expired by themselves. */
const QUEUE_AGE_MS_MAX = 30_000;
/** One address or the other always refuses, and whoever takes over shall be found soon. */
const RETRY_MS_MAX = 250;

interface QueuedFrame {
  text: string;
  signature: string;
  atMs: number;
}

/**
 * Keeps a connection to each address. A standby listens nowhere until it serves, so usually one is
 * open. Where two are, one leads to a process that was stopped or cut off and can change nothing any
 * more: each frame goes to both, so that it need not be known which.
 *
 * @param paths  at least one.
 */
export function connectAny(
  transport: Pick<Transport, 'connect'>,
  paths: readonly string[],
  options: Omit<ClientOptions, 'path'>,
): Client {
  const [path, ...others] = paths;
  if (path === undefined) throw new Error('broken invariant: a node without an address');
  if (others.length === 0) return transport.connect({ ...options, path });
  return new AnyClient(transport, paths, options);
}

class AnyClient implements Client {
  readonly #options: Omit<ClientOptions, 'path'>;
  readonly #clients: readonly Client[];
  /** Frames of the time in which no address answers; the first that does gets them. */
  readonly #queue: SendQueue<QueuedFrame>;

  constructor(
    transport: Pick<Transport, 'connect'>,
    paths: readonly string[],
    options: Omit<ClientOptions, 'path'>,
  ) {
    this.#options = options;
    this.#queue = new SendQueue(options.queueBytesMax);
    this.#clients = paths.map((path) =>
      transport.connect({
        ...options,
        path,
        retryMsMax: RETRY_MS_MAX,
        onConnect: () => this.#onConnect(),
        onDisconnect: () => {
          if (!this.connected) options.onDisconnect?.();
        },
        // A standby refuses for as long as it is one.
        onFailed: (error) => {
          if (!this.connected) options.onFailed?.(error);
        },
      }),
    );
  }

  get connected(): boolean {
    return this.#clients.some((client) => client.connected);
  }

  get dropped(): number {
    return this.#clients.reduce((sum, { dropped }) => sum + dropped, this.#queue.dropped);
  }

  send(text: string, signature: string): void {
    const open = this.#clients.filter((client) => client.connected);
    for (const client of open) client.send(text, signature);
    if (open.length > 0) return;
    const atMs = performance.now();
    this.#queue.push({ text, signature, atMs }, text.length + signature.length);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #onConnect(): void {
    this.#options.onConnect?.();
    const oldestMs = performance.now() - QUEUE_AGE_MS_MAX;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      if (next.atMs < oldestMs) this.#queue.dropped += 1;
      else this.send(next.text, next.signature);
    }
  }
}
