/** A participant's files after it joined, and how it renews what expires. */
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyChain } from '@sparegrid/core/identity/statements';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { type AdmissionReply, askToRenew } from './admission-client.ts';
import { createRequest } from './certificates.ts';
import { writePrivate } from './private-file.ts';

/** In the participant's directory. */
export function memberFiles(directory: string) {
  const at = (name: string): string => join(directory, name);
  return {
    /** Ed25519: signs frames, orders and offers. */
    signKey: at('node.key'),
    /** X25519: what is for its eyes is sealed to it. */
    sealKey: at('seal.key'),
    /** What its organisation says of both, and the operator of the organisation. */
    chain: at('chain.json'),
    /** The operator's key and the network's name: taken from no hub. */
    network: at('network.json'),
    linkKey: at('link.key'),
    linkCert: at('link.pem'),
    hubAuthority: at('hub-authority.pem'),
    membership: at('membership.json'),
    config: at('agent.json'),
  };
}

/** Where its hub's admission door is. */
export interface Membership {
  hub: string;
  host: string;
  port: number;
}

export interface Renewal {
  directory: string;
  participant: ParticipantId;
  membership: Membership;
  chain: KeyChain;
  /** The key that the hub knows now, and the one that the chain names. */
  present: KeyObject;
  next: KeyObject;
}

/**
 * A new key and certificate for the link; with a newer chain, new keys at the hub, too. The files are
 * replaced once the hub agreed; servers and clients read them at their next connection.
 *
 * @throws LinkFault ADMISSION_UNREACHABLE, ADMISSION_ANSWER
 */
export async function renewMembership(renewal: Renewal, nowMs: number): Promise<AdmissionReply> {
  const { directory, participant, membership, chain, present, next } = renewal;
  const files = memberFiles(directory);
  const { request, key } = await createRequest(participant);
  const door = { ...membership, authority: readFileSync(files.hubAuthority, 'utf8') };
  const asked = { participant, chain, request, signKey: next };
  const answer = await askToRenew(door, asked, present, nowMs);
  if (!answer.ok) return answer;
  writePrivate(files.linkKey, key);
  writePrivate(files.linkCert, answer.certificate);
  return answer;
}
