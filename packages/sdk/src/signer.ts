/** A participant's key as the client uses it: in browsers and in Node, never shown to anybody. */
import { LinkFault } from '@sparegrid/link/fault';
import { ROOT_TEXT } from '@sparegrid/link/sealing/lessee-secrets';

export interface Signer {
  /** Ed25519 over the UTF-8 text; base64. The same text must always give the same signature. */
  sign(text: string): Promise<string>;
  /** SHA-256 of the UTF-8 text; base64. */
  digest(text: string): Promise<string>;
}

/** From a PKCS #8 PEM text, as key files hold it. @throws LinkFault KEY_MALFORMED */
export async function signerOf(pem: string): Promise<Signer> {
  const [, body] =
    /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(pem) ?? [];
  const hint = 'Expected an Ed25519 key as PKCS #8 PEM.';
  if (body === undefined) throw new LinkFault('KEY_MALFORMED', hint);
  try {
    const der = Uint8Array.from(atob(body.replace(/\s/g, '')), (character) =>
      character.charCodeAt(0),
    );
    return signerWith(await crypto.subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign']));
  } catch (cause) {
    throw new LinkFault('KEY_MALFORMED', hint, { cause });
  }
}

/** `CryptoKey`, under the name that all platforms' types share. */
type SigningKey = Parameters<typeof crypto.subtle.sign>[1];

/** With a key of the platform, which may be one that cannot be exported. */
export function signerWith(key: SigningKey): Signer {
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  return {
    sign: async (text) => base64(await crypto.subtle.sign('Ed25519', key, bytesOf(text))),
    digest: async (text) => base64(await crypto.subtle.digest('SHA-256', bytesOf(text))),
  };
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

/** The root of the lessee's secrets: nothing but the key yields it. Ed25519 signatures never vary. */
export async function rootOf(signer: Signer): Promise<string> {
  return signer.digest(await signer.sign(ROOT_TEXT));
}

/** As documents name it: `sha256:` and hex. */
export async function digestOf(signer: Signer, text: string): Promise<string> {
  const bytes = atob(await signer.digest(text));
  const hex = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0'));
  return `sha256:${hex.join('')}`;
}
