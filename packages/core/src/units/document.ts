/** Signed documents: DSSE envelopes around JSON text, verified over the very bytes that were sent. */

import type { NodeId } from './ids.ts';
import { canonicalJson, type JsonValue } from './json.ts';
import { utf8Length } from './utf8-length.ts';

/** Pure, synchronous, deterministic functions that the shell lends to the core. */
export interface Crypto {
  /** `sha256:<hex>` of the UTF-8 text. */
  digest(text: string): string;
  /** Signs the UTF-8 text with this node's key (Ed25519); base64. */
  sign(text: string): string;
  /**
   * A signature for each of the texts, which anybody verifies by itself; they cost about as much as one.
   * Not the ones that {@link sign} makes, and others in other company.
   */
  signAll(texts: readonly string[]): string[];
  /** Of {@link sign} and {@link signAll}. Never throws: a malformed key or signature is simply not valid. */
  verify(publicKey: string, text: string, signature: string): boolean;
  /** Keyed digest (HMAC-SHA-256) under a secret that only this node has, as hex. */
  mac(text: string): string;
  /**
   * Seals the text (HPKE, base mode) to an X25519 public key in base64url; it opens with the same
   * `info` only. Base64url; null when nothing can be sealed to that key.
   */
  seal(to: string, info: string, text: string): string | null;
}

export type DocumentType =
  | 'resource-spec'
  | 'sell-order'
  | 'buy-order'
  | 'agreement-part'
  | 'meter'
  | 'organization'
  | 'keys'
  | 'hub-list'
  | 'vote'
  | 'mark'
  | 'part-update';

/**
 * A DSSE envelope. `payload` is the JSON text itself (exported bundles carry it as base64, as DSSE
 * does on the wire); what is verified is this text, never a re-serialisation.
 */
export interface SignedDocument {
  payloadType: string;
  payload: string;
  signatures: { keyId: NodeId; signature: string }[];
}

export function payloadTypeOf(type: DocumentType): string {
  return `application/vnd.sparegrid.${type}+json`;
}

/** DSSE pre-authentication encoding; lengths count UTF-8 bytes. */
export function preAuthEncoding(payloadType: string, payload: string): string {
  return `DSSEv1 ${utf8Length(payloadType)} ${payloadType} ${utf8Length(payload)} ${payload}`;
}

/** Digest of the payload: the name under which a document is referred to. */
export function documentDigest(crypto: Crypto, document: SignedDocument): string {
  return crypto.digest(document.payload);
}

/** Writes `value` canonically and signs it as `keyId`. */
export function signDocument(
  crypto: Crypto,
  keyId: NodeId,
  type: DocumentType,
  value: JsonValue,
): SignedDocument {
  const unsigned = { payloadType: payloadTypeOf(type), payload: canonicalJson(value) };
  const signature = crypto.sign(preAuthEncoding(unsigned.payloadType, unsigned.payload));
  return { ...unsigned, signatures: [{ keyId, signature }] };
}

/** True when the envelope has this type and a valid signature by `keyId` under `publicKey`. */
export function isSignedBy(
  crypto: Crypto,
  document: SignedDocument,
  type: DocumentType,
  keyId: NodeId,
  publicKey: string,
): boolean {
  if (document.payloadType !== payloadTypeOf(type)) return false;
  const text = preAuthEncoding(document.payloadType, document.payload);
  return document.signatures.some(
    (entry) => entry.keyId === keyId && crypto.verify(publicKey, text, entry.signature),
  );
}

/** The same for a signer whose key changes: any of its valid keys will do, none of no keys. */
export function isSignedByAny(
  crypto: Crypto,
  document: SignedDocument,
  type: DocumentType,
  keyId: NodeId,
  publicKeys: readonly string[],
): boolean {
  return publicKeys.some((key) => isSignedBy(crypto, document, type, keyId, key));
}
