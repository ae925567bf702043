/** Signed statements of whose key is whose: the links of the trust chain. */
import type { Organization } from '../order/resource-spec.ts';
import { type Crypto, type SignedDocument, signDocument } from '../units/document.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';

/**
 * Names the chain's signers in their documents (`keyId`). They say only which key is meant; what
 * counts is that the signature fits the key that the link above vouches for.
 */
export const OPERATOR = 'operator';
export const ORGANIZATION = 'organization';

/**
 * What everybody knows of a network beforehand and takes from no hub. Keys for signing are texts as
 * {@link Crypto.verify} takes them: in production base64 of the 32 bytes of an Ed25519 public key.
 */
export interface TrustAnchor {
  /** Name of the network, formed like a hub id: statements for another network are void. */
  network: string;
  operatorKey: string;
}

/** What every statement has. */
interface Statement {
  network: string;
  /** Rises with each new statement about the same subject: the highest one is the one that counts. */
  revision: number;
  /** Wall time, both included; read with {@link VerifyTime.toleranceMs}. */
  notBeforeMs: number;
  notAfterMs: number;
}

/** The operator says: this organisation belongs to the network and signs with this key. */
export interface OrganizationStatement extends Statement {
  organization: Organization;
  signKey: string;
}

/** `agent` runs containers; `user` rents by itself; `device` acts for a user beside its first key. */
export type KeyKind = 'agent' | 'user' | 'device';

/** An organisation says: these are the keys of one of its own. */
export interface KeyStatement extends Statement {
  /** Id of the organisation that signs; must be the one of the link above. */
  organization: string;
  subject: ParticipantId;
  kind: KeyKind;
  signKey: string;
  /** X25519 public key, base64url of its 32 bytes: what is for the subject's eyes is sealed to it. */
  sealKey: string;
}

/** Everything between the operator's key and the keys of one subject; travels as it is. */
export interface KeyChain {
  /** An {@link OrganizationStatement}, signed by the operator. */
  organization: SignedDocument;
  /** A {@link KeyStatement}, signed by that organisation. */
  key: SignedDocument;
}

/** A hub of the network, as the operator lists it. */
export interface ListedHub {
  id: HubId;
  /** One key, or two while the hub changes from one to the other: either is valid. */
  signKeys: string[];
  /** Where other hubs reach it and its standbys: addresses of mesh servers. */
  mesh: string[];
}

/**
 * The operator says: these are the hubs, and there are no others. A list does not expire: a network
 * whose operator is on holiday goes on. The highest revision counts.
 */
export interface HubList {
  network: string;
  revision: number;
  hubs: ListedHub[];
}

/** `crypto` signs with the operator's key. */
export function signOrganization(crypto: Crypto, statement: OrganizationStatement): SignedDocument {
  return signDocument(crypto, OPERATOR, 'organization', {
    ...statement,
    organization: { ...statement.organization },
  });
}

/** `crypto` signs with the key of the organisation that the statement names. */
export function signKeys(crypto: Crypto, statement: KeyStatement): SignedDocument {
  return signDocument(crypto, ORGANIZATION, 'keys', { ...statement });
}

/** `crypto` signs with the operator's key. */
export function signHubList(crypto: Crypto, list: HubList): SignedDocument {
  return signDocument(crypto, OPERATOR, 'hub-list', {
    ...list,
    hubs: list.hubs.map((hub) => ({ ...hub })),
  });
}
