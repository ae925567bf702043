/** Everything secret about one order, derived from its lessee's key: whoever has the key, reads. */
import type { PartId } from '@sparegrid/core/units/ids';
import { type Bytes, base64url, bytesOf, derive, type KeyPair, suite, utf8 } from './primitives.ts';

/** What a lessee's key signs to become the root of its secrets; it signs no other text of this form. */
export const ROOT_TEXT = 'sparegrid/1 root of the secrets of a lessee';

/**
 * Nothing of an order is stored by the client: its keys come from the lessee's root and the order's
 * salt, which is random. So a client that submitted and went away needs no successor but another one
 * of the same key, on any machine; and a lost key loses results.
 */
export class OrderSecrets {
  /** Proves towards agents who releases the task's key. */
  readonly pair: KeyPair;
  /** Of the task's private part. */
  readonly content: Bytes;
  readonly #root: Bytes;
  readonly #salt: Bytes;

  private constructor(root: Bytes, salt: Bytes, pair: KeyPair, content: Bytes) {
    this.#root = root;
    this.#salt = salt;
    this.pair = pair;
    this.content = content;
  }

  /** @param root  base64 of the digest of the signature of {@link ROOT_TEXT}. */
  static async of(root: string, salt: string): Promise<OrderSecrets> {
    const [rootBytes, saltBytes] = [bytesOf(root), utf8(salt)];
    const seed = await derive(rootBytes, saltBytes, 'sparegrid/1 order key');
    const content = await derive(rootBytes, saltBytes, 'sparegrid/1 content');
    const pair = await suite.kem.deriveKeyPair(seed.buffer);
    return new OrderSecrets(rootBytes, saltBytes, pair, content);
  }

  /** Of what one part leaves: no lessor can open the output of another one. */
  output(part: PartId): Promise<Bytes> {
    return derive(this.#root, this.#salt, `sparegrid/1 output ${part}`);
  }
}

export async function publicTextOf(pair: KeyPair): Promise<string> {
  return base64url(new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)));
}
