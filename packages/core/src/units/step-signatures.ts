/** What a node signs in one step is signed together, at the end of the step. */
import {
  type Crypto,
  type DocumentType,
  payloadTypeOf,
  preAuthEncoding,
  type SignedDocument,
} from './document.ts';
import type { NodeId } from './ids.ts';
import { canonicalJson, type JsonValue } from './json.ts';

/** Something that holds a signature once the step ends; until then an empty text. */
interface Holder {
  signature: string;
}

/**
 * Signing takes a node longer than all else that it does for an agreement. Documents are given away
 * unsigned within the step that makes them, and get their signatures, in place, before the step's
 * records and messages are written: {@link Crypto.signAll} makes one for all of them.
 */
export class StepSignatures {
  readonly #crypto: Crypto;
  readonly #wanted: { text: string; holders: Holder[] }[] = [];
  readonly #byHolder = new Map<Holder, Holder[]>();

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  /** Writes `value` canonically; signed by `keyId` when the step ends. */
  sign(keyId: NodeId, type: DocumentType, value: JsonValue): SignedDocument {
    const unsigned = { payloadType: payloadTypeOf(type), payload: canonicalJson(value) };
    return { ...unsigned, signatures: [this.#want(keyId, unsigned)] };
  }

  /** A new envelope over the same bytes; signed by `keyId`, too, when the step ends. */
  countersign(keyId: NodeId, document: SignedDocument): SignedDocument {
    return { ...document, signatures: [...document.signatures, this.#want(keyId, document)] };
  }

  /** `holder` gets what `from` holds, or will hold. */
  share(from: Holder, holder: Holder): void {
    const holders = this.#byHolder.get(from);
    if (holders) this.#add(holders, holder);
    else holder.signature = from.signature;
  }

  /** To be called once in a step, when nothing more is signed in it. */
  make(): void {
    if (this.#wanted.length === 0) return;
    const signatures = this.#crypto.signAll(this.#wanted.map(({ text }) => text));
    for (const [at, { holders }] of this.#wanted.entries()) {
      for (const holder of holders) holder.signature = signatures[at] as string;
    }
    this.#wanted.length = 0;
    this.#byHolder.clear();
  }

  #want(keyId: NodeId, { payloadType, payload }: Omit<SignedDocument, 'signatures'>) {
    const entry = { keyId, signature: '' };
    const holders: Holder[] = [];
    this.#wanted.push({ text: preAuthEncoding(payloadType, payload), holders });
    this.#add(holders, entry);
    return entry;
  }

  #add(holders: Holder[], holder: Holder): void {
    holders.push(holder);
    this.#byHolder.set(holder, holders);
  }
}
