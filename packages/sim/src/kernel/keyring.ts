/** Cheap deterministic stand-in for keys and signatures, of the same shapes as the real ones. */
import { hash } from 'node:crypto';
import type { Crypto } from '@sparegrid/core/units/document';
import type { NodeId } from '@sparegrid/core/units/ids';

/**
 * Signing hashes a secret with the text; verifying looks the secret up by the public key. A
 * signature is as long as Ed25519's, and whoever lacks the secret cannot make a valid one.
 */
export class Keyring {
  readonly #seed: string;
  readonly #secrets = new Map<string, string>();
  readonly #further = new Map<NodeId, string[]>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  publicKeyOf(node: NodeId): string {
    const secret = hash('sha256', `secret ${this.#seed} ${node}`, 'hex');
    const publicKey = hash('sha256', `public ${secret}`, 'base64');
    this.#secrets.set(publicKey, secret);
    return publicKey;
  }

  /** The node has this key as well from now on: that of another name. */
  addKey(node: NodeId, name: string): void {
    this.#further.set(node, [...(this.#further.get(node) ?? []), this.publicKeyOf(name)]);
  }

  /** Every key that the node ever signed with. */
  keysOf(node: NodeId): string[] {
    return [this.publicKeyOf(node), ...(this.#further.get(node) ?? [])];
  }

  /** What `node` holds: its own secret (or that of its later name), and everybody's public keys. */
  cryptoOf(node: string): Crypto {
    const publicKey = this.publicKeyOf(node);
    return {
      digest: (text) => `sha256:${hash('sha256', text, 'hex')}`,
      seal: (to, info, text) => hash('sha512', `${to} ${info} ${text}`, 'base64url'),
      mac: (text) => hash('sha256', `mac ${this.#secrets.get(publicKey)} ${text}`, 'hex'),
      sign: (text) => this.#sign(publicKey, text),
      signAll: (texts) => texts.map((text) => this.#sign(publicKey, text)),
      verify: (key, text, signature) =>
        this.#secrets.has(key) && this.#sign(key, text) === signature,
    };
  }

  #sign(publicKey: string, text: string): string {
    return hash('sha512', `${this.#secrets.get(publicKey)} ${text}`, 'base64');
  }
}
