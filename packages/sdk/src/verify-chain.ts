/** Verifies chains of keys with WebCrypto, which can only be awaited. */
import type { KeyChain, TrustAnchor } from '@sparegrid/core/identity/statements';
import { type KeyWanted, type VerifyTime, verifyKeyChain } from '@sparegrid/core/identity/verify';
import type { Crypto } from '@sparegrid/core/units/document';
import { documentReader } from '@sparegrid/link/documents';
import { bytesOf, utf8 } from '@sparegrid/link/sealing/primitives';

/** Thrown when the core asks for a signature that is not looked at yet. */
class Unknown {
  readonly key: string;
  readonly text: string;
  readonly signature: string;

  constructor(key: string, text: string, signature: string) {
    this.key = key;
    this.text = text;
    this.signature = signature;
  }
}

/**
 * The core's {@link verifyKeyChain}, which is synchronous: it is asked again with each signature
 * looked at that it stopped at, and there are as many as links.
 */
export async function verifyChain(
  anchor: TrustAnchor,
  chain: KeyChain,
  wanted: KeyWanted,
  time: VerifyTime,
): Promise<ReturnType<typeof verifyKeyChain>> {
  const known = new Map<string, boolean>();
  const nameOf = (key: string, text: string, signature: string) => `${key} ${signature} ${text}`;
  const crypto: Crypto = {
    digest: unused,
    sign: unused,
    signAll: unused,
    mac: unused,
    seal: unused,
    verify: (key, text, signature) => {
      const answer = known.get(nameOf(key, text, signature));
      if (answer === undefined) throw new Unknown(key, text, signature);
      return answer;
    },
  };
  for (;;) {
    try {
      return verifyKeyChain({ crypto, documents: documentReader }, anchor, chain, wanted, time);
    } catch (asked) {
      if (!(asked instanceof Unknown)) throw asked;
      const { key, text, signature } = asked;
      known.set(nameOf(key, text, signature), await isValid(key, text, signature));
    }
  }
}

async function isValid(key: string, text: string, signature: string): Promise<boolean> {
  try {
    const { subtle } = globalThis.crypto;
    const imported = await subtle.importKey('raw', bytesOf(key), 'Ed25519', false, ['verify']);
    return await subtle.verify('Ed25519', imported, bytesOf(signature), utf8(text));
  } catch {
    // A malformed key or signature is simply not valid.
    return false;
  }
}

function unused(): never {
  throw new Error('broken invariant: verifying needs signatures only');
}
