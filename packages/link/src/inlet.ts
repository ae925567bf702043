/** Hands items to a consumer one at a time and says when its source must pause. */

/**
 * While the promise of a consumer is pending, the inlet is busy and its source shall stop; what the
 * source had already given is kept here. A consumer that fails is a broken invariant: its rejection
 * stays unhandled and ends the process.
 */
export class Inlet<T> {
  readonly #consume: (item: T) => void | Promise<void>;
  readonly #onReady: () => void;
  #waiting: T[] = [];
  #busy = false;

  /** @param onReady called whenever everything given was consumed after a pause. */
  constructor(consume: (item: T) => void | Promise<void>, onReady: () => void) {
    this.#consume = consume;
    this.#onReady = onReady;
  }

  get busy(): boolean {
    return this.#busy;
  }

  push(items: readonly T[]): void {
    this.#waiting.push(...items);
    if (!this.#busy) this.#deliver();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    for (let at = 0; at < waiting.length; at += 1) {
      const pending = this.#consume(waiting[at] as T);
      if (!pending) continue;
      this.#waiting = waiting.slice(at + 1);
      this.#busy = true;
      void pending.then(() => this.#resume());
      return;
    }
    this.#waiting = [];
  }

  #resume(): void {
    this.#busy = false;
    this.#deliver();
    if (!this.#busy) this.#onReady();
  }
}
