/** Schemas of the statements of the trust chain. */
import type {
  HubList,
  KeyChain,
  KeyStatement,
  ListedHub,
  OrganizationStatement,
  TrustAnchor,
} from '@sparegrid/core/identity/statements';
import { z } from 'zod';
import { signedDocument } from './document.ts';
import { organization } from './resource-spec.ts';
import { amount, hubId, list, name, participantId } from './scalars.ts';
import { schemaFor } from './schema-for.ts';

/** Hubs of one network; every pair of them has a link of its own. */
const HUBS_MAX = 1_024;
const ADDRESSES_MAX = 8;

/** An Ed25519 public key as `publicKeyOf` writes it: the canonical base64 of 32 bytes. */
export const signKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'expected the base64 of a 32-byte public key');

/** An X25519 public key: the canonical base64url of 32 bytes. */
export const sealKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, 'expected the base64url of 32 bytes');

const statement = { network: hubId, revision: amount, notBeforeMs: amount, notAfterMs: amount };

export const organizationStatement = schemaFor<OrganizationStatement>()(
  z.strictObject({ ...statement, organization, signKey }),
);

export const keyStatement = schemaFor<KeyStatement>()(
  z.strictObject({
    ...statement,
    organization: name,
    subject: participantId,
    kind: z.enum(['agent', 'user', 'device']),
    signKey,
    sealKey,
  }),
);

export const trustAnchor = schemaFor<TrustAnchor>()(
  z.strictObject({ network: hubId, operatorKey: signKey }),
);

export const keyChain = schemaFor<KeyChain>()(
  z.strictObject({ organization: signedDocument, key: signedDocument }),
);

export const listedHub = schemaFor<ListedHub>()(
  z.strictObject({
    id: hubId,
    signKeys: list(signKey, 2).min(1),
    mesh: list(name.min(1), ADDRESSES_MAX).min(1),
  }),
);

export const hubList = schemaFor<HubList>()(
  z.strictObject({
    network: hubId,
    revision: amount,
    hubs: list(listedHub, HUBS_MAX).refine(
      (hubs) => new Set(hubs.map(({ id }) => id)).size === hubs.length,
      'a hub is listed twice',
    ),
  }),
);
