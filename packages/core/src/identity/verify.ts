/** Verifies the trust chain: from the operator's key down to the keys of one agent, user or device. */
import { type Read, type Refusal, refuse } from '../refusals.ts';
import {
  type Crypto,
  type DocumentType,
  isSignedBy,
  type SignedDocument,
} from '../units/document.ts';
import type { ParticipantId } from '../units/ids.ts';
import {
  type HubList,
  type KeyChain,
  type KeyKind,
  type KeyStatement,
  OPERATOR,
  ORGANIZATION,
  type OrganizationStatement,
  type TrustAnchor,
} from './statements.ts';

/** Part of {@link CoreEnv}: form, types, ranges and no unknown fields of a statement's text. */
export interface StatementReader {
  /** @refuses IDENTITY_MALFORMED */
  organization(payload: string): Read<OrganizationStatement>;
  /** @refuses IDENTITY_MALFORMED */
  keys(payload: string): Read<KeyStatement>;
  /** @refuses IDENTITY_MALFORMED */
  hubList(payload: string): Read<HubList>;
}

export interface IdentityEnv {
  crypto: Crypto;
  documents: StatementReader;
}

/** When it is verified; wall clocks may differ by `toleranceMs` (`timing.toleranceMs`, 10 minutes). */
export interface VerifyTime {
  wallMs: number;
  toleranceMs: number;
}

/** Whose keys the verifier wants. Without it a hub could hand out a true chain of somebody else. */
export interface KeyWanted {
  subject: ParticipantId;
  kinds: readonly KeyKind[];
  /** Id of the organisation, when the verifier knows it. */
  organization?: string;
  /** The highest revision of this subject and kind that the verifier ever accepted. */
  revisionMin?: number;
}

/**
 * The whole chain in one call, for whoever is about to trust a key (seal to it, admit it, verify an
 * order with it). Nothing is believed because of who delivered the chain: a hub that replaces, mixes,
 * withholds or re-dates a link is refused. What a hub can do is show a subject's earlier statement
 * while that is still valid: remember the highest revision and pass it as `revisionMin`.
 *
 * ```ts
 * const verified = verifyKeyChain(env, anchor, chain, { subject: 'a1.h2', kinds: ['agent'] }, {
 *   wallMs, toleranceMs: timing.toleranceMs,
 * });
 * if (!verified.ok) return verified; // a Refusal with one of the codes below
 * seal(verified.value.keys.sealKey, ...);
 * ```
 *
 * @refuses per link, the organisation's first: IDENTITY_SIGNATURE, IDENTITY_MALFORMED,
 *          IDENTITY_NETWORK, IDENTITY_NOT_YET, IDENTITY_EXPIRED. Then IDENTITY_ORGANIZATION,
 *          IDENTITY_SUBJECT, IDENTITY_KIND, IDENTITY_OUTDATED. In this order.
 * @patent [0077] SEC-1
 */
export function verifyKeyChain(
  env: IdentityEnv,
  anchor: TrustAnchor,
  chain: KeyChain,
  wanted: KeyWanted,
  time: VerifyTime,
): Read<{ organization: OrganizationStatement; keys: KeyStatement }> {
  const upper = verifyOrganization(env, anchor, chain.organization, time);
  if (!upper.ok) return upper;
  const organization = upper.value;
  const signedBy = { keyId: ORGANIZATION, publicKey: organization.signKey };
  const lower = readSigned(env, chain.key, 'keys', signedBy, env.documents.keys);
  if (!lower.ok) return lower;
  const keys = lower.value;
  const refusal =
    checkStatement(anchor, keys, time, 'key') ?? checkWanted(organization, keys, wanted);
  return refusal ?? { ok: true, value: { organization, keys } };
}

/**
 * The upper link alone: does the operator vouch for this organisation?
 *
 * @refuses IDENTITY_SIGNATURE, IDENTITY_MALFORMED, IDENTITY_NETWORK, IDENTITY_NOT_YET,
 *          IDENTITY_EXPIRED; in this order.
 */
export function verifyOrganization(
  env: IdentityEnv,
  anchor: TrustAnchor,
  document: SignedDocument,
  time: VerifyTime,
): Read<OrganizationStatement> {
  const signedBy = { keyId: OPERATOR, publicKey: anchor.operatorKey };
  const read = readSigned(env, document, 'organization', signedBy, env.documents.organization);
  if (!read.ok) return read;
  return checkStatement(anchor, read.value, time, 'organization') ?? read;
}

/**
 * Does the operator vouch for these hubs, and is the list newer than the one in use?
 *
 * @param known  revision in use; 0 when there is none.
 * @refuses IDENTITY_SIGNATURE, IDENTITY_MALFORMED, IDENTITY_NETWORK, IDENTITY_OUTDATED (older, or of
 *          the very revision in use).
 */
export function verifyHubList(
  env: IdentityEnv,
  anchor: TrustAnchor,
  document: SignedDocument,
  known: number,
): Read<HubList> {
  const signedBy = { keyId: OPERATOR, publicKey: anchor.operatorKey };
  const read = readSigned(env, document, 'hub-list', signedBy, env.documents.hubList);
  if (!read.ok) return read;
  const { network, revision } = read.value;
  if (network !== anchor.network) return wrongNetwork(anchor, network, 'hub list');
  if (revision <= known) {
    return refuse('IDENTITY_OUTDATED', `hub list ${revision}: ${known} is in use`);
  }
  return read;
}

/** The signature comes first: text that nobody vouches for is not even parsed. */
function readSigned<T>(
  { crypto }: IdentityEnv,
  document: SignedDocument,
  type: DocumentType,
  by: { keyId: string; publicKey: string },
  read: (payload: string) => Read<T>,
): Read<T> {
  if (!isSignedBy(crypto, document, type, by.keyId, by.publicKey)) {
    return refuse('IDENTITY_SIGNATURE', `${type}: not signed by the ${by.keyId}`);
  }
  return read(document.payload);
}

function checkStatement(
  anchor: TrustAnchor,
  { network, notBeforeMs, notAfterMs }: OrganizationStatement | KeyStatement,
  { wallMs, toleranceMs }: VerifyTime,
  what: string,
): Refusal | null {
  if (network !== anchor.network) return wrongNetwork(anchor, network, what);
  if (wallMs < notBeforeMs - toleranceMs) {
    return refuse('IDENTITY_NOT_YET', `${what}: from ${notBeforeMs}, now ${wallMs}`);
  }
  if (wallMs > notAfterMs + toleranceMs) {
    return refuse('IDENTITY_EXPIRED', `${what}: until ${notAfterMs}, now ${wallMs}`);
  }
  return null;
}

function wrongNetwork(anchor: TrustAnchor, network: string, what: string): Refusal {
  return refuse('IDENTITY_NETWORK', `${what}: of ${network}, this is ${anchor.network}`);
}

function checkWanted(
  { organization }: OrganizationStatement,
  keys: KeyStatement,
  wanted: KeyWanted,
): Refusal | null {
  // An organisation speaks for its own only; the operator's word is about one organisation each.
  const expected = wanted.organization ?? organization.id;
  if (keys.organization !== organization.id || organization.id !== expected) {
    return refuse('IDENTITY_ORGANIZATION', `${keys.organization}, expected ${expected}`);
  }
  if (keys.subject !== wanted.subject) {
    return refuse('IDENTITY_SUBJECT', `keys of ${keys.subject}, expected ${wanted.subject}`);
  }
  if (!wanted.kinds.includes(keys.kind)) {
    return refuse('IDENTITY_KIND', `${keys.kind}, expected ${wanted.kinds.join(' or ')}`);
  }
  const known = wanted.revisionMin ?? 0;
  if (keys.revision < known) {
    return refuse('IDENTITY_OUTDATED', `revision ${keys.revision}: ${known} is known`);
  }
  return null;
}
