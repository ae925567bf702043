/** Lots in leaves of at most 64 under a tree of bounds, so that a search skips what cannot suit. */
import { grownUint32 } from '../units/growable.ts';
import { NO_LEAF } from './lot-rows.ts';
import type { LotTables } from './lot-tables.ts';
import {
  BOUND_WORDS,
  boundsOfLot,
  clearBounds,
  stockOfLot,
  widen,
  widenByStock,
} from './node-bounds.ts';
import { chooseSplit, SPLIT_BY_NAME } from './split-choice.ts';

export const LEAF_LOTS_MAX = 64;
/** Two leaves under one node become one again when they hold no more than this together. */
const MERGE_LOTS_MAX = 24;

/** Words of a node after its bounds. Leaves have no right child: their left one is their piece. */
export const NODE_WORDS = 32;
export const PARENT = 26;
/** 1 when a leaf's bounds may be wider than its lots; largest value of an inner node's left child. */
export const LOOSE = 27;
export const LEFT = 28;
export const RIGHT = 29;
/** Number of lots of a leaf; by which bound an inner node is split. */
export const COUNT = 30;
/** The lot that comes first by lessor and id. */
export const FIRST = 31;
export const NONE = 0xffffffff;
/** In `PARENT` of a root, with the number of its cell. */
export const ROOT_BIT = 0x80000000;

/**
 * A forest: one tree per cell. Inner nodes are split by one bound at a time, wherever their lots
 * differ most in it. Bounds only widen at once; after a removal they are tightened by the search
 * that finds nothing in the leaf.
 */
export class LotTree {
  nodes = new Uint32Array(NODE_WORDS * 64);
  /** Lots of the leaves, 64 places per piece. */
  members = new Uint32Array(LEAF_LOTS_MAX * 16);
  /** Root of each cell; {@link NONE} for a cell without lots. */
  readonly roots: number[] = [];
  /** Lots put in so far, wherever there was room. */
  inserted = 0;
  readonly #lots: LotTables;
  #nodesEnd = 0;
  #piecesEnd = 0;
  readonly #freeNodes: number[] = [];
  readonly #freePieces: number[] = [];
  readonly #one = new Uint32Array(BOUND_WORDS);
  readonly #many = new Uint32Array(BOUND_WORDS * LEAF_LOTS_MAX);

  constructor(lots: LotTables) {
    this.#lots = lots;
  }

  get bytes(): number {
    return this.nodes.byteLength + this.members.byteLength;
  }

  insert(slot: number, cell: number): void {
    this.inserted += 1;
    this.#bound(slot, this.#one);
    let node = this.roots[cell] ?? NONE;
    if (node === NONE) {
      node = this.#newLeaf((ROOT_BIT | cell) >>> 0);
      this.roots[cell] = node;
    }
    for (;;) {
      if (this.nodes[node * NODE_WORDS + RIGHT] !== NONE) node = this.#childFor(node, slot);
      else if (this.nodes[node * NODE_WORDS + COUNT]! < LEAF_LOTS_MAX) break;
      else this.#split(node);
    }
    this.#append(node, slot);
    this.#widenUp(node);
    this.#comesFirst(node, slot);
  }

  /** What is free of the lot changed. */
  stockChanged(slot: number): void {
    const { nodes } = this;
    const { rows, inventories, levels } = this.#lots;
    const stock = this.#one;
    stockOfLot(rows.words, slot, inventories, levels, stock);
    let node = rows.leafOf(slot);
    nodes[node * NODE_WORDS + LOOSE] = 1;
    while (node < ROOT_BIT && widenByStock(nodes, node * NODE_WORDS, stock)) {
      node = nodes[node * NODE_WORDS + PARENT]!;
    }
  }

  /** The lot's amounts changed, or what it shares with others. */
  changed(slot: number): void {
    const leaf = this.#lots.rows.leafOf(slot);
    this.#bound(slot, this.#one);
    this.#widenUp(leaf);
    this.nodes[leaf * NODE_WORDS + LOOSE] = 1;
  }

  remove(slot: number): void {
    const { nodes, members } = this;
    const { rows } = this.#lots;
    const leaf = rows.leafOf(slot);
    rows.setLeaf(slot, NO_LEAF);
    const at = leaf * NODE_WORDS;
    const from = nodes[at + LEFT]! * LEAF_LOTS_MAX;
    const place = this.#placeOf(leaf, slot);
    const left = nodes[at + COUNT]! - 1;
    members[place] = members[from + left]!;
    nodes[at + COUNT] = left;
    nodes[at + LOOSE] = 1;
    if (left === 0) this.#drop(leaf);
    else if (!this.#merge(leaf)) this.#newFirst(leaf, slot);
  }

  /** The cell whose tree holds the leaf. */
  cellOf(leaf: number): number {
    return this.nodes[this.#rootOf(leaf) * NODE_WORDS + PARENT]! - ROOT_BIT;
  }

  /** All leaves, those of one tree from left to right. */
  leaves(): Uint32Array {
    const found: number[] = [];
    const walk = (node: number): void => {
      const right = this.nodes[node * NODE_WORDS + RIGHT]!;
      if (right === NONE) {
        found.push(node);
        return;
      }
      walk(this.nodes[node * NODE_WORDS + LEFT]!);
      walk(right);
    };
    for (const root of this.roots) if (root !== NONE) walk(root);
    return Uint32Array.from(found);
  }

  /** Number of lots of a leaf; 0 for a node that is none, or not used any more. */
  countOf(node: number): number {
    const at = node * NODE_WORDS;
    return this.nodes[at + RIGHT] === NONE ? this.nodes[at + COUNT]! : 0;
  }

  memberOf(leaf: number, place: number): number {
    return this.members[this.nodes[leaf * NODE_WORDS + LEFT]! * LEAF_LOTS_MAX + place]!;
  }

  /** The two lots change rows; to be called before they do. */
  swapLots(a: number, b: number): void {
    const { nodes, members } = this;
    const [leafA, leafB] = [this.#lots.rows.leafOf(a), this.#lots.rows.leafOf(b)];
    const [placeA, placeB] = [this.#placeOf(leafA, a), this.#placeOf(leafB, b)];
    members[placeA] = b;
    members[placeB] = a;
    let heightB = 0;
    for (let node = leafB; node < ROOT_BIT; node = nodes[node * NODE_WORDS + PARENT]!) {
      if (nodes[node * NODE_WORDS + FIRST] !== b) break;
      heightB += 1;
    }
    for (let node = leafA; node < ROOT_BIT; node = nodes[node * NODE_WORDS + PARENT]!) {
      if (nodes[node * NODE_WORDS + FIRST] !== a) break;
      nodes[node * NODE_WORDS + FIRST] = b;
    }
    for (let node = leafB; heightB > 0; node = nodes[node * NODE_WORDS + PARENT]!) {
      nodes[node * NODE_WORDS + FIRST] = a;
      heightB -= 1;
    }
  }

  #placeOf(leaf: number, slot: number): number {
    let place = this.nodes[leaf * NODE_WORDS + LEFT]! * LEAF_LOTS_MAX;
    while (this.members[place] !== slot) place += 1;
    return place;
  }

  /** Makes the bounds of a leaf anew; what is above it follows with {@link reboundInner}. */
  reboundLeaf(node: number): void {
    if (this.countOf(node) > 0) this.#boundLeaf(node);
  }

  /** Makes the bounds of all inner nodes anew from those of the leaves. */
  reboundInner(): void {
    for (const root of this.roots) if (root !== NONE) this.#reboundInner(root);
  }

  #reboundInner(node: number): void {
    const { nodes } = this;
    const at = node * NODE_WORDS;
    const right = nodes[at + RIGHT]!;
    if (right === NONE) return;
    const left = nodes[at + LEFT]!;
    this.#reboundInner(left);
    this.#reboundInner(right);
    clearBounds(nodes, at);
    widen(nodes, at, nodes, left * NODE_WORDS);
    widen(nodes, at, nodes, right * NODE_WORDS);
  }

  /** Makes the bounds of the leaf, and of what is above it, as tight as its lots allow. */
  tighten(leaf: number): void {
    this.#boundLeaf(leaf);
    this.#tightenAbove(leaf);
  }

  #boundLeaf(leaf: number): void {
    const { nodes, members } = this;
    const at = leaf * NODE_WORDS;
    const from = nodes[at + LEFT]! * LEAF_LOTS_MAX;
    const to = from + nodes[at + COUNT]!;
    nodes[at + LOOSE] = 0;
    clearBounds(nodes, at);
    for (let place = from; place < to; place += 1) {
      this.#bound(members[place]!, this.#one);
      widen(nodes, at, this.#one, 0);
    }
  }

  #rootOf(leaf: number): number {
    let node = leaf;
    for (;;) {
      const parent = this.nodes[node * NODE_WORDS + PARENT]!;
      if (parent >= ROOT_BIT) return node;
      node = parent;
    }
  }

  #bound(slot: number, into: Uint32Array): void {
    const { rows, inventories, attributes, levels } = this.#lots;
    boundsOfLot(rows.words, slot, inventories, attributes.flags, levels, into);
  }

  #before(a: number, b: number): boolean {
    return this.#lots.compare(a, b) < 0;
  }

  #newNode(): number {
    const node = this.#freeNodes.pop() ?? this.#nodesEnd++;
    this.nodes = grownUint32(this.nodes, (node + 1) * NODE_WORDS);
    return node;
  }

  #newLeaf(parent: number): number {
    const node = this.#newNode();
    const piece = this.#freePieces.pop() ?? this.#piecesEnd++;
    this.members = grownUint32(this.members, (piece + 1) * LEAF_LOTS_MAX);
    const at = node * NODE_WORDS;
    clearBounds(this.nodes, at);
    this.nodes.set([parent, 0, piece, NONE, 0, NONE], at + PARENT);
    return node;
  }

  #append(leaf: number, slot: number): void {
    const at = leaf * NODE_WORDS;
    const count = this.nodes[at + COUNT]!;
    this.members[this.nodes[at + LEFT]! * LEAF_LOTS_MAX + count] = slot;
    this.nodes[at + COUNT] = count + 1;
    this.#lots.rows.setLeaf(slot, leaf);
  }

  /** Which child a lot with the bounds in `#one` belongs to. */
  #childFor(node: number, slot: number): number {
    const { nodes } = this;
    const at = node * NODE_WORDS;
    const by = nodes[at + COUNT]!;
    const right = nodes[at + RIGHT]!;
    const goesLeft =
      by === SPLIT_BY_NAME
        ? this.#before(slot, nodes[right * NODE_WORDS + FIRST]!)
        : this.#one[by]! <= nodes[at + LOOSE]!;
    return goesLeft ? nodes[at + LEFT]! : right;
  }

  /** Widens the leaf and what is above it by the bounds in `#one`. */
  #widenUp(leaf: number): void {
    const { nodes } = this;
    let node = leaf;
    while (widen(nodes, node * NODE_WORDS, this.#one, 0)) {
      const parent = nodes[node * NODE_WORDS + PARENT]!;
      if (parent >= ROOT_BIT) return;
      node = parent;
    }
  }

  #comesFirst(leaf: number, slot: number): void {
    const { nodes } = this;
    for (let node = leaf; node < ROOT_BIT; node = nodes[node * NODE_WORDS + PARENT]!) {
      const first = nodes[node * NODE_WORDS + FIRST]!;
      if (first !== NONE && !this.#before(slot, first)) return;
      nodes[node * NODE_WORDS + FIRST] = slot;
    }
  }

  /** After `gone` left: finds the first lot again wherever it was the first. */
  #newFirst(leaf: number, gone: number): void {
    const { nodes } = this;
    for (let node = leaf; node < ROOT_BIT; node = nodes[node * NODE_WORDS + PARENT]!) {
      if (nodes[node * NODE_WORDS + FIRST] !== gone) return;
      this.#setFirst(node);
    }
  }

  #setFirst(node: number): void {
    const { nodes, members } = this;
    const at = node * NODE_WORDS;
    const right = nodes[at + RIGHT]!;
    if (right !== NONE) {
      const a = nodes[nodes[at + LEFT]! * NODE_WORDS + FIRST]!;
      const b = nodes[right * NODE_WORDS + FIRST]!;
      nodes[at + FIRST] = this.#before(a, b) ? a : b;
      return;
    }
    const from = nodes[at + LEFT]! * LEAF_LOTS_MAX;
    let first = members[from]!;
    for (let place = from + 1; place < from + nodes[at + COUNT]!; place += 1) {
      if (this.#before(members[place]!, first)) first = members[place]!;
    }
    nodes[at + FIRST] = first;
  }

  #tightenAbove(child: number): void {
    const { nodes } = this;
    let node = nodes[child * NODE_WORDS + PARENT]!;
    const joined = this.#one;
    for (; node < ROOT_BIT; node = nodes[node * NODE_WORDS + PARENT]!) {
      const at = node * NODE_WORDS;
      clearBounds(joined, 0);
      widen(joined, 0, nodes, nodes[at + LEFT]! * NODE_WORDS);
      widen(joined, 0, nodes, nodes[at + RIGHT]! * NODE_WORDS);
      let same = 0;
      while (same < BOUND_WORDS && joined[same] === nodes[at + same]) same += 1;
      if (same === BOUND_WORDS) return;
      nodes.set(joined, at);
    }
  }

  /** Turns a full leaf into an inner node with two leaves. */
  #split(leaf: number): void {
    const at = leaf * NODE_WORDS;
    const piece = this.nodes[at + LEFT]!;
    const slots = [...this.members.subarray(piece * LEAF_LOTS_MAX, (piece + 1) * LEAF_LOTS_MAX)];
    const bounds = this.#many;
    slots.forEach((slot, place) => {
      this.#bound(slot, bounds.subarray(place * BOUND_WORDS, (place + 1) * BOUND_WORDS));
    });
    const { by, upTo } = chooseSplit(
      bounds,
      LEAF_LOTS_MAX,
      this.nodes,
      this.#rootOf(leaf) * NODE_WORDS,
    );
    this.#freePieces.push(piece);
    const left = this.#newLeaf(leaf);
    const right = this.#newLeaf(leaf);
    this.nodes.set([upTo, left, right, by], at + LOOSE);
    const byName = by === SPLIT_BY_NAME;
    if (byName) slots.sort((a, b) => this.#lots.compare(a, b));
    slots.forEach((slot, place) => {
      const goesLeft = byName
        ? place < LEAF_LOTS_MAX / 2
        : bounds[place * BOUND_WORDS + by]! <= upTo;
      const child = goesLeft ? left : right;
      this.#append(child, slot);
      if (byName) this.#bound(slot, bounds.subarray(0, BOUND_WORDS));
      widen(this.nodes, child * NODE_WORDS, bounds, byName ? 0 : place * BOUND_WORDS);
    });
    this.#setFirst(left);
    this.#setFirst(right);
  }

  /** Takes an empty leaf out: its sibling takes the place of their parent. */
  #drop(leaf: number): void {
    const { nodes } = this;
    const at = leaf * NODE_WORDS;
    const parent = nodes[at + PARENT]!;
    this.#freePieces.push(nodes[at + LEFT]!);
    this.#freeNodes.push(leaf);
    if (parent >= ROOT_BIT) {
      this.roots[parent - ROOT_BIT] = NONE;
      return;
    }
    const up = parent * NODE_WORDS;
    const sibling = nodes[up + LEFT] === leaf ? nodes[up + RIGHT]! : nodes[up + LEFT]!;
    this.#replace(parent, sibling);
  }

  /** Puts `child` in the place of its parent, which is freed. */
  #replace(parent: number, child: number): void {
    const { nodes } = this;
    const above = nodes[parent * NODE_WORDS + PARENT]!;
    const gone = nodes[parent * NODE_WORDS + FIRST]!;
    nodes[child * NODE_WORDS + PARENT] = above;
    this.#freeNodes.push(parent);
    if (above >= ROOT_BIT) {
      this.roots[above - ROOT_BIT] = child;
      return;
    }
    const side = nodes[above * NODE_WORDS + LEFT] === parent ? LEFT : RIGHT;
    nodes[above * NODE_WORDS + side] = child;
    if (nodes[child * NODE_WORDS + FIRST] !== gone) this.#newFirst(above, gone);
    this.#tightenAbove(child);
  }

  /** Joins a leaf that has few lots left with its sibling; returns whether it did. */
  #merge(leaf: number): boolean {
    const { nodes, members } = this;
    const at = leaf * NODE_WORDS;
    const parent = nodes[at + PARENT]!;
    if (parent >= ROOT_BIT) return false;
    const up = parent * NODE_WORDS;
    const sibling = nodes[up + LEFT] === leaf ? nodes[up + RIGHT]! : nodes[up + LEFT]!;
    const count = nodes[at + COUNT]!;
    const beside = sibling * NODE_WORDS;
    if (nodes[beside + RIGHT] !== NONE) return false;
    if (count + nodes[beside + COUNT]! > MERGE_LOTS_MAX) return false;
    const from = nodes[at + LEFT]! * LEAF_LOTS_MAX;
    for (let place = from; place < from + count; place += 1) this.#append(sibling, members[place]!);
    nodes[beside + LOOSE] = 1;
    nodes[at + COUNT] = 0;
    this.#freePieces.push(nodes[at + LEFT]!);
    this.#freeNodes.push(leaf);
    this.#setFirst(sibling);
    this.#replace(parent, sibling);
    this.tighten(sibling);
    return true;
  }
}
