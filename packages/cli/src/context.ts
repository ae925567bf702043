/** The context that a devnet leaves in its directory, and clients over its own links. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { addresses, publicKey } from '@sparegrid/link/daemon/node-settings';
import { loadKey } from '@sparegrid/link/keys';
import { natsTransport } from '@sparegrid/link/nats/nats-transport';
import { addressFrom, tlsFiles, tlsFrom } from '@sparegrid/link/nats/settings';
import { trustAnchor } from '@sparegrid/link/schemas/identity';
import { hubId, participantId } from '@sparegrid/link/schemas/scalars';
import type { Client } from '@sparegrid/sdk/client';
import { connect } from '@sparegrid/sdk/connect';
import { z } from 'zod';
import { CliFault } from './fault.ts';

const CONNECT_MS = 5_000;

const contextSchema = z.strictObject({
  hub: z.strictObject({ id: hubId, publicKey }),
  /** Of the hub's HTTP door. */
  url: z.url({ protocol: /^https?$/ }),
  /** Path of a local socket, or URL of a NATS server; a list for a hub with standbys. */
  hubSocket: addresses,
  /** Needed for NATS. */
  tls: tlsFiles.optional(),
  participant: participantId,
  keyFile: z.string().min(1),
  /** Whose word counts about lessors' keys. */
  network: trustAnchor.optional(),
});

/** Paths are relative to the state directory, or absolute. */
export type Context = z.infer<typeof contextSchema>;

/** As it is written. */
export type ContextText = z.input<typeof contextSchema>;

export function contextFile(directory: string): string {
  return join(directory, 'context.json');
}

/** @throws CliFault CLI_NO_DEVNET, CLI_FILE_MALFORMED */
export function readContext(directory: string): Context {
  const file = contextFile(directory);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const hint = `Looked for ${file}. Start one with sparegrid devnet up, or name its --dir.`;
    throw new CliFault('CLI_NO_DEVNET', hint, 'unavailable', cause);
  }
  try {
    return contextSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliFault(
      'CLI_FILE_MALFORMED',
      `${file}: ${(cause as Error).message}`,
      'input',
      cause,
    );
  }
}

/** @throws as {@link readContext}; LinkFault; RefusedError, UnavailableError */
export async function connectBy(directory: string): Promise<Client> {
  const { hub, hubSocket, tls, participant, keyFile, network } = readContext(directory);
  const path = (given: string): string => resolve(directory, given);
  return connect({
    hub,
    participant,
    network,
    hubSocket: hubSocket.map(addressFrom(path)),
    ...(tls && { transport: natsTransport({ node: participant, tls: tlsFrom(path)(tls) }) }),
    privateKey: loadKey(path(keyFile)),
    timeoutMs: CONNECT_MS,
  });
}

/** Lends a connected client to `use` and closes it whatever happens. */
export async function withClient<T>(
  directory: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connectBy(directory);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
