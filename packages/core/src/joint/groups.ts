/** Disjoint groups of the numbers 0 to `size - 1`: each alone at first. */
export class Groups {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, i) => i);
  }

  of(i: number): number {
    let root = i;
    while (this.#parent[root] !== root) root = this.#parent[root]!;
    for (let at = i; at !== root; ) {
      const next = this.#parent[at]!;
      this.#parent[at] = root;
      at = next;
    }
    return root;
  }

  join(i: number, k: number): void {
    this.#parent[this.of(i)] = this.of(k);
  }
}
