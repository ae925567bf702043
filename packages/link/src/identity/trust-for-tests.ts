/** A network of trust for tests: an operator, one organisation, and the chains of its agents. */
import { writeFileSync } from 'node:fs';
import {
  type KeyChain,
  signKeys,
  signOrganization,
  type TrustAnchor,
} from '@sparegrid/core/identity/statements';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { generateKey, generateSealKey, publicKeyOf, saveKey, sealPublicKeyOf } from '../keys.ts';
import { nodeCrypto } from '../node-crypto.ts';

const HOUR_MS = 3_600_000;

export class Trust {
  readonly anchor: TrustAnchor;
  readonly #operator = generateKey();
  readonly #organization = generateKey();

  constructor(network = 'testnet') {
    this.anchor = { network, operatorKey: publicKeyOf(this.#operator) };
  }

  /** Makes an agent's sealing key and its chain in files; returns them as its configuration names them. */
  sealingOf(subject: ParticipantId, signKey: string, path: string) {
    const files = { keyFile: `${path}.seal.pem`, chainFile: `${path}.chain.json` };
    const key = generateSealKey();
    saveKey(files.keyFile, key);
    const chain = this.chainOf(subject, { signKey, sealKey: sealPublicKeyOf(key) });
    writeFileSync(files.chainFile, JSON.stringify(chain));
    return files;
  }

  chainOf(subject: ParticipantId, keys: { signKey: string; sealKey: string }): KeyChain {
    const nowMs = Date.now();
    const statement = {
      network: this.anchor.network,
      revision: 1,
      notBeforeMs: nowMs - HOUR_MS,
      notAfterMs: nowMs + 24 * HOUR_MS,
    };
    const organization = { id: 'LEI1', name: 'One', kind: 'company' } as const;
    return {
      organization: signOrganization(nodeCrypto(this.#operator), {
        ...statement,
        organization,
        signKey: publicKeyOf(this.#organization),
      }),
      key: signKeys(nodeCrypto(this.#organization), {
        ...statement,
        ...keys,
        organization: organization.id,
        subject,
        kind: 'agent',
      }),
    };
  }
}
