/** How long something may stay silent: a signal that aborts with another one, or when it was quiet too long. */

/** Signals that `AbortSignal.any` makes of one another may be collected before they abort. */
export class Patience {
  readonly #end = new AbortController();
  readonly #letGo: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param silentMs  from now on; null: as long as `outer` allows. */
  constructor(outer: AbortSignal, silentMs: number | null) {
    const abort = () => this.#end.abort(outer.reason);
    outer.addEventListener('abort', abort);
    this.#letGo = () => outer.removeEventListener('abort', abort);
    if (outer.aborted) abort();
    if (silentMs !== null) this.#renew(silentMs);
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** The pieces, each of which renews the patience. */
  async *over<T>(pieces: AsyncIterable<T>, silentMs: number): AsyncGenerator<T, void, void> {
    this.#renew(silentMs);
    for await (const piece of pieces) {
      this.#renew(silentMs);
      yield piece;
    }
  }

  /** Must be called in the end. */
  end(): void {
    clearTimeout(this.#timer);
    this.#letGo();
  }

  #renew(silentMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end.abort(), silentMs);
  }
}
