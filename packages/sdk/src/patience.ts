/** How long something may stay silent: a signal that aborts with another one, or when it was quiet too long. */

/** Whether so long a silence in all is the end of it; else it goes on. Does not reject. */
export type IsOver = (silentMs: number) => Promise<boolean>;

/** Signals that `AbortSignal.any` makes of one another may be collected before they abort. */
export class Patience {
  readonly #end = new AbortController();
  readonly #letGo: () => void;
  #isOver: IsOver;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param everyMs  of silence from now on, `isOver` is asked; null: never. */
  constructor(outer: AbortSignal, everyMs: number | null, isOver: IsOver = async () => true) {
    this.#isOver = isOver;
    const abort = () => this.#end.abort(outer.reason);
    outer.addEventListener('abort', abort);
    this.#letGo = () => outer.removeEventListener('abort', abort);
    if (outer.aborted) abort();
    if (everyMs !== null) this.#renew(everyMs);
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** The pieces, each of which renews the patience. */
  async *over<T>(
    pieces: AsyncIterable<T>,
    everyMs: number,
    isOver: IsOver,
  ): AsyncGenerator<T, void, void> {
    this.#isOver = isOver;
    this.#renew(everyMs);
    for await (const piece of pieces) {
      this.#renew(everyMs);
      yield piece;
    }
  }

  /** Must be called in the end. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#letGo();
  }

  #renew(everyMs: number, silentMs = everyMs): void {
    clearTimeout(this.#timer);
    const timer = setTimeout(async () => {
      const isOver = await this.#isOver(silentMs);
      // Meanwhile something was heard, or nobody waits any more.
      if (this.#timer !== timer) return;
      if (isOver) this.#end.abort();
      else this.#renew(everyMs, silentMs + everyMs);
    }, everyMs);
    this.#timer = timer;
  }
}
