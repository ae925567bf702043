/** A bounded queue of outgoing frames that gives up its oldest ones when it overflows. */

/** Default bound: some seconds of a busy link, a few large snapshots. */
export const QUEUE_BYTES_MAX = 64 * 1_048_576;

/** Frames are only dropped here: what a slow receiver misses, its sender's retries repair. */
export class SendQueue<T> {
  dropped = 0;
  readonly #bytesMax: number;
  #bytes = 0;
  #entries: { item: T; bytes: number }[] = [];
  #head = 0;

  constructor(bytesMax = QUEUE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** The newest entry always fits, so that a link is never silent for good. */
  push(item: T, bytes: number): void {
    this.#entries.push({ item, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax && this.length > 1) {
      this.shift();
      this.dropped += 1;
    }
  }

  /** The oldest entry. */
  first(): T | undefined {
    return this.#entries[this.#head]?.item;
  }

  shift(): T | undefined {
    const entry = this.#entries[this.#head];
    if (!entry) return undefined;
    this.#head += 1;
    this.#bytes -= entry.bytes;
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry.item;
  }
}
