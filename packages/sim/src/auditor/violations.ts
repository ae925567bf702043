/** Where broken promises are counted; each has a stable name and says where and when. */

export interface Violation {
  /** Stable name `<subject>.<what>`. */
  name: string;
  node: string;
  /** Of the order, agreement, part, container, row or frame that it is about. */
  id: string;
  /** Virtual time. */
  atMs: number;
  detail: string;
}

/** Details beyond this many are only counted. */
const KEPT_MAX = 200;

export class Violations {
  readonly kept: Violation[] = [];
  /** Of all there were. */
  readonly names = new Set<string>();
  count = 0;
  readonly #seen = new Set<string>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Counts it once per name, node and id: the same fault seen again at every step is one. */
  add(name: string, node: string, id: string, detail: string): void {
    const key = `${name} ${node} ${id}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.count += 1;
    this.names.add(name);
    if (this.kept.length < KEPT_MAX) {
      this.kept.push({ name, node, id, atMs: this.#nowMs(), detail });
    }
  }
}

/** Adds a violation; what every check gets. */
export type Violate = (name: string, node: string, id: string, detail: string) => void;
