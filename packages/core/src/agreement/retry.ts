/** When to send an unanswered message again: doubling waits up to a bound, per thing waited for. */
import type { Timing } from './timing.ts';

export class Retry {
  readonly #waits = new Map<string, number>();

  /** The wait before the next try, doubled at each call until {@link reset}. */
  next(name: string, timing: Timing): number {
    const wait = this.#waits.get(name) ?? timing.retryMs;
    this.#waits.set(name, Math.min(wait * 2, timing.retryMaxMs));
    return wait;
  }

  reset(name: string): void {
    this.#waits.delete(name);
  }
}
