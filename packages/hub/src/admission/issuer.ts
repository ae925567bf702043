/** The hub's own authority: issues the certificates of its participants, and its own towards them. */
import { readFileSync } from 'node:fs';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import {
  type Certified,
  createRequest,
  factsOf,
  issue,
} from '@sparegrid/link/identity/certificates';
import { refuseExposed, writePrivate } from '@sparegrid/link/identity/private-file';
import type { TlsFiles } from '@sparegrid/link/nats/nats-transport';

/** Short, since the hub renews it by itself, and participants do. */
const DAYS = 30;

export class Issuer {
  readonly #authority: Certified;

  /** @throws ConfigFault CONFIG_FILE */
  constructor(certFile: string, keyFile: string) {
    try {
      refuseExposed(keyFile);
      this.#authority = {
        cert: readFileSync(certFile, 'utf8'),
        key: readFileSync(keyFile, 'utf8'),
      };
    } catch (cause) {
      throw new ConfigFault('CONFIG_FILE', `admission: ${(cause as Error).message}`, cause);
    }
  }

  /** PEM. */
  get certificate(): string {
    return this.#authority.cert;
  }

  /** The name is what the hub admitted, whatever the request says. @throws LinkFault CERTIFICATE_MALFORMED */
  certify(participant: ParticipantId, request: string, nowMs: number): Promise<string> {
    return issue(this.#authority, request, { name: participant, hosts: [], days: DAYS }, nowMs);
  }

  /** Renews the hub's own certificate towards its participants when it is time; true: it did. */
  async renewOwn(hub: HubId, tls: TlsFiles, nowMs: number): Promise<boolean> {
    const { isDue, hosts } = factsOf(readFileSync(tls.certFile, 'utf8'), nowMs);
    if (!isDue) return false;
    const { request, key } = await createRequest(hub);
    const leaf = { name: hub, hosts, days: DAYS };
    const cert = await issue(this.#authority, request, leaf, nowMs);
    writePrivate(tls.keyFile, key);
    writePrivate(tls.certFile, cert);
    return true;
  }
}
