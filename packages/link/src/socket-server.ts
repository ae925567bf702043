/** Server side of the local sockets. */
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { type Connection, Connections } from './connection.ts';
import { LinkFault } from './fault.ts';
import { SendQueue } from './send-queue.ts';
import { type QueuedFrame, SocketChannel } from './socket-channel.ts';
import { prepareSocketPath } from './socket-path.ts';
import type { Server, ServerOptions } from './transport.ts';
import type { WireItem } from './wire.ts';

/** @throws LinkFault, see {@link prepareSocketPath}; LINK_SOCKET_FAILED for all else. */
export async function listenOnSocket(options: ServerOptions): Promise<Server> {
  const { path } = options;
  await prepareSocketPath(path);
  const connections = new Connections((connection, refusal) =>
    options.onRefused?.(connection, refusal),
  );
  const server = createServer((socket) => accept(socket, connections, options));
  await listen(server, path);
  return {
    path,
    find: (from, session) => connections.find(from, session),
    of: (from) => connections.of(from),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections.all()) connection.close();
      }),
  };
}

function accept(socket: Socket, connections: Connections, options: ServerOptions): void {
  const queue = new SendQueue<QueuedFrame>(options.queueBytesMax);
  const channel = new SocketChannel(socket, queue, {
    onItem: (item) => consume(connection, item, options),
    onClose: () => {
      connections.remove(connection);
      options.onClose(connection);
    },
  });
  const connection = connections.add(channel);
}

function consume(
  connection: Connection,
  item: WireItem,
  options: ServerOptions,
): void | Promise<void> {
  if (item.kind === 'frame') return options.onFrame(connection, item.text, item.signature);
  connection.reject(item.refusal);
  if (item.fatal) connection.close();
}

function listen(server: NetServer, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new LinkFault('LINK_SOCKET_FAILED', `${path}: ${cause.message}.`, { cause }));
    });
    server.listen(path, resolve);
  });
}
