/**
 * Frames as bytes on a stream: u32 length of what follows, u16 signature length, signature, text.
 * Lengths are big-endian; the text is UTF-8.
 */
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import { TEXT_BYTES_MAX } from './read-json.ts';

const SIGNATURE_BYTES_MAX = 512;
/** Of the length before each frame. */
export const LENGTH_BYTES = 4;
/** Largest length that a sender may state. */
export const WIRE_BYTES_MAX = 2 + SIGNATURE_BYTES_MAX + TEXT_BYTES_MAX;

/** What a parser finds: a frame, or a refusal; after a fatal one the stream cannot be read on. */
export type WireItem =
  | { kind: 'frame'; text: string; signature: string }
  | { kind: 'refused'; refusal: Refusal; fatal: boolean };

export function encodeWire(text: string, signature: string): Buffer {
  const textBytes = Buffer.byteLength(text);
  const signatureBytes = Buffer.byteLength(signature);
  const wire = Buffer.allocUnsafe(LENGTH_BYTES + 2 + signatureBytes + textBytes);
  wire.writeUInt32BE(2 + signatureBytes + textBytes, 0);
  wire.writeUInt16BE(signatureBytes, LENGTH_BYTES);
  wire.write(signature, LENGTH_BYTES + 2);
  wire.write(text, LENGTH_BYTES + 2 + signatureBytes);
  return wire;
}

/** Finds the frames in a stream, however it is cut into chunks. */
export class WireParser {
  #buffer = Buffer.alloc(0);
  #used = 0;
  #broken = false;
  /** Keeps a byte order mark: what is verified must be what was sent. */
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** A stated length above {@link WIRE_BYTES_MAX} is refused before its bytes are waited for. */
  push(chunk: Uint8Array): WireItem[] {
    if (this.#broken) return [];
    this.#append(chunk);
    const items: WireItem[] = [];
    let at = 0;
    while (this.#used - at >= LENGTH_BYTES) {
      const length = this.#buffer.readUInt32BE(at);
      if (length > WIRE_BYTES_MAX) {
        items.push(this.#break(length));
        return items;
      }
      if (this.#used - at - LENGTH_BYTES < length) break;
      const start = at + LENGTH_BYTES;
      at = start + length;
      items.push(this.#read(this.#buffer.subarray(start, at)));
    }
    this.#discard(at);
    return items;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#used);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#used);
    this.#used = needed;
  }

  #discard(bytes: number): void {
    this.#buffer.copyWithin(0, bytes, this.#used);
    this.#used -= bytes;
    if (this.#used === 0) this.#buffer = Buffer.alloc(0);
  }

  #break(length: number): WireItem {
    this.#broken = true;
    this.#discard(this.#used);
    const hint = `length: expected at most ${WIRE_BYTES_MAX}, got ${length}`;
    return { kind: 'refused', refusal: refuse('LINK_TOO_LARGE', hint), fatal: true };
  }

  #read(body: Buffer): WireItem {
    const textAt = body.length < 2 ? Number.POSITIVE_INFINITY : 2 + body.readUInt16BE(0);
    if (textAt > body.length) return malformed('signature: its length exceeds the frame');
    try {
      const text = this.#utf8.decode(body.subarray(textAt));
      return { kind: 'frame', text, signature: body.toString('latin1', 2, textAt) };
    } catch {
      return malformed('text: expected UTF-8');
    }
  }
}

function malformed(hint: string): WireItem {
  return { kind: 'refused', refusal: refuse('LINK_MALFORMED', hint), fatal: false };
}
