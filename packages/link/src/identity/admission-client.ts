/** Asks a hub's admission door, over TLS with the one authority that the caller knows beforehand. */
import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { joinText, renewText } from '@sparegrid/core/hub/admission';
import type { KeyChain } from '@sparegrid/core/identity/statements';
import { REFUSAL_CODES, type Refusal, type RefusalCode } from '@sparegrid/core/refusals';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import { LinkFault } from '../fault.ts';
import { nodeCrypto } from '../node-crypto.ts';
import { type Admitted, admitted, refused } from '../schemas/admission.ts';
import { type JoinToken, tokenDigest } from './join-token.ts';

const TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 262_144;

/** Where the door is, and the authority that its certificate must be of. */
export interface AdmissionDoorAddress {
  hub: HubId;
  host: string;
  port: number;
  /** PEM. */
  authority: string;
}

export type AdmissionReply = Admitted | Refusal;

/**
 * The authority's certificate from the door itself, if it is the one whose digest is known: the token
 * carries only that. Nothing else is believed of this connection, and nothing is sent on it.
 *
 * @throws LinkFault ADMISSION_UNREACHABLE, ADMISSION_AUTHORITY
 */
export async function fetchAuthority(token: JoinToken): Promise<string> {
  const { host, port, authority } = token;
  const socket = connect({ host, port, rejectUnauthorized: false, servername: token.hub });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')));
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    let certificate = socket.getPeerCertificate(true);
    while (certificate?.raw) {
      if (hash('sha256', certificate.raw, 'hex') === authority) {
        return new X509Certificate(certificate.raw).toString();
      }
      if (certificate.issuerCertificate === certificate) break;
      certificate = certificate.issuerCertificate;
    }
  } catch (cause) {
    throw unreachable(token, cause);
  } finally {
    socket.destroy();
  }
  throw new LinkFault('ADMISSION_AUTHORITY', `Who answers at ${host}:${port} is not that hub.`);
}

export interface JoinAsked {
  participant: ParticipantId;
  chain: KeyChain;
  /** PEM of the certificate request. */
  request: string;
  signKey: KeyObject;
}

/** @throws LinkFault ADMISSION_UNREACHABLE, ADMISSION_ANSWER */
export function askToJoin(
  door: AdmissionDoorAddress,
  secret: string,
  { participant, chain, request, signKey }: JoinAsked,
): Promise<AdmissionReply> {
  const crypto = nodeCrypto(signKey);
  const signed = { participant, token: tokenDigest(secret), requestDigest: crypto.digest(request) };
  const proof = crypto.sign(joinText(door.hub, signed));
  return post(door, '/v1/join', { participant, secret, chain, request, proof });
}

/**
 * @param present  the key that the hub knows now; `signKey` is the one that the chain names.
 *
 * @throws LinkFault ADMISSION_UNREACHABLE, ADMISSION_ANSWER
 */
export function askToRenew(
  door: AdmissionDoorAddress,
  { participant, chain, request, signKey }: JoinAsked,
  present: KeyObject,
  sentAtMs: number,
): Promise<AdmissionReply> {
  const next = nodeCrypto(signKey);
  const requestDigest = next.digest(request);
  const text = renewText(door.hub, { participant, chain, requestDigest, sentAtMs });
  const signature = nodeCrypto(present).sign(text);
  const proof = next.sign(text);
  return post(door, '/v1/renew', { participant, chain, request, sentAtMs, signature, proof });
}

async function post(
  { hub, host, port, authority }: AdmissionDoorAddress,
  path: string,
  question: object,
): Promise<AdmissionReply> {
  const body = JSON.stringify(question);
  const asked = request({
    host,
    port,
    path,
    method: 'POST',
    ca: authority,
    servername: hub,
    minVersion: 'TLSv1.3',
    timeout: TIMEOUT_MS,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    agent: false,
  });
  let answer: string;
  try {
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve);
      asked.once('error', reject);
      asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.end(body);
    });
    response.on('data', () => {
      if (response.socket.bytesRead > ANSWER_BYTES_MAX) response.destroy(new Error('too long'));
    });
    answer = await textOf(response);
  } catch (cause) {
    throw unreachable({ hub, host, port }, cause);
  }
  return readAnswer(answer);
}

function readAnswer(answer: string): AdmissionReply {
  try {
    const value: unknown = JSON.parse(answer);
    const good = admitted.safeParse(value);
    if (good.success) return good.data;
    const { code, hint } = refused.parse(value);
    if (Object.hasOwn(REFUSAL_CODES, code)) return { ok: false, code: code as RefusalCode, hint };
    throw new Error(`unknown code ${code}`);
  } catch (cause) {
    const hint = 'Update the older of the two programs.';
    throw new LinkFault('ADMISSION_ANSWER', hint, { cause });
  }
}

function unreachable(
  { hub, host, port }: Pick<AdmissionDoorAddress, 'hub' | 'host' | 'port'>,
  cause: unknown,
): LinkFault {
  const hint = `${hub} at ${host}:${port}: ${(cause as Error).message}.`;
  return new LinkFault('ADMISSION_UNREACHABLE', hint, { cause, retryable: true });
}
