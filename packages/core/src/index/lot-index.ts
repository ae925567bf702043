/** The live index over all lots of a market: updated in place, asked for an order's best lots. */
import type { BuyOrder } from '../order/buy-order.ts';
import type { LotDevice, SellOrder } from '../order/sell-order.ts';
import { type Figures, firstDeviceOf, validUntilOf } from '../panorama/figures.ts';
import type { Names } from '../panorama/names.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { ResourceAmounts } from '../units/resources.ts';
import type { Waived } from './attributes.ts';
import { BestLots } from './best-lots.ts';
import { Cells } from './cells.ts';
import { bestExactly } from './exact-scan.ts';
import { compileQuery, type LotQuery } from './lot-query.ts';
import { OFFER, ROW_WORDS, TRAITS } from './lot-rows.ts';
import { LotSearch } from './lot-search.ts';
import { LotTables } from './lot-tables.ts';
import { LotTree } from './lot-tree.ts';
import { LotWriter } from './lot-writer.ts';
import { Ranking } from './ranking.ts';
import { ReadAhead } from './read-ahead.ts';
import { Suits } from './suits.ts';
import { Tidying } from './tidying.ts';

/** Markets up to this size are searched fast in any order. */
const UNTIDY_MIN = 4096;
/** So many that what was read is still nearest to the processor when it is needed. */
const READ_AHEAD = 32;

/** A lot that suits, with what the matcher needs to choose it. */
export interface LotHit {
  lessor: ParticipantId;
  lotId: string;
  priceMicroPerHour: Micro;
  /** Effective. */
  score: number;
  /** How many replicas the lot holds, at most as many as were asked for. */
  replicas: number;
}

/** What is free now in the lot of this number. */
export interface StockChange {
  lot: number;
  amounts: ResourceAmounts;
  devices: readonly LotDevice[];
}

export interface Search {
  /** How many lots are wanted; Infinity for all that suit. */
  lots: number;
  wallMs: number;
  /** Replicas are counted up to here. */
  replicasMax: number;
  /** Only lots with one of these values of the partition label; null for any. */
  partitions: readonly string[] | null;
  /** Only lots of lessors that this says yes to; it is asked of few. */
  isCandidate?: (lessor: ParticipantId) => boolean;
  /** Only lots of these lessors. */
  lessors?: readonly ParticipantId[];
  /** Only lots up to this price, which ranks them no differently. */
  priceMax?: Micro;
  /** Terms of whole offers that are not looked at. */
  waive?: Waived;
}

export interface IndexSize {
  lots: number;
  offers: number;
  bytes: number;
  wideLots: number;
}

/**
 * Finds the best lots of an order without looking at most of them: cells of region and device
 * models, trees of bounds in them, best-first search. Its answers always equal those of a full
 * scan: a tie goes to the lower price, the higher score, the smaller lessor and lot id. Lots and
 * orders with numbers beyond its columns are compared one by one in exact arithmetic.
 *
 * @patent [0050]-[0052] C1.5 C1.6 MAT-2 MAT-3
 */
export class LotIndex {
  readonly #lots: LotTables;
  readonly #tree: LotTree;
  readonly #cells = new Cells();
  readonly #suits: Suits;
  readonly #best = new BestLots((a, b) => this.#lots.compare(a, b));
  readonly #search: LotSearch;
  readonly #writer: LotWriter;
  readonly #readAhead: ReadAhead;
  readonly #partitionLabel: string;
  #tidying: Tidying | undefined;
  /** Lots that had been put in when everything was in order. */
  #tidyInserted = 0;
  #queries = new WeakMap<BuyOrder, LotQuery>();
  #queriesVersion = 0;

  /**
   * @param names of lessors, and maybe of others.
   * @param partitionLabel lots of different values of this label never lie together.
   */
  constructor(names: Names, partitionLabel = 'region') {
    this.#partitionLabel = partitionLabel;
    this.#lots = new LotTables(names);
    this.#tree = new LotTree(this.#lots);
    this.#suits = new Suits(this.#lots);
    this.#search = new LotSearch(this.#lots, this.#tree, this.#cells, this.#suits, this.#best);
    this.#writer = new LotWriter(this.#lots, this.#tree, this.#cells, partitionLabel);
    this.#readAhead = new ReadAhead(this.#lots, this.#tree);
  }

  /** Adds the lessor's offer or replaces it; lots that stay keep their place. */
  putOffer(offer: SellOrder): void {
    this.#writer.putOffer(offer);
  }

  dropOffer(lessor: ParticipantId): void {
    this.#writer.dropOffer(lessor);
  }

  /** The lot's number, good until the lot goes or {@link tidy}; -1 for an unknown one. */
  find(lessor: ParticipantId, lotId: string): number {
    const { offers, rows } = this.#lots;
    const offer = offers.find(lessor);
    let lot = offer < 0 ? -1 : offers.firstOf[offer]!;
    while (lot >= 0 && rows.names[lot] !== lotId) lot = rows.nextOf(lot);
    return lot;
  }

  /** Sets what is free in a lot, by the number that {@link find} gave. */
  setStock(lot: number, amounts: ResourceAmounts, devices: readonly LotDevice[]): void {
    this.#writer.setStock(lot, amounts, devices);
  }

  /**
   * The same for many lots. What the changes will need is read ahead, since it is far apart: the
   * processor then waits for many of these reads at once.
   */
  setStocks(changes: readonly StockChange[]): void {
    for (let from = 0; from < changes.length; from += READ_AHEAD) {
      const to = Math.min(changes.length, from + READ_AHEAD);
      this.#readAhead.read(changes, from, to);
      for (let at = from; at < to; at += 1) {
        const { lot, amounts, devices } = changes[at]!;
        this.#writer.setStock(lot, amounts, devices);
      }
    }
  }

  /**
   * Sets all figures of the lessor's offer, whose terms stay.
   *
   * @returns false when the lessor has no lots here, or figures alone do not say enough: then the
   *   offer is to be put in whole.
   */
  setFigures(lessor: ParticipantId, figures: Figures): boolean {
    const { offers, rows } = this.#lots;
    const id = offers.find(lessor);
    let lot = id < 0 ? -1 : offers.firstOf[id]!;
    if (lot < 0) return false;
    offers.validUntilMs[id] = validUntilOf(figures);
    let device = firstDeviceOf(figures);
    for (let number = 0; lot >= 0; number += 1) {
      const devices = this.#writer.setFigures(lot, figures, number, device);
      if (devices < 0) return false;
      device += devices;
      lot = rows.nextOf(lot);
    }
    return true;
  }

  /** Takes one lot out of its offer, by the number that {@link find} gave. */
  dropLot(lot: number): void {
    this.#writer.dropLot(lot);
  }

  /**
   * Puts the rows of lots that are searched together side by side, which makes searches several
   * times faster; for after a snapshot, and when many offers were replaced. All numbers that
   * {@link find} gave are void. Takes some microseconds per lot, so a large market is put in order
   * in many calls; searches are right in between.
   *
   * @param lotsMax the work of one call.
   * @returns true when everything is in order.
   */
  tidy(lotsMax = Infinity): boolean {
    this.#tidying ??= new Tidying(this.#lots, this.#tree);
    if (!this.#tidying.go(lotsMax)) return false;
    this.#tidying = undefined;
    this.#tidyInserted = this.#tree.inserted;
    return true;
  }

  /** True when {@link tidy} is worth its while, or has begun. */
  get isUntidy(): boolean {
    const inserted = this.#tree.inserted - this.#tidyInserted;
    return this.#tidying !== undefined || inserted > UNTIDY_MIN + this.#lots.rows.held / 4;
  }

  /** Lots of a stale hub stay, but suit nobody until it is heard again. */
  setStale(hub: HubId, stale: boolean): void {
    if (stale) this.#lots.staleHubs.add(hub);
    else this.#lots.staleHubs.delete(hub);
  }

  /** The best lots that suit the order, best first. */
  best(order: BuyOrder, search: Search): LotHit[] {
    if (!(search.lots >= 1)) return [];
    this.#suits.begin(order, search.waive ?? 'none', search.isCandidate);
    const wanted = { ...search, partitions: this.#partitionsFor(order, search.partitions) };
    const query = this.#compiled(order, search.waive ?? 'none');
    if (!query || !this.#searchAll(query, wanted)) return this.#exactly(order, wanted);
    const { rows } = this.#lots;
    return this.#best.sorted().map(({ slot, price, score }) => ({
      lessor: this.#lessorOf(slot),
      lotId: rows.names[slot]!,
      priceMicroPerHour: BigInt(price),
      score,
      replicas: this.#search.replicas(query, slot, search.replicasMax),
    }));
  }

  /**
   * Counts typed arrays and references to lots' names. What is shared by lots is few and not counted;
   * lessors' names are counted where they are kept.
   */
  get size(): IndexSize {
    const { rows, offers, wide } = this.#lots;
    const bytes = this.#lots.bytes + this.#tree.bytes;
    return { lots: rows.held, offers: offers.held, bytes, wideLots: wide.size };
  }

  /** An order that waits is asked for again and again. */
  #compiled(order: BuyOrder, waived: Waived): LotQuery | undefined {
    const { levels } = this.#lots;
    if (waived !== 'none') return compileQuery(order, levels, waived);
    if (this.#queriesVersion !== levels.version) this.#queries = new WeakMap();
    this.#queriesVersion = levels.version;
    const known = this.#queries.get(order);
    if (known) return known;
    const query = compileQuery(order, levels, waived);
    if (query) this.#queries.set(order, query);
    return query;
  }

  /** False when only exact arithmetic can tell. */
  #searchAll(query: LotQuery, search: Search): boolean {
    const { priority } = query.order;
    const { wallMs, partitions } = search;
    const run = (ranking: Ranking, count: number): boolean => {
      this.#best.reset(count);
      return this.#search.run(query, ranking, wallMs, partitions, this.#wide(partitions));
    };
    const extremes = { lowest: 1n, highest: 1 };
    if (priority.kind === 'weights') {
      if (!run(new Ranking({ kind: 'price' }, extremes), 1)) return false;
      const [cheapest] = this.#best.sorted();
      if (!cheapest) return true;
      extremes.lowest = BigInt(Math.max(1, cheapest.price));
      if (!run(new Ranking({ kind: 'performance' }, extremes), 1)) return false;
      extremes.highest = Math.max(1, this.#best.sorted()[0]?.score ?? 1);
    }
    const ranking = new Ranking(priority, extremes);
    const capped = cappedAt(query, search.priceMax);
    this.#best.reset(search.lots);
    if (!search.lessors) {
      return this.#search.run(capped, ranking, wallMs, partitions, this.#wide(partitions));
    }
    return this.#search.runOver(capped, ranking, wallMs, this.#lotsOf(search.lessors, partitions));
  }

  #exactly(order: BuyOrder, search: Search): LotHit[] {
    const { partitions, priceMax } = search;
    const lessors = search.lessors && new Set(search.lessors);
    const isIn = (slot: number) => this.#isIn(slot, partitions);
    const isWanted = (slot: number, price: Micro) =>
      (priceMax === undefined || price <= priceMax) &&
      (lessors === undefined || lessors.has(this.#lessorOf(slot)));
    return bestExactly(this.#lots, this.#suits, order, search, isIn, isWanted).map((found) => ({
      lessor: this.#lessorOf(found.slot),
      lotId: this.#lots.rows.names[found.slot]!,
      priceMicroPerHour: found.priceMicroPerHour,
      score: found.score,
      replicas: found.replicas,
    }));
  }

  #partitionsFor(
    { performance }: BuyOrder,
    asked: readonly string[] | null,
  ): readonly string[] | null {
    const own = performance.labels[this.#partitionLabel];
    if (own === undefined) return asked;
    return asked === null || asked.includes(own) ? [own] : [];
  }

  *#lotsOf(
    lessors: readonly ParticipantId[],
    partitions: readonly string[] | null,
  ): Generator<number> {
    const { offers, rows } = this.#lots;
    for (const lessor of new Set(lessors)) {
      const offer = offers.find(lessor);
      let lot = offer < 0 ? -1 : offers.firstOf[offer]!;
      for (; lot >= 0; lot = rows.nextOf(lot)) if (this.#isIn(lot, partitions)) yield lot;
    }
  }

  *#wide(partitions: readonly string[] | null): Generator<number> {
    for (const slot of this.#lots.wide.keys()) if (this.#isIn(slot, partitions)) yield slot;
  }

  #isIn(slot: number, partitions: readonly string[] | null): boolean {
    if (partitions === null) return true;
    const { rows, attributes } = this.#lots;
    const { labels } = attributes.traits.get(rows.words[slot * ROW_WORDS + TRAITS]!);
    const value = labels[this.#partitionLabel];
    return value !== undefined && partitions.includes(value);
  }

  #lessorOf(slot: number): ParticipantId {
    const { rows, offers } = this.#lots;
    return offers.lessors[rows.words[slot * ROW_WORDS + OFFER]!]!;
  }
}

/** The query for lots up to a price; prices that plain numbers cannot hold are not compared here. */
function cappedAt(query: LotQuery, priceMax: Micro | undefined): LotQuery {
  const limit = priceMax === undefined ? query.limit : Number(priceMax);
  return limit < query.limit ? { ...query, limit } : query;
}
