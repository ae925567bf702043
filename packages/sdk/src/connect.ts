/** Connects a client over the local socket of its hub; the one module here that needs Node. */
import type { KeyObject } from 'node:crypto';
import type { TrustAnchor } from '@sparegrid/core/identity/statements';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { connectAny } from '@sparegrid/link/connect-any';
import { quickEd25519 } from '@sparegrid/link/ed25519';
import { encodeKey } from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Transport } from '@sparegrid/link/transport';
import { Client } from './client.ts';
import type { KnownHub } from './hub-frames.ts';
import type { CallOptions } from './pending-requests.ts';
import { Session } from './session.ts';
import { signerOf } from './signer.ts';

export interface ConnectSettings extends CallOptions {
  /** Where the hub's door for participants is, and those of its standbys, in the words of the transport. */
  hubSocket: string | readonly string[];
  /** Local sockets unless told otherwise. */
  transport?: Transport;
  hub: KnownHub;
  participant: ParticipantId;
  /** The participant's Ed25519 key; `loadKey` of link reads one from a file. */
  privateKey: KeyObject;
  /** Former ones: only they open what was sealed with them. */
  formerKeys?: readonly KeyObject[] | undefined;
  /** The network's name and its operator's key: by it lessors' keys are trusted, and those of `hub`. */
  network?: TrustAnchor | undefined;
}

/**
 * Returns once the hub welcomed the participant; from then on the client reconnects by itself.
 *
 * @throws RefusedError when the hub does not know the participant or its key; UnavailableError when
 *         no hub answers within `timeoutMs`; LinkFault LINK_SOCKET_PATH_LENGTH
 */
export async function connect(settings: ConnectSettings): Promise<Client> {
  const { hubSocket, hub, participant, privateKey, network, signal, timeoutMs } = settings;
  const { formerKeys = [] } = settings;
  const transport = settings.transport ?? localSockets;
  const link = new Session({
    hub,
    network,
    participant,
    crypto: nodeCrypto(privateKey, quickEd25519()),
    dial: (events) => connectAny(transport, [hubSocket].flat(), events),
    wallMs: () => Date.now(),
  });
  const signer = await signerOf(encodeKey(privateKey));
  const formerSigners = await Promise.all(formerKeys.map((key) => signerOf(encodeKey(key))));
  const client = new Client({ participant, signer, formerSigners, link, network });
  try {
    await client.ready({ signal, timeoutMs });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
