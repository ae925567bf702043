/** How the commands reach a hub: as the participant of a context. */
import { loadKey } from '@sparegrid/link/keys';
import type { Client } from '@sparegrid/sdk/client';
import { connect } from '@sparegrid/sdk/connect';
import type { Context } from './devnet/context.ts';
import { DEFAULT_DIRECTORY } from './devnet/layout.ts';

/** Directory of the devnet that commands mean when they are not told. */
export function directoryDefault(): string {
  return process.env['SPAREGRID_DIR'] ?? DEFAULT_DIRECTORY;
}

export async function connectAs(context: Context): Promise<Client> {
  const { hubSocket, hub, participant, keyFile } = context;
  return connect({ hubSocket, hub, participant, privateKey: loadKey(keyFile) });
}
