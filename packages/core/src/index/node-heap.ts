/** Nodes of the tree that may hold a good lot, the most promising first. */

export class NodeHeap {
  #keys = new Float64Array(256);
  #nodes = new Int32Array(256);
  #cells = new Int32Array(256);
  #length = 0;
  /** The node taken last. */
  node = 0;
  cell = 0;

  clear(): void {
    this.#length = 0;
  }

  push(key: number, node: number, cell: number): void {
    if (this.#length === this.#keys.length) this.#grow();
    let at = this.#length;
    this.#length += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#keys[parent]! <= key) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#keys[at] = key;
    this.#nodes[at] = node;
    this.#cells[at] = cell;
  }

  /** Takes out the node of the smallest key and returns the key; NaN when there is none. */
  pop(): number {
    if (this.#length === 0) return Number.NaN;
    const smallest = this.#keys[0]!;
    this.node = this.#nodes[0]!;
    this.cell = this.#cells[0]!;
    this.#length -= 1;
    const last = this.#length;
    const key = this.#keys[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#keys[child + 1]! < this.#keys[child]!) child += 1;
      if (this.#keys[child]! >= key) break;
      this.#move(child, at);
      at = child;
    }
    this.#move(last, at);
    return smallest;
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from]!;
    this.#nodes[to] = this.#nodes[from]!;
    this.#cells[to] = this.#cells[from]!;
  }

  #grow(): void {
    const [keys, nodes, cells] = [this.#keys, this.#nodes, this.#cells];
    this.#keys = new Float64Array(keys.length * 2);
    this.#nodes = new Int32Array(keys.length * 2);
    this.#cells = new Int32Array(keys.length * 2);
    this.#keys.set(keys);
    this.#nodes.set(nodes);
    this.#cells.set(cells);
  }
}
