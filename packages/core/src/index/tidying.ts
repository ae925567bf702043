/** Rows of lots that are searched together put side by side, a part at a time. */
import type { LotTables } from './lot-tables.ts';
import type { LotTree } from './lot-tree.ts';

/** What looking at a leaf costs beside its lots, in lots. */
const LEAF_WORK = 16;

/**
 * One pass over all leaves: places their lots' rows one after the other, by swapping, and makes
 * their bounds anew, with steps of levels learnt when the pass began. Until it ends bounds of old
 * and new steps lie side by side, so that no search may look at levels.
 */
export class Tidying {
  readonly #lots: LotTables;
  readonly #tree: LotTree;
  readonly #leaves: Uint32Array;
  #at = 0;
  /** All rows below hold lots of leaves that were visited. */
  #row = 0;

  constructor(lots: LotTables, tree: LotTree) {
    this.#lots = lots;
    this.#tree = tree;
    this.#leaves = tree.leaves();
    lots.levels.learn(lots.rows);
    lots.levels.unsettle();
  }

  /** Goes on for about so many lots; true when the pass is over. */
  go(lotsMax: number): boolean {
    for (let left = lotsMax; left > 0; ) {
      const leaf = this.#leaves[this.#at];
      if (leaf === undefined) {
        this.#tree.reboundInner();
        this.#lots.levels.settle();
        return true;
      }
      this.#at += 1;
      left -= LEAF_WORK + this.#place(leaf);
      this.#tree.reboundLeaf(leaf);
    }
    return false;
  }

  /** Returns the work done, in lots. */
  #place(leaf: number): number {
    const { rows } = this.#lots;
    let work = 0;
    const count = this.#tree.countOf(leaf);
    for (let place = 0; place < count; place += 1) {
      while (this.#row < rows.end && rows.leafOf(this.#row) < 0) this.#row += 1;
      if (this.#row >= rows.end) return work;
      const slot = this.#tree.memberOf(leaf, place);
      if (slot !== this.#row) work += this.#swap(slot, this.#row);
      this.#row += 1;
    }
    return work + count;
  }

  #swap(a: number, b: number): number {
    const { rows, offers } = this.#lots;
    this.#tree.swapLots(a, b);
    // Whatever points to a row is turned before the rows change places.
    const [beforeA, stepsA] = this.#lots.before(a);
    const [beforeB, stepsB] = this.#lots.before(b);
    if (beforeA < 0) offers.firstOf[rows.offerOf(a)] = b;
    else rows.setNext(beforeA, b);
    if (beforeB < 0) offers.firstOf[rows.offerOf(b)] = a;
    else rows.setNext(beforeB, a);
    rows.swap(a, b);
    return (stepsA + stepsB) / 4;
  }
}
