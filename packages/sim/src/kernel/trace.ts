/** The trace: one hash over every event, so that two runs can be compared by a single value. */
import { createHash, type Hash } from 'node:crypto';

/** Feeds events into a hash as they happen; nothing is kept, unless a listener asks for the text. */
export class Trace {
  readonly #hash: Hash = createHash('sha256');
  readonly #listener: ((line: string) => void) | null;
  #events = 0;

  constructor(listener: ((line: string) => void) | null = null) {
    this.#listener = listener;
  }

  get events(): number {
    return this.#events;
  }

  /** Adds one event: when, what, where, and anything that tells it from others. */
  add(atMs: number, kind: string, node: string, detail = ''): void {
    this.#events += 1;
    const line = `${atMs} ${kind} ${node} ${detail}\n`;
    this.#hash.update(line);
    this.#listener?.(line);
  }

  /** Ends the trace. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 32);
  }
}
