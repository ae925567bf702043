/** What a container leaves, chunk by chunk, from the lessor's agent to the lessee. */
import type { LogChunk } from '@sparegrid/core/messages';
import { type SealedKind, sealedKind } from '@sparegrid/core/order/sealed-chunk';
import type { ContainerId } from '@sparegrid/core/units/ids';
import {
  aesKey,
  type Bytes,
  base64,
  base64url,
  bytesOf,
  decrypt,
  derive,
  encrypt,
  type Key,
  NONCE_BYTES,
  textOf,
  utf8,
} from './primitives.ts';

const LIFE_BYTES = 16;
/** Stands for a result that is larger than allowed, in the place of its text. */
const TOO_LARGE = 'too-large';

/** Streams that hubs read: they manage leases by them. */
export function isReadable(stream: LogChunk['stream']): boolean {
  return stream === 'life' || stream === 'usage';
}

/**
 * Seals for one container in one life of the agent. Each life draws a name of its own, from which its
 * key is derived, and counts its nonces: however often an agent restarts or sends a chunk again, no
 * nonce is used twice under one key. Name and number travel with the chunk.
 */
export class OutputSealer {
  readonly #container: ContainerId;
  readonly #life: string;
  readonly #key: Key;
  #count = 0;

  private constructor(container: ContainerId, life: string, key: Key) {
    this.#container = container;
    this.#life = life;
    this.#key = key;
  }

  static async of(output: Bytes, container: ContainerId): Promise<OutputSealer> {
    const life = crypto.getRandomValues(new Uint8Array(LIFE_BYTES));
    return new OutputSealer(container, base64url(life), await keyOf(output, life, container));
  }

  /** It opens at this place only. */
  async seal({ seq, stream, offset, text }: PlainChunk): Promise<string> {
    const kind = stream === 'result' ? kindOf(text) : 'more';
    const number = this.#count;
    this.#count += 1;
    const plain = kind !== 'more' ? utf8('') : stream === 'result' ? bytesOf(text) : utf8(text);
    const bound = boundOf({ container: this.#container, seq, stream }, kind, offset);
    const sealed = await encrypt(this.#key, nonceOf(number), plain, bound);
    return `${kind}.${this.#life}.${number}.${offset}.${base64url(sealed)}`;
  }
}

export interface PlainChunk extends Pick<LogChunk, 'seq' | 'stream' | 'text'> {
  /** Bytes of the stream before this chunk. */
  offset: number;
}

function kindOf(text: string): SealedKind {
  return text === '' ? 'end' : text === TOO_LARGE ? 'too-large' : 'more';
}

/** Opens what the containers of one part left, whichever lives of its agent sealed it. */
export class OutputOpener {
  readonly #output: Bytes;
  readonly #keys = new Map<string, Promise<Key>>();

  constructor(output: Bytes) {
    this.#output = output;
  }

  /** @throws when it is not sealed, or not by the lessor, or not what was at this place */
  async open({
    container,
    seq,
    stream,
    text,
  }: LogChunk): Promise<{ text: string; offset: number }> {
    const kind = sealedKind(text);
    const [, life = '', number = '', offset = '', body = ''] = text.split('.');
    if (!kind) throw new Error('not sealed');
    const key = await this.#keyOf(container, life);
    const place = Number(offset);
    const bound = boundOf({ container, seq, stream }, kind, place);
    const plain = await decrypt(key, nonceOf(Number(number)), bytesOf(body), bound);
    const opened = stream === 'result' ? base64(plain) : textOf(plain);
    return { text: kind === 'too-large' ? TOO_LARGE : opened, offset: place };
  }

  #keyOf(container: ContainerId, life: string): Promise<Key> {
    const name = `${container} ${life}`;
    const known = this.#keys.get(name) ?? keyOf(this.#output, bytesOf(life), container);
    this.#keys.set(name, known);
    return known;
  }
}

async function keyOf(output: Bytes, life: Bytes, container: ContainerId): Promise<Key> {
  return aesKey(await derive(output, life, `sparegrid/1 chunks ${container}`));
}

function nonceOf(number: number): Bytes {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(NONCE_BYTES - 8, BigInt(number));
  return nonce;
}

function boundOf(
  { container, seq, stream }: Pick<LogChunk, 'container' | 'seq' | 'stream'>,
  kind: SealedKind,
  offset: number,
): string {
  return `sparegrid/1 chunk ${container} ${seq} ${stream} ${kind} ${offset}`;
}
