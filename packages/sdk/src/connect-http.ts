/** A client over the HTTP API of a hub, in browsers and in Node. */
import type { TrustAnchor } from '@sparegrid/core/identity/statements';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import { Client } from './client.ts';
import { askByFetch, type HttpAsk } from './http-ask.ts';
import { HttpLink } from './http-link.ts';
import type { CallOptions } from './pending-requests.ts';
import { type Signer, signerOf } from './signer.ts';

export interface HttpConnectSettings extends CallOptions {
  /** Such as `http://127.0.0.1:7070`; a list for a hub with standbys. */
  url: string | readonly string[];
  hub: HubId;
  participant: ParticipantId;
  /** The participant's Ed25519 key as PKCS #8 PEM, or whatever signs with it. */
  key: string | Signer;
  /** Former ones: only they open what was sealed with them. */
  formerKeys?: readonly (string | Signer)[] | undefined;
  /** Something else than `fetch`; `askByNode` of node-http is quicker in processes that live shortly. */
  ask?: HttpAsk;
  /** The network's name and its operator's key: lessors' keys are trusted by it. */
  network?: TrustAnchor | undefined;
}

/**
 * @throws UnavailableError when no hub answers within `timeoutMs`, or another one does; LinkFault
 *         KEY_MALFORMED
 */
export async function connectHttp(settings: HttpConnectSettings): Promise<Client> {
  const { url, hub, participant, network, ask = askByFetch, signal, timeoutMs } = settings;
  const keys = [settings.key, ...(settings.formerKeys ?? [])];
  const [signer, ...formerSigners] = (await Promise.all(
    keys.map((key) => (typeof key === 'string' ? signerOf(key) : key)),
  )) as [Signer, ...Signer[]];
  const urls = [url].flat().map((one) => one.replace(/\/+$/, ''));
  const link = new HttpLink({ urls, hub, participant, signer, ask });
  const client = new Client({ participant, signer, formerSigners, link, network });
  try {
    await client.ready({ signal, timeoutMs });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
