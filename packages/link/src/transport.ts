/** What every transport offers: servers with connections, and clients that stay connected. */
import type { Refusal } from '@sparegrid/core/refusals';
import type { NodeId } from '@sparegrid/core/units/ids';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';

export interface ServerOptions {
  /** Path of the socket; for the in-process transport any name. */
  path: string;
  /**
   * Frames of one connection come one at a time, in order. While a returned promise is pending,
   * this connection (no other one) is not read: that is the back-pressure towards its sender.
   */
  onFrame(connection: Connection, text: string, signature: string): void | Promise<void>;
  onClose(connection: Connection): void;
  /** Something of this connection was refused; the callee may still answer it. */
  onRefused?(connection: Connection, refusal: Refusal): void;
  /** Bound of the outgoing queue of each connection. */
  queueBytesMax?: number;
}

export interface Server {
  readonly path: string;
  /** The connection that was bound to this sender and session, while it is open. */
  find(from: NodeId, session: string): Connection | undefined;
  /** Every open connection bound to this sender. */
  of(from: NodeId): Connection[];
  /** Closes the door and every connection. */
  close(): Promise<void>;
}

export interface ClientOptions {
  path: string;
  /** As with servers: a pending promise stops the reading. */
  onFrame(text: string, signature: string): void | Promise<void>;
  /** The link is up, for the first time or again; what was under way before may be lost. */
  onConnect?(): void;
  onDisconnect?(): void;
  /** An attempt failed, such as by the server's refusal; there will be another one. */
  onFailed?(error: Error): void;
  /** Longest wait between two attempts to connect; left out: a second. */
  retryMsMax?: number;
  queueBytesMax?: number;
}

export interface Client extends Channel {
  readonly connected: boolean;
  /** Closes for good; ends when nothing of it is left running. */
  close(): Promise<void>;
}

export interface Transport {
  /** @throws LinkFault when the path cannot be listened on */
  listen(options: ServerOptions): Promise<Server>;
  /** Returns at once; connects, and connects again, until closed. */
  connect(options: ClientOptions): Client;
}
