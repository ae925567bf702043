/** Best-first search: looks into leaves in the order of what their bounds promise. */
import { replicasThatFit } from '../order/fit.ts';
import type { DeviceRequest } from '../units/resources.ts';
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
  #isByPrice = false;
  #isByScore = false;
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
    this.#begin(query, ranking, wallMs);
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

  /** The same out of some lots, each of which is looked at. */
  runOver(query: LotQuery, ranking: Ranking, wallMs: number, slots: Iterable<number>): boolean {
    this.#begin(query, ranking, wallMs);
    for (const slot of slots) {
      if (this.#lots.wide.has(slot)) this.#offerExactly(slot);
      else this.#look(slot);
    }
    return !this.#overflow;
  }

  #begin(query: LotQuery, ranking: Ranking, wallMs: number): void {
    this.#query = query;
    this.#ranking = ranking;
    this.#isByPrice = ranking.priority.kind === 'price';
    this.#isByScore = ranking.priority.kind === 'performance';
    this.#wallMs = wallMs;
    this.#overflow = false;
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
    const from = nodes[leaf * NODE_WORDS + LEFT]! * LEAF_LOTS_MAX;
    const to = from + nodes[leaf * NODE_WORDS + COUNT]!;
    let found = false;
    for (let place = from; place < to; place += 1) if (this.#look(members[place]!)) found = true;
    return found;
  }

  /** Takes the lot in when it suits and is good enough; returns whether it may suit. */
  #look(slot: number): boolean {
    const { words } = this.#lots.rows;
    const query = this.#query;
    const suits = this.#suits;
    const base = slot * ROW_WORDS;
    // Most lots fall here once there are enough good ones, and it is foreseeable that they do.
    const score = words[base + SCORE]!;
    const efficiency = efficiencyAt(words, base);
    const least = query.cost.least(words, base + ASKS, efficiency);
    if (this.#isByPrice && least > this.#best.worstPrice) return true;
    if (this.#isByScore && score < this.#best.worstScore) return true;
    if (least > query.limit || score < query.minScore || words[base + CPU]! < query.cpu) {
      return false;
    }
    if (memoryAt(words, base) < query.memory) return false;
    if (query.storage > 0 && storageAt(words, base) < query.storage) return false;
    if (query.bandwidth > 0 && bandwidthAt(words, base) < query.bandwidth) return false;
    if (!suits.terms.of(words[base + TERMS]!) || !suits.traits.of(words[base + TRAITS]!)) {
      return false;
    }
    const { device } = query;
    if (device && this.#slots(words[base + INVENTORY]!, device, device.count) < device.count) {
      return false;
    }
    const price = query.cost.exact(words, base + ASKS, efficiency);
    if (price > query.limit) return false;
    if (price < PRICE_END) this.#offer(slot, price, score);
    else this.#offerExactly(slot);
    return true;
  }

  /** How often the share fits into accepted devices: counted per device, at least up to `enough`. */
  #slots(inventory: number, { shareMilli }: DeviceRequest, enough: number): number {
    const { inventories } = this.#lots;
    const { devices } = inventories;
    const from = inventories.offsetOf(inventory);
    const to = from + inventories.lengthOf(inventory);
    let slots = 0;
    for (let at = from; at < to && slots < enough; at += 1) {
      const code = devices[at]!;
      const free = code % MILLI_SPAN;
      if (free >= shareMilli && this.#suits.models.of((code - free) / MILLI_SPAN)) {
        slots += Math.floor(free / shareMilli);
      }
    }
    return slots;
  }

  /** How many replicas the lot holds, at most `limit`: as `replicasThatFit` counts them. */
  replicas(query: LotQuery, slot: number, limit: number): number {
    const { rows, wide } = this.#lots;
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
    const { device } = query;
    if (device === null || fits === 0) return fits;
    const slots = this.#slots(words[base + INVENTORY]!, device, fits * device.count);
    return Math.min(fits, Math.floor(slots / device.count));
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
    if (this.#suits.offerOf(slot, this.#wallMs)) best.add(slot, key, price, score);
  }

  #offerExactly(slot: number): void {
    const exact = this.#suits.exactly(slot, this.#query.order);
    if (!exact) return;
    const price = Number(exact.priceMicroPerHour);
    if (price >= PRICE_END) this.#overflow ||= this.#suits.offerOf(slot, this.#wallMs);
    else if (price <= this.#query.limit) this.#offer(slot, price, exact.score);
  }
}
