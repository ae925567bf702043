/** The virtual clock: a heap of things to do, taken strictly by time, then by order of asking. */

interface Entry {
  atMs: number;
  order: number;
  run: () => void;
}

const INSTANT_EVENTS_MAX = 200_000;

/** Time stands still while an entry runs; entries of the same instant run in the order asked. */
export class EventQueue {
  #nowMs = 0;
  #asked = 0;
  #instantEvents = 0;
  readonly #heap: Entry[] = [];

  /** Virtual milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Runs `run` after `delayMs`. */
  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + Math.max(0, delayMs), run);
  }

  at(atMs: number, run: () => void): void {
    const heap = this.#heap;
    const entry: Entry = { atMs: Math.max(atMs, this.#nowMs), order: this.#asked, run };
    this.#asked += 1;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Runs entries until `untilMs` (included), or until `isDone` says so between two entries. */
  run(untilMs: number, isDone: () => boolean): void {
    for (let top = this.#heap[0]; top && top.atMs <= untilMs; top = this.#heap[0]) {
      if (isDone()) return;
      this.#pop();
      this.#countInstant(top.atMs);
      this.#nowMs = top.atMs;
      top.run();
    }
    if (!isDone()) this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Time that never goes on would be an endless run. */
  #countInstant(atMs: number): void {
    this.#instantEvents = atMs === this.#nowMs ? this.#instantEvents + 1 : 0;
    if (this.#instantEvents > INSTANT_EVENTS_MAX) {
      throw new Error(`virtual time stands still at ${atMs} ms`);
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) {
        child += 1;
      }
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.order < b.order;
}
