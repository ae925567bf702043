/** Rings when something may have changed; a ring between two looks is never missed. */

export class Bell {
  /** Number of rings so far: remember it before looking, then wait for {@link after} it. */
  count = 0;
  #waiting = new Set<() => void>();

  ring(): void {
    this.count += 1;
    for (const wake of this.#waiting) wake();
  }

  /**
   * Ends at the first ring after `count`, or after `timeoutMs` (null: never by time).
   *
   * @throws the reason of `signal` when it aborts
   */
  async after(count: number, timeoutMs: number | null, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.count > count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = timeoutMs === null ? undefined : setTimeout(resolve, timeoutMs);
    this.#waiting.add(resolve);
    const abort = () => resolve();
    signal?.addEventListener('abort', abort);
    await promise;
    signal?.removeEventListener('abort', abort);
    clearTimeout(timer);
    this.#waiting.delete(resolve);
    signal?.throwIfAborted();
  }
}
