/** The hub's side of the lines over NATS: one subscription on its own server, one line per client. */
import {
  type ConnectionOptions,
  type NatsConnection,
  NoRespondersError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node';
import { z } from 'zod';
import { type Connection, Connections } from '../connection.ts';
import { LinkFault } from '../fault.ts';
import { SendQueue } from '../send-queue.ts';
import type { Server, ServerOptions } from '../transport.ts';
import { NatsChannel, type QueuedPacket } from './nats-channel.ts';
import { NatsLine } from './nats-line.ts';
import { CLOSE, HELLO, KIND, OPENED, takenOf } from './parcel.ts';
import {
  ALL_UP,
  downSubject,
  GONE_SUBJECT,
  HELLO_SUBJECT,
  linePrefix,
  SERVING_SUBJECT,
  tokenOf,
} from './subjects.ts';

/** How long another hub process may take to say that it serves here, before it is asked again. */
const SERVING_MS = 1_000;
/** Asked so long without an answer, somebody is there; who is merely stopped is put out before by the server's pings. */
const SERVING_MS_MAX = 15_000;

interface Line {
  token: string;
  id: string;
  channel: NatsChannel;
  connection: Connection;
}

/**
 * Resolves once clients are heard.
 *
 * @throws LinkFault LINK_NATS_FAILED when the server cannot be reached or refuses this user;
 *         LINK_SOCKET_TAKEN when another process serves there.
 */
export async function listenOnNats(
  nats: () => ConnectionOptions,
  options: ServerOptions,
  onUnreachable?: () => void,
): Promise<Server> {
  const lines = new Lines(options);
  const up = Promise.withResolvers<void>();
  let isFree = false;
  const line = new NatsLine({
    options: nats,
    onUp: (connection) => {
      if (isFree) return lines.serve(connection);
      const serve = () => {
        isFree = true;
        lines.serve(connection);
        up.resolve();
      };
      // A connection that was lost meanwhile says nothing of the server: there will be another one.
      const fail = (error: Error) => connection.isClosed() || up.reject(error);
      checkFree(connection, options.path).then(serve, fail);
    },
    onDown: () => lines.lose(),
    onFailed: (cause) => {
      up.reject(failed(options.path, cause));
      onUnreachable?.();
    },
  });
  try {
    await up.promise;
  } catch (error) {
    await line.close();
    throw error;
  }
  const { connections } = lines;
  return {
    path: options.path,
    find: (from, session) => connections.find(from, session),
    of: (from) => connections.of(from),
    close: async () => {
      for (const connection of connections.all()) connection.close();
      await line.close();
    },
  };
}

function failed(path: string, cause: unknown): LinkFault {
  const { message } = cause as Error;
  return new LinkFault('LINK_NATS_FAILED', `${path}: ${message}.`, { cause, retryable: true });
}

/**
 * Two processes that serve one door would both answer every client.
 *
 * @throws LinkFault LINK_SOCKET_TAKEN; LINK_NATS_FAILED
 */
async function checkFree(connection: NatsConnection, path: string): Promise<void> {
  const endMs = performance.now() + SERVING_MS_MAX;
  while (!(await isKnownFree(connection, path, performance.now() >= endMs)));
}

/** False: it cannot be said yet. */
async function isKnownFree(
  connection: NatsConnection,
  path: string,
  isLast: boolean,
): Promise<boolean> {
  try {
    await connection.request(SERVING_SUBJECT, undefined, { timeout: SERVING_MS });
  } catch (error) {
    if (error instanceof NoRespondersError) return true;
    if (error instanceof RequestError && error.isNoResponders()) return true;
    // The server may be busy as well as whoever serves.
    if (error instanceof TimeoutError && !isLast) return false;
    throw failed(path, error);
  }
  throw new LinkFault('LINK_SOCKET_TAKEN', `Another process serves ${path}.`);
}

/** A connection that ended, by the server's number for it. */
interface Gone {
  id: number;
  user: string;
}

const goneSchema = z.object({ client: z.object({ id: z.number(), user: z.string() }) });

function goneIn(text: string): Gone | null {
  try {
    return goneSchema.parse(JSON.parse(text)).client;
  } catch {
    // A newer server may say it otherwise; then silence tells.
    return null;
  }
}

class Lines {
  readonly connections: Connections;
  readonly #options: ServerOptions;
  readonly #open = new Map<string, Line>();
  #nats: NatsConnection | null = null;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.connections = new Connections((connection, refusal) =>
      options.onRefused?.(connection, refusal),
    );
  }

  serve(nats: NatsConnection): void {
    this.#nats = nats;
    nats.subscribe(SERVING_SUBJECT, {
      callback: (error, message) => {
        if (!error) message.respond();
      },
    });
    nats.subscribe(ALL_UP, {
      callback: (error, { subject, data }) => {
        if (!error) this.#heard(subject, data);
      },
    });
    nats.subscribe(GONE_SUBJECT, {
      callback: (error, message) => {
        if (!error) this.#gone(goneIn(message.string()));
      },
    });
    nats.publish(HELLO_SUBJECT, HELLO);
  }

  /** Whoever was killed or cut off says no goodbye; its server does, as soon as it knows. */
  #gone(gone: Gone | null): void {
    if (!gone) return;
    const prefix = linePrefix(gone.id);
    for (const line of [...this.#open.values()]) {
      if (line.token === tokenOf(gone.user) && line.id.startsWith(prefix)) this.#end(line);
    }
  }

  /** The server is gone, and with it every line. */
  lose(): void {
    this.#nats = null;
    for (const line of [...this.#open.values()]) this.#end(line);
  }

  #heard(subject: string, packet: Uint8Array): void {
    const [, token, id] = subject.split('.');
    if (token === undefined || id === undefined) return;
    const line = this.#open.get(`${token}.${id}`);
    switch (packet[0]) {
      case KIND.open:
        if (!line) this.#accept(token, id);
        return this.#publish(token, id, OPENED);
      case KIND.frame:
      case KIND.packed:
        if (line) line.channel.receive(packet);
        // Of a line that this process never opened: its owner shall open a new one.
        else this.#publish(token, id, CLOSE);
        return;
      case KIND.taken:
        return line?.channel.taken(takenOf(packet));
      case KIND.close:
        if (line) this.#end(line);
    }
  }

  #accept(token: string, id: string): void {
    const queue = new SendQueue<QueuedPacket>(this.#options.queueBytesMax);
    const channel = new NatsChannel(queue, {
      publish: (packet) => this.#publish(token, id, packet),
      onItem: (item) => {
        if (item.kind === 'frame') {
          return this.#options.onFrame(connection, item.text, item.signature);
        }
        connection.reject(item.refusal);
        if (item.fatal) connection.close();
      },
      onClose: () => {
        this.#publish(token, id, CLOSE);
        queueMicrotask(() => this.#end(line));
      },
    });
    const connection = this.connections.add(channel);
    const line = { token, id, channel, connection };
    this.#open.set(`${token}.${id}`, line);
  }

  #end(line: Line): void {
    if (!this.#open.delete(`${line.token}.${line.id}`)) return;
    line.channel.end();
    this.connections.remove(line.connection);
    this.#options.onClose(line.connection);
  }

  #publish(token: string, id: string, packet: Uint8Array): void {
    if (this.#nats?.isClosed() === false) this.#nats.publish(downSubject(token, id), packet);
  }
}
