/** Best-first search: looks into leaves in the order of what their bounds promise. */
import { replicasThatFit } from '../order/fit.ts';
import type { BestLots } from './best-lots.ts';
import type { Cells } from './cells.ts';
import { MILLI_SPAN } from './device-inventories.ts';
import type { LotQuery } from './lot-query.ts';
import {
  ASKS,
  bandwidthAt,
  CPU,
  efficiencyAt,
  INVENTORY,
  memoryAt,
  OFFER,
  ROW_WORDS,
  SCORE,
  storageAt,
  TERMS,
  TRAITS,
} from './lot-rows.ts';
import type { LotTables } from './lot-tables.ts';
import {
  COUNT,
  FIRST,
  LEAF_LOTS_MAX,
  LEFT,
  LOOSE,
  type LotTree,
  NODE_WORDS,
  NONE,
  RIGHT,
} from './lot-tree.ts';
import {
  BANDWIDTH_MAX,
  CPU_DEVICE,
  CPU_MAX,
  LEVEL_PAIRS,
  MEMORY_DEVICE,
  MEMORY_MAX,
  SCORE_MAX,
  SHARE_MAX,
  STORAGE_MAX,
  TERMS_FLAGS,
  TRAITS_FLAGS,
  WHOLES_MAX,
} from './node-bounds.ts';
import { NodeHeap } from './node-heap.ts';
import type { Ranking } from './ranking.ts';
import type { Suits } from './suits.ts';

/** Prices from here on are compared in exact arithmetic only. */
const PRICE_END = 2 ** 52;

export class LotSearch {
  readonly #lots: LotTables;
  readonly #tree: LotTree;
  readonly #cells: Cells;
  readonly #suits: Suits;
  readonly #best: BestLots;
  readonly #heap = new NodeHeap();
  #query!: LotQuery;
  #ranking!: Ranking;
  #wallMs = 0;
  /** A suitable lot was met whose price or key plain numbers cannot hold. */
  #overflow = false;

  constructor(lots: LotTables, tree: LotTree, cells: Cells, suits: Suits, best: BestLots) {
    this.#lots = lots;
    this.#tree = tree;
    this.#cells = cells;
    this.#suits = suits;
    this.#best = best;
  }

  /**
   * Fills `best` with the best lots of all that suit.
   *
   * @param wide lots that are in no tree.
   * @returns false when only exact arithmetic can tell.
   */
  run(
    query: LotQuery,
    ranking: Ranking,
    wallMs: number,
    partitions: readonly string[] | null,
    wide: Iterable<number>,
  ): boolean {
    this.#query = query;
    this.#ranking = ranking;
    this.#wallMs = wallMs;
    this.#overflow = false;
    for (const slot of wide) this.#offerExactly(slot);
    this.#heap.clear();
    for (const cell of this.#cells.of(partitions)) {
      if (query.device === null || this.#hasModel(this.#cells.get(cell).set)) {
        this.#consider(this.#tree.roots[cell]!, cell);
      }
    }
    for (let key = this.#heap.pop(); key <= this.#best.worstKey; key = this.#heap.pop()) {
      this.#open(this.#heap.node, this.#heap.cell);
    }
    return !this.#overflow;
  }

  #hasModel(set: number): boolean {
    for (const model of this.#lots.inventories.sets.get(set)) {
      if (this.#suits.models.of(model)) return true;
    }
    return false;
  }

  #open(node: number, cell: number): void {
    const { nodes } = this.#tree;
    const at = node * NODE_WORDS;
    const right = nodes[at + RIGHT]!;
    if (right === NONE) {
      if (!this.#scan(node) && nodes[at + LOOSE] === 1) this.#tree.tighten(node);
      return;
    }
    const left = nodes[at + LEFT]!;
    this.#consider(left, cell);
    this.#consider(right, cell);
  }

  /** Keeps the node for later when it may hold a lot that suits and is good enough. */
  #consider(node: number, cell: number): void {
    const { nodes } = this.#tree;
    const at = node * NODE_WORDS;
    const query = this.#query;
    if (
      nodes[at + CPU_MAX]! < query.cpu ||
      nodes[at + MEMORY_MAX]! < query.memoryCoarse ||
      nodes[at + STORAGE_MAX]! < query.storageCoarse ||
      nodes[at + BANDWIDTH_MAX]! < query.bandwidthCoarse ||
      nodes[at + SCORE_MAX]! < query.minScore ||
      nodes[at + WHOLES_MAX]! < query.wholes ||
      nodes[at + SHARE_MAX]! < query.share ||
      (nodes[at + TERMS_FLAGS]! & query.termsMask) !== query.termsMask ||
      (nodes[at + TRAITS_FLAGS]! & query.traitsMask) !== query.traitsMask ||
      (nodes[at + CPU_DEVICE]! & query.cpuDevice) === 0 ||
      (nodes[at + MEMORY_DEVICE]! & query.memoryDevice) === 0
    ) {
      return;
    }
    const { pairs } = query;
    for (let word = 0; word < pairs.length; word += 2) {
      const low = nodes[at + LEVEL_PAIRS + word]! & pairs[word]!;
      if ((low | (nodes[at + LEVEL_PAIRS + word + 1]! & pairs[word + 1]!)) === 0) return;
    }
    const price = query.cost.lowest(nodes, at, this.#cells.get(cell).efficiencyMin);
    if (price > query.limit) return;
    const score = nodes[at + SCORE_MAX]!;
    const key = this.#ranking.atLeast(price, score);
    const best = this.#best;
    if (key > best.worstKey) return;
    if (key === best.worstKey && !best.beats(key, price, score, nodes[at + FIRST]!)) return;
    this.#heap.push(key, node, cell);
  }

  /** Compares every lot of the leaf; returns whether any suits. */
  #scan(leaf: number): boolean {
    const { nodes, members } = this.#tree;
    const { words } = this.#lots.rows;
    const query = this.#query;
    const suits = this.#suits;
    const best = this.#best;
    const from = nodes[leaf * NODE_WORDS + LEFT]! * LEAF_LOTS_MAX;
    const to = from + nodes[leaf * NODE_WORDS + COUNT]!;
    const isByPrice = this.#ranking.priority.kind === 'price';
    const isByScore = this.#ranking.priority.kind === 'performance';
    let found = false;
    for (let place = from; place < to; place += 1) {
      const slot = members[place]!;
      const base = slot * ROW_WORDS;
      // Most lots fall here once there are enough good ones, and it is foreseeable that they do.
      const score = words[base + SCORE]!;
      const price = query.cost.exact(words, base + ASKS, efficiencyAt(words, base));
      if ((isByPrice && price > best.worstPrice) || (isByScore && score < best.worstScore)) {
        found = true;
        continue;
      }
      if (price > query.limit || score < query.minScore || words[base + CPU]! < query.cpu) continue;
      if (memoryAt(words, base) < query.memory) continue;
      if (query.storage > 0 && storageAt(words, base) < query.storage) continue;
      if (query.bandwidth > 0 && bandwidthAt(words, base) < query.bandwidth) continue;
      if (!suits.terms.of(words[base + TERMS]!) || !suits.traits.of(words[base + TRAITS]!))
        continue;
      if (query.device !== null && !this.#hasSlots(words[base + INVENTORY]!)) continue;
      found = true;
      if (price < PRICE_END) this.#offer(slot, price, score);
      else this.#offerExactly(slot);
    }
    return found;
  }

  /** Shares are packed per device: a device counts as often as the share fits into it. */
  #hasSlots(inventory: number): boolean {
    const { inventories } = this.#lots;
    const { count, shareMilli } = this.#query.device!;
    const { devices } = inventories;
    const from = inventories.offsetOf(inventory);
    const to = from + inventories.lengthOf(inventory);
    let slots = 0;
    for (let at = from; at < to && slots < count; at += 1) {
      const code = devices[at]!;
      const free = code % MILLI_SPAN;
      if (free >= shareMilli && this.#suits.models.of((code - free) / MILLI_SPAN)) {
        slots += Math.floor(free / shareMilli);
      }
    }
    return slots >= count;
  }

  /** How many replicas the lot holds, at most `limit`: as `replicasThatFit` counts them. */
  replicas(query: LotQuery, slot: number, limit: number): number {
    const { rows, wide, inventories } = this.#lots;
    if (wide.has(slot)) {
      const { amounts, devices, asks } = this.#lots.plainLot(slot);
      const lot = { id: '', amounts, devices: [...devices], asks, labels: {} };
      const performance = { score: 0, flops: [] };
      return replicasThatFit({ ...lot, performance }, query.order.replica, limit);
    }
    const { words } = rows;
    const base = slot * ROW_WORDS;
    let fits = limit;
    if (query.cpu > 0) fits = Math.min(fits, Math.floor(words[base + CPU]! / query.cpu));
    if (query.memory > 0) fits = Math.min(fits, Math.floor(memoryAt(words, base) / query.memory));
    if (query.storage > 0)
      fits = Math.min(fits, Math.floor(storageAt(words, base) / query.storage));
    if (query.bandwidth > 0) {
      fits = Math.min(fits, Math.floor(bandwidthAt(words, base) / query.bandwidth));
    }
    if (query.device === null) return fits;
    const { count, shareMilli } = query.device;
    const from = inventories.offsetOf(words[base + INVENTORY]!);
    const to = from + inventories.lengthOf(words[base + INVENTORY]!);
    let slots = 0;
    for (let at = from; at < to; at += 1) {
      const free = inventories.devices[at]! % MILLI_SPAN;
      const model = (inventories.devices[at]! - free) / MILLI_SPAN;
      if (this.#suits.models.of(model)) slots += Math.floor(free / shareMilli);
    }
    return Math.min(fits, Math.floor(slots / count));
  }

  #offer(slot: number, price: number, score: number): void {
    const best = this.#best;
    if (this.#ranking.atLeast(price, score) > best.worstKey) return;
    const key = this.#ranking.exact(price, score);
    if (Number.isNaN(key)) {
      this.#overflow = true;
      return;
    }
    if (!best.beats(key, price, score, slot)) return;
    const offer = this.#lots.rows.words[slot * ROW_WORDS + OFFER]!;
    if (this.#lots.offers.validUntilMs[offer]! > this.#wallMs) best.add(slot, key, price, score);
  }

  #offerExactly(slot: number): void {
    const exact = this.#suits.exactly(slot, this.#query.order, this.#wallMs);
    if (!exact) return;
    const price = Number(exact.priceMicroPerHour);
    if (price < PRICE_END) this.#offer(slot, price, exact.score);
    else this.#overflow = true;
  }
}
