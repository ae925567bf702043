/** HTTP message signatures (RFC 9421, one fixed form of them): what is signed, and its two headers. */
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';

/**
 * What a signature is about. `digest` is the SHA-256 of the body in base64 (of no bytes when there
 * is none). `(sender, session, seq)` is the nonce, as for frames. The audience is one life of one
 * hub: a hub that starts anew has to remember nothing of what it accepted before.
 */
export interface SignedRequest {
  method: string;
  /** As sent: path and, if there is one, `?` and the query. */
  target: string;
  digest: string;
  sender: ParticipantId;
  hub: HubId;
  epoch: number;
  session: string;
  seq: number;
  /** Wall time in whole seconds. */
  createdAtS: number;
  expiresAtS: number;
}

/** Everything but method, target and digest, which the receiver takes from the request itself. */
export type SignatureTerms = Omit<SignedRequest, 'method' | 'target' | 'digest'>;

export const SIGNATURE_HEADERS = {
  digest: 'content-digest',
  input: 'signature-input',
  signature: 'signature',
} as const;

const LABEL = 'sparegrid';
const COMPONENTS = '("@method" "@path" "@query" "content-digest")';

/** The text that the sender's key signs. */
export function signatureBase(request: SignedRequest): string {
  const { method, target, digest } = request;
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return [
    `"@method": ${method}`,
    `"@path": ${path}`,
    `"@query": ${at < 0 ? '?' : target.slice(at)}`,
    `"content-digest": ${digestHeader(digest)}`,
    `"@signature-params": ${paramsOf(request)}`,
  ].join('\n');
}

/** Headers of a signed request. `signature` is base64. */
export function signatureHeaders(request: SignedRequest, signature: string) {
  return {
    [SIGNATURE_HEADERS.digest]: digestHeader(request.digest),
    [SIGNATURE_HEADERS.input]: `${LABEL}=${paramsOf(request)}`,
    [SIGNATURE_HEADERS.signature]: `${LABEL}=:${signature}:`,
  };
}

export function digestHeader(digest: string): string {
  return `sha-256=:${digest}:`;
}

const NAME = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NUMBER = '[0-9]{1,12}';
const INPUT = new RegExp(
  `^${LABEL}=\\("@method" "@path" "@query" "content-digest"\\)` +
    `;created=(?<created>${NUMBER});expires=(?<expires>${NUMBER})` +
    `;keyid="(?<sender>[^"\\\\]{1,200})";alg="ed25519"` +
    `;nonce="(?<session>[0-9a-f]{32})\\.(?<seq>${NUMBER})"` +
    `;tag="sparegrid/(?<hub>${NAME})/(?<epoch>${NUMBER})"$`,
);
const SIGNATURE = new RegExp(`^${LABEL}=:(?<signature>[A-Za-z0-9+/]{86}==):$`);

/**
 * Reads the two headers as {@link signatureHeaders} writes them; any other order or form is refused:
 * there is one text for one signature.
 *
 * @refuses LINK_MALFORMED
 */
export function readSignature(
  input: unknown,
  signature: unknown,
): { ok: true; terms: SignatureTerms; signature: string } | Refusal {
  const terms = typeof input === 'string' ? INPUT.exec(input)?.groups : undefined;
  const made = typeof signature === 'string' ? SIGNATURE.exec(signature)?.groups : undefined;
  if (!terms || !made) {
    return refuse('LINK_MALFORMED', 'headers signature-input and signature: see docs/http-api.md');
  }
  const text = (name: string) => terms[name] ?? '';
  return {
    ok: true,
    signature: made['signature'] ?? '',
    terms: {
      sender: text('sender'),
      hub: text('hub'),
      epoch: Number(text('epoch')),
      session: text('session'),
      seq: Number(text('seq')),
      createdAtS: Number(text('created')),
      expiresAtS: Number(text('expires')),
    },
  };
}

function paramsOf(terms: SignatureTerms): string {
  const { sender, hub, epoch, session, seq, createdAtS, expiresAtS } = terms;
  return (
    `${COMPONENTS};created=${createdAtS};expires=${expiresAtS};keyid="${sender}";alg="ed25519"` +
    `;nonce="${session}.${seq}";tag="sparegrid/${hub}/${epoch}"`
  );
}
