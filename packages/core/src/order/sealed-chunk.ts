/** Sealed chunks of program output as hubs see them: what they may know of a text they cannot read. */

/**
 * `end`: nothing follows of a result. `too-large`: the result is larger than its lessor hands over.
 * Hubs need these words; the reader finds them confirmed inside the seal.
 */
export type SealedKind = 'more' | 'end' | 'too-large';

/** Adds this much to a plain text. */
const TAG_BYTES = 16;

/** Kind, name of the sealer's life, number there, place in the stream, ciphertext. */
const FORM =
  /^(more|end|too-large)\.[A-Za-z0-9_-]{22}\.(?:0|[1-9][0-9]{0,14})\.(?:0|[1-9][0-9]{0,14})\.([A-Za-z0-9_-]+)$/;

/** Undefined for a text that is not sealed. */
export function sealedKind(text: string): SealedKind | undefined {
  return FORM.exec(text)?.[1] as SealedKind | undefined;
}

/** Bytes of the plain text; of one that is not sealed, its length. */
export function sealedBytes(text: string): number {
  const sealed = FORM.exec(text)?.[2];
  return sealed === undefined ? text.length : Math.floor((sealed.length * 3) / 4) - TAG_BYTES;
}
