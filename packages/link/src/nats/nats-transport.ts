/** NATS: the transport between hosts. Every hub has servers of its own; others are their clients. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from '@nats-io/transport-node';
import type { NodeId } from '@sparegrid/core/units/ids';
import type { Transport } from '../transport.ts';
import { NatsClient } from './nats-client.ts';
import { listenOnNats } from './nats-server.ts';
import { tokenOf } from './subjects.ts';

/** PEM files: a node's certificate, its key, and the authority that it trusts on that link. */
export interface TlsFiles {
  certFile: string;
  keyFile: string;
  caFile: string;
}

/** Who this node is to the servers. */
export interface NatsAccess {
  node: NodeId;
  /** Null only for tests on loopback. */
  tls: TlsFiles | null;
  /** The server that this node listens on cannot be reached: its owner may start it again. */
  onUnreachable?: () => void;
}

/**
 * Paths are URLs of servers, `nats://host:port`; a hub listens on its own server. The frames, their
 * signatures and all checks are those of every transport: the server that carries them is not trusted.
 */
export function natsTransport({ node, tls, onUnreachable }: NatsAccess): Transport {
  const token = tokenOf(node);
  const optionsFor = (path: string) => (): ConnectionOptions => ({
    servers: path,
    name: node,
    inboxPrefix: `_INBOX.${token}`,
    ignoreClusterUpdates: true,
    ...(tls && { tls: readTls(tls, path) }),
  });
  return {
    listen: (options) => listenOnNats(optionsFor(options.path), options, onUnreachable),
    connect: (options) => new NatsClient(token, optionsFor(options.path), options),
  };
}

/**
 * Read at every connection that is made: a renewed certificate is used from then on. The server's
 * certificate must name the host of `url`; told of no host, TLS would take an IP address for
 * `localhost`, and any server of that authority could stand in for any other.
 */
export function readTls({ certFile, keyFile, caFile }: TlsFiles, url: string) {
  const text = (path: string): string => readFileSync(path, 'utf8');
  const { hostname: host } = new URL(url);
  return { cert: text(certFile), key: text(keyFile), ca: text(caFile), host };
}
