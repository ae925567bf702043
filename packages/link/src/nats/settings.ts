/** Parts of configuration files that say how NATS is used. */
import { z } from 'zod';
import { filePath } from '../daemon/node-settings.ts';
import type { TlsFiles } from './nats-transport.ts';

const URL_PATTERN = /^nats:\/\/[^/\s:]+:\d{1,5}$/;

export const tlsFiles = z.strictObject({ certFile: filePath, keyFile: filePath, caFile: filePath });

/** One of a hub's own servers: where it listens, as whom, and whose certificates it trusts. */
export const brokerDoor = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(1).max(65_535),
  tls: tlsFiles,
});

/** Whether an address is that of a NATS server; all others are paths of local sockets. */
export function isNatsUrl(address: string): boolean {
  return URL_PATTERN.test(address);
}

/** An address of a configuration file, where paths are relative to it. */
export function addressFrom(path: (given: string) => string): (address: string) => string {
  return (address) => (isNatsUrl(address) ? address : path(address));
}

export function tlsFrom(path: (given: string) => string): (files: TlsFiles) => TlsFiles {
  return ({ certFile, keyFile, caFile }) => ({
    certFile: path(certFile),
    keyFile: path(keyFile),
    caFile: path(caFile),
  });
}
