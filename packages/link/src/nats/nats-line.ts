/** One connection to a NATS server that is made again for as long as it is wanted. */
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';
import { backOffMs } from '../back-off.ts';

/** A connection that held this long was a good one: the next wait starts small again. */
const STEADY_MS = 1_000;
/** A silent server is given up after two pings. */
const PINGS = { pingInterval: 1_000, maxPingOut: 2 };
/** Longest time that making one connection may take. */
const TIMEOUT_MS = 5_000;
/** A server that is going down answers nothing any more. */
const FLUSH_MS_MAX = 500;

export interface NatsLineSettings {
  /** Asked at every connection that is made. */
  options(): ConnectionOptions;
  onUp(connection: NatsConnection): void;
  onDown(): void;
  /** An attempt failed; there will be another one. */
  onFailed?(error: Error): void;
  /** Longest wait between two attempts. */
  retryMsMax?: number | undefined;
}

/**
 * The client's own reconnection is off: each connection is a new one to whoever uses it, as what was
 * under way is lost anyway.
 */
export class NatsLine {
  readonly #settings: NatsLineSettings;
  #connection: NatsConnection | null = null;
  #retry: NodeJS.Timeout | null = null;
  #failures = 0;
  #closed = false;

  constructor(settings: NatsLineSettings) {
    this.#settings = settings;
    this.#connect();
  }

  /** What was said last goes out first, unless the server takes too long; one being made closes itself. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    const connection = this.#connection;
    if (!connection) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, FLUSH_MS_MAX);
    await Promise.race([connection.flush().catch(() => {}), late.promise]);
    clearTimeout(timer);
    await connection.close();
  }

  #connect(): void {
    void this.#live()
      .catch((error: Error) => this.#settings.onFailed?.(error))
      .then(() => this.#connectLater());
  }

  async #live(): Promise<void> {
    const options = {
      ...PINGS,
      timeout: TIMEOUT_MS,
      ...this.#settings.options(),
      reconnect: false,
    };
    const connection = await connect(options);
    const closed = connection.closed();
    if (this.#closed) return connection.close();
    const sinceMs = performance.now();
    this.#connection = connection;
    this.#settings.onUp(connection);
    await closed;
    this.#connection = null;
    if (performance.now() - sinceMs >= STEADY_MS) this.#failures = 0;
    this.#settings.onDown();
  }

  #connectLater(): void {
    if (this.#closed) return;
    const waitMs = backOffMs(this.#failures, Math.random(), this.#settings.retryMsMax);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }
}
