/** Who vouches for whose keys in a devnet: its operator for organisations, these for their agents. */

import type { KeyObject } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import {
  type KeyChain,
  signKeys,
  signOrganization,
  type TrustAnchor,
} from '@sparegrid/core/identity/statements';
import {
  generateKey,
  generateSealKey,
  loadKey,
  loadSealKey,
  publicKeyOf,
  saveKey,
  sealPublicKeyOf,
} from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Layout } from './layout.ts';
import { LESSORS, type Lessor } from './topology.ts';

const NETWORK = 'devnet';
/** Each start of the devnet signs anew. */
const VALID_MS = 365 * 24 * 3_600_000;
const CLOCKS_MS = 600_000;

/** Writes the chain of every lessor's keys; returns what lessees verify them by. */
export function vouchForLessors(layout: Layout, nowMs: number): TrustAnchor {
  const operator = keyIn(layout.authorityKey('operator'));
  for (const lessor of LESSORS) {
    if (!existsSync(layout.sealKey(lessor.id)))
      saveKey(layout.sealKey(lessor.id), generateSealKey());
    const chain = chainOf(layout, operator, lessor, nowMs);
    writeFileSync(layout.chain(lessor.id), `${JSON.stringify(chain)}\n`);
  }
  return { network: NETWORK, operatorKey: publicKeyOf(operator) };
}

function chainOf(layout: Layout, operator: KeyObject, lessor: Lessor, nowMs: number): KeyChain {
  const { id, organization } = lessor;
  const authority = keyIn(layout.authorityKey(organization.id));
  const statement = {
    network: NETWORK,
    revision: nowMs,
    notBeforeMs: nowMs - CLOCKS_MS,
    notAfterMs: nowMs + VALID_MS,
  };
  return {
    organization: signOrganization(nodeCrypto(operator), {
      ...statement,
      organization,
      signKey: publicKeyOf(authority),
    }),
    key: signKeys(nodeCrypto(authority), {
      ...statement,
      organization: organization.id,
      subject: id,
      kind: 'agent',
      signKey: publicKeyOf(loadKey(layout.key(id))),
      sealKey: sealPublicKeyOf(loadSealKey(layout.sealKey(id))),
    }),
  };
}

function keyIn(file: string): KeyObject {
  if (!existsSync(file)) saveKey(file, generateKey());
  return loadKey(file);
}
