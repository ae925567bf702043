/** Reads what many changes of stock will need, so that the processor waits for all of it at once. */
import { INVENTORY_WORDS } from './device-inventories.ts';
import { INVENTORY, LEAF, ROW_WORDS } from './lot-rows.ts';
import type { LotTables } from './lot-tables.ts';
import { type LotTree, NODE_WORDS, PARENT, ROOT_BIT } from './lot-tree.ts';

export class ReadAhead {
  /** What was read: a compiler leaves out reads whose result goes nowhere. */
  words = 0;
  readonly #lots: LotTables;
  readonly #tree: LotTree;

  constructor(lots: LotTables, tree: LotTree) {
    this.#lots = lots;
    this.#tree = tree;
  }

  /**
   * Reads rows, inventories and nodes of the lots of the changes `from` to `to` - 1. What is found by
   * what was read before has a pass of its own. Most changes widen bounds up to two nodes above the
   * leaf; higher ones are few, and near already.
   */
  read(changes: readonly { lot: number }[], from: number, to: number): void {
    const { words } = this.#lots.rows;
    const { meta } = this.#lots.inventories;
    const { nodes } = this.#tree;
    let read = 0;
    for (let at = from; at < to; at += 1) {
      const base = changes[at]!.lot * ROW_WORDS;
      read ^= words[base]! ^ words[base + LEAF]!;
    }
    for (let at = from; at < to; at += 1) {
      const base = changes[at]!.lot * ROW_WORDS;
      read ^= meta[words[base + INVENTORY]! * INVENTORY_WORDS]!;
      read ^= touched(nodes, words[base + LEAF]!);
    }
    for (let at = from; at < to; at += 1) {
      const leaf = words[changes[at]!.lot * ROW_WORDS + LEAF]!;
      read ^= touched(nodes, above(nodes, leaf));
    }
    for (let at = from; at < to; at += 1) {
      const leaf = words[changes[at]!.lot * ROW_WORDS + LEAF]!;
      read ^= touched(nodes, above(nodes, above(nodes, leaf)));
    }
    this.words = read;
  }
}

/** A wide lot has no leaf: what lies beyond the end reads as undefined, which counts as zero. */
function touched(nodes: Uint32Array, node: number): number {
  const at = node * NODE_WORDS;
  return nodes[at]! ^ nodes[at + NODE_WORDS / 2]!;
}

/** The node above; itself for a root, and for what is no node. */
function above(nodes: Uint32Array, node: number): number {
  const parent = nodes[node * NODE_WORDS + PARENT]!;
  return parent < ROOT_BIT ? parent : node;
}
