/** Words and records of admission: join tokens, participants that came at run time, the list of hubs. */
import type { HubList, KeyChain, ListedHub } from '../identity/statements.ts';
import type { Organization } from '../order/resource-spec.ts';
import type { Refusal } from '../refusals.ts';
import type { SignedDocument } from '../units/document.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';
import type { AdmittedParticipant } from './config.ts';

/** `lessor`: runs an agent, may rent as well. `lessee`: only rents. */
export type AdmissionRole = 'lessor' | 'lessee';

/** Whom a token is for. */
export interface TokenTerms {
  role: AdmissionRole;
  organization: Pick<Organization, 'id' | 'kind'>;
  /** Null: any free name of the subnet. */
  participant: ParticipantId | null;
}

/** Durable; table `join-token`, key the token's digest: the store cannot be used to join. */
export interface TokenRecord extends TokenTerms {
  /** Elapsed time of the hub: no clock of another machine has a say. */
  expiresAtElapsedMs: number;
  usedBy: { participant: ParticipantId; signKey: string } | null;
}

/** Durable; table `admission`, key participant id: admitted at run time, or expelled. */
export interface AdmissionRecord {
  participant: AdmittedParticipant;
  /** What the organisation says of its keys; null when the configuration listed it. */
  chain: KeyChain | null;
  /** Of the chain's key statement: earlier ones are refused. */
  revision: number;
  earlierKey: { publicKey: string; untilMs: number } | null;
  /** Wall time, for people; null while it is a participant. */
  expelledAtMs: number | null;
}

/** Durable; table `hub-list`, key `current`. */
export interface HubListRecord {
  document: SignedDocument;
  list: HubList;
}

export interface JoinRequest {
  op: 'join';
  participant: ParticipantId;
  /** Digest of the token. */
  token: string;
  chain: KeyChain;
  /** Digest of the certificate request that came along. */
  requestDigest: string;
  /** {@link joinText} signed with the key that the chain names. */
  proof: string;
}

export interface RenewRequest {
  op: 'renew';
  participant: ParticipantId;
  /** The present one, or a newer one with other keys. */
  chain: KeyChain;
  requestDigest: string;
  /** Wall time of the participant. */
  sentAtMs: number;
  /** {@link renewText} signed with a key that is admitted now, and with the one the chain names. */
  signature: string;
  proof: string;
}

export type AdmissionRequest =
  | JoinRequest
  | RenewRequest
  | ({ op: 'token.create'; digest: string; ttlMs: number } & TokenTerms)
  | { op: 'participant.list' }
  | { op: 'participant.expel'; participant: ParticipantId }
  | { op: 'hubs.set'; document: SignedDocument }
  | { op: 'hubs.get' };

/** A participant as the hub's operator sees it. */
export interface ParticipantView {
  id: ParticipantId;
  organization: Organization;
  role: AdmissionRole;
  state: 'admitted' | 'expelled';
  /** `configuration`: listed there; `token`: joined with one. */
  source: 'configuration' | 'token';
  connected: boolean;
  signKey: string;
  /** When the organisation's word on its keys ends (wall time); null without one. */
  keysUntilMs: number | null;
}

export type AdmissionAnswer =
  | { ok: true; op: 'join'; participant: ParticipantId; collect: 'push' | 'pull' }
  | { ok: true; op: 'renew'; participant: ParticipantId; collect: 'push' | 'pull' }
  | { ok: true; op: 'token.create'; digest: string }
  | { ok: true; op: 'participant.list'; participants: ParticipantView[] }
  | { ok: true; op: 'participant.expel'; participant: ParticipantId }
  | { ok: true; op: 'hubs.set'; revision: number; hubs: readonly ListedHub[] }
  | { ok: true; op: 'hubs.get'; revision: number; hubs: readonly ListedHub[] }
  | Refusal;

/**
 * What the key that joins signs: a token alone is of no use with somebody else's chain, nor does a
 * certificate go to anybody but the owner of the keys.
 */
export function joinText(hub: HubId, request: Omit<JoinRequest, 'proof' | 'op' | 'chain'>): string {
  const { participant, token, requestDigest } = request;
  return `sparegrid-join-v1\n${hub}\n${participant}\n${token}\n${requestDigest}`;
}

/** What both keys sign when a participant renews its certificate or its keys. */
export function renewText(
  hub: HubId,
  request: Omit<RenewRequest, 'proof' | 'op' | 'signature'>,
): string {
  const { participant, chain, requestDigest, sentAtMs } = request;
  const lines = [hub, participant, requestDigest, sentAtMs, chain.key.payload];
  return `sparegrid-renew-v1\n${lines.join('\n')}`;
}
