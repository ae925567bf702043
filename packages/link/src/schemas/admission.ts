/** Schemas of what is said at a hub's admission door and at its control door. */
import type { JoinRequest, RenewRequest, TokenTerms } from '@sparegrid/core/hub/admission';
import { z } from 'zod';
import { signature, signedDocument } from './document.ts';
import { keyChain, signKey } from './identity.ts';
import { organization } from './resource-spec.ts';
import { amount, hubId, list, name, participantId } from './scalars.ts';
import { schemaFor } from './schema-for.ts';

/** A PEM text: one certificate, or a request for one. */
const pem = z.string().max(16_384);

/** Without the digest of the certificate request: the door computes it. */
export const joinQuestion = schemaFor<
  Omit<JoinRequest, 'op' | 'requestDigest' | 'token'> & { secret: string; request: string }
>()(
  z.strictObject({
    participant: participantId,
    secret: z.string().regex(/^[A-Za-z0-9_-]{32}$/, 'expected the secret of a token'),
    chain: keyChain,
    request: pem,
    proof: signature,
  }),
);

export const renewQuestion = schemaFor<
  Omit<RenewRequest, 'op' | 'requestDigest'> & { request: string }
>()(
  z.strictObject({
    participant: participantId,
    chain: keyChain,
    request: pem,
    sentAtMs: amount,
    signature,
    proof: signature,
  }),
);

/** What a participant needs to know of its hub, with its new certificate. */
export const admitted = z.strictObject({
  ok: z.literal(true),
  participant: participantId,
  collect: z.enum(['push', 'pull']),
  certificate: pem,
  hub: z.strictObject({
    id: hubId,
    publicKey: signKey,
    /** Addresses of its local NATS servers. */
    local: list(name.min(1), 8).min(1),
    http: name.nullable(),
  }),
});

export type Admitted = z.infer<typeof admitted>;

export const refused = z.strictObject({ ok: z.literal(false), code: name, hint: z.string() });

const tokenTerms = {
  role: z.enum(['lessor', 'lessee']),
  organization: organization.pick({ id: true, kind: true }),
  participant: participantId.nullable(),
};

schemaFor<TokenTerms>()(z.strictObject(tokenTerms));

/** A token lasts a month at most. */
const TOKEN_MS_MAX = 31 * 86_400_000;

/** What the operator of a hub asks its daemon. */
export const controlQuestion = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('token.create'),
    ttlMs: z.int().min(1_000).max(TOKEN_MS_MAX),
    ...tokenTerms,
  }),
  z.strictObject({ op: z.literal('participant.list') }),
  z.strictObject({ op: z.literal('participant.expel'), participant: participantId }),
  z.strictObject({ op: z.literal('hubs.set'), document: signedDocument }),
  z.strictObject({ op: z.literal('hubs.get') }),
  /** Certificates were renewed: the servers shall read them. */
  z.strictObject({ op: z.literal('reload') }),
]);

export type ControlQuestion = z.input<typeof controlQuestion>;
