/** A set of named deadlines on the elapsed clock: set, move, and take what is due, in order. */
import { compareIds } from './ids.ts';

interface Entry {
  atMs: number;
  name: string;
}

/**
 * Binary heap with lazy removal: `set` is O(log n), `due` O(log n) per name taken. Names due at the
 * same time come out in code-unit order, so the result never depends on insertion order.
 */
export class Deadlines {
  readonly #current = new Map<string, number>();
  #heap: Entry[] = [];

  /** Sets or moves the deadline of `name`. */
  set(name: string, atMs: number): void {
    if (this.#current.get(name) === atMs) return;
    this.#current.set(name, atMs);
    this.#push({ atMs, name });
    if (this.#heap.length > 4 * this.#current.size + 64) this.#compact();
  }

  clear(name: string): void {
    this.#current.delete(name);
  }

  get(name: string): number | undefined {
    return this.#current.get(name);
  }

  /** The earliest deadline, or undefined when none is set. */
  next(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.atMs;
  }

  /** Takes and returns one name whose deadline is at or before `nowMs`, earliest first. */
  takeDue(nowMs: number): string | undefined {
    this.#dropStale();
    const top = this.#heap[0];
    if (!top || top.atMs > nowMs) return undefined;
    this.#current.delete(top.name);
    this.#pop();
    return top.name;
  }

  #dropStale(): void {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (this.#current.get(top.name) === top.atMs) return;
      this.#pop();
    }
  }

  #compact(): void {
    const entries = [...this.#current].map(([name, atMs]) => ({ atMs, name }));
    this.#heap = [];
    for (const entry of entries) this.#push(entry);
  }

  #before(a: Entry, b: Entry): boolean {
    return a.atMs !== b.atMs ? a.atMs < b.atMs : compareIds(a.name, b.name) < 0;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!this.#before(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && this.#before(heap[right] as Entry, heap[child] as Entry)) {
        child = right;
      }
      if (!this.#before(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}
