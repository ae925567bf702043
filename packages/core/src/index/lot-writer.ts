/** Changes of the market written into the tables and the tree, lot by lot and in place. */
import type { Lot, LotDevice, SellOrder } from '../order/sell-order.ts';
import { amountsOfLot, type Figures, firstAskOfLot, scoreOfLot } from '../panorama/figures.ts';
import type { ParticipantId } from '../units/ids.ts';
import type { ResourceAmounts } from '../units/resources.ts';
import type { Cells } from './cells.ts';
import {
  ASKS,
  BANDWIDTH_HIGH_EFFICIENCY,
  efficiencyAt,
  INVENTORY,
  LOT_WORDS,
  OFFER,
  ROW_WORDS,
  SCORE,
  TERMS,
  TRAITS,
  writeAmounts,
  writeAskFigures,
  writePrices,
  writeScore,
} from './lot-rows.ts';
import type { LotTables, WideLot } from './lot-tables.ts';
import { type LotTree, NONE } from './lot-tree.ts';

export class LotWriter {
  readonly #lots: LotTables;
  readonly #tree: LotTree;
  readonly #cells: Cells;
  readonly #partitionLabel: string;
  /** The row being put together. */
  readonly #row = new Uint32Array(LOT_WORDS);

  constructor(lots: LotTables, tree: LotTree, cells: Cells, partitionLabel: string) {
    this.#lots = lots;
    this.#tree = tree;
    this.#cells = cells;
    this.#partitionLabel = partitionLabel;
  }

  putOffer(offer: SellOrder): void {
    const { offers, rows, attributes } = this.#lots;
    const terms = attributes.acquireTerms(offer);
    let id = offers.find(offer.participant);
    if (id < 0) id = offers.add(offer.participant);
    offers.validUntilMs[id] = offer.validUntilMs;
    if (!this.#hasLots(id, offer.lots)) {
      this.#clear(id);
      for (let at = offer.lots.length - 1; at >= 0; at -= 1) {
        const slot = rows.add(offer.lots[at]!.id);
        rows.setNext(slot, offers.firstOf[id]!);
        offers.firstOf[id] = slot;
        this.#put(slot, id, terms, offer.lots[at]!, offer.efficiencyPermille, false);
      }
    } else {
      let slot = offers.firstOf[id]!;
      for (const lot of offer.lots) {
        this.#put(slot, id, terms, lot, offer.efficiencyPermille, true);
        slot = rows.nextOf(slot);
      }
    }
    attributes.terms.release(terms);
  }

  dropOffer(lessor: ParticipantId): void {
    const { offers } = this.#lots;
    const id = offers.find(lessor);
    if (id < 0) return;
    this.#clear(id);
    offers.remove(id);
  }

  /** Takes one lot out of its lessor's offer. */
  dropLot(slot: number): void {
    const { offers, rows } = this.#lots;
    const offer = rows.words[slot * ROW_WORDS + OFFER]!;
    const next = rows.nextOf(slot);
    const [before] = this.#lots.before(slot);
    if (before < 0) offers.firstOf[offer] = next;
    else rows.setNext(before, next);
    this.#remove(slot);
  }

  /** What is free of the lot now. */
  setStock(slot: number, amounts: ResourceAmounts, devices: readonly LotDevice[]): void {
    const { rows, inventories, attributes } = this.#lots;
    const base = slot * ROW_WORDS;
    const { words } = rows;
    const old = words[base + INVENTORY]!;
    const inventory = rows.leafOf(slot) >= 0 ? inventories.acquire(devices, old) : -1;
    if (
      inventory >= 0 &&
      inventories.setOf(inventory) === inventories.setOf(old) &&
      writeAmounts(words, base, amounts)
    ) {
      words[base + INVENTORY] = inventory;
      inventories.release(old);
      this.#tree.stockChanged(slot);
      return;
    }
    if (inventory >= 0) inventories.release(inventory);
    const [terms, traits] = [words[base + TERMS]!, words[base + TRAITS]!];
    attributes.terms.retain(terms);
    attributes.traits.retain(traits);
    const offer = words[base + OFFER]!;
    this.#place(
      slot,
      offer,
      terms,
      traits,
      { ...this.#lots.plainLot(slot), amounts, devices },
      true,
    );
  }

  /**
   * Sets amounts, asks, score and shares of the lot that is the offer's `number`-th.
   *
   * @param device place of its first device among the figures.
   * @returns how many devices it has; -1 when figures alone do not say enough, as of a wide lot or of
   *   devices of several models: then nothing is changed.
   */
  setFigures(slot: number, figures: Figures, number: number, device: number): number {
    const { rows, inventories } = this.#lots;
    if (rows.leafOf(slot) < 0) return -1;
    const { words } = rows;
    const base = slot * ROW_WORDS;
    const old = words[base + INVENTORY]!;
    const inventory = inventories.acquireAlike(old, figures, device);
    if (inventory < 0) return -1;
    const devices = inventories.lengthOf(old);
    const row = this.#row;
    row[BANDWIDTH_HIGH_EFFICIENCY] = words[base + BANDWIDTH_HIGH_EFFICIENCY]!;
    const isNarrow =
      writeAmounts(row, 0, amountsOfLot(figures, number)) &&
      writeAskFigures(row, 0, figures, firstAskOfLot(number)) &&
      writeScore(row, 0, scoreOfLot(figures, number));
    if (!isNarrow) {
      inventories.release(inventory);
      return -1;
    }
    let isSamePlace = true;
    for (let word = ASKS; word <= SCORE; word += 1) {
      if (words[base + word] !== row[word]) isSamePlace = false;
    }
    const cell = isSamePlace ? -1 : this.#tree.cellOf(rows.leafOf(slot));
    if (!isSamePlace) this.#tree.remove(slot);
    for (let word = 0; word <= SCORE; word += 1) words[base + word] = row[word]!;
    words[base + INVENTORY] = inventory;
    inventories.release(old);
    // Lots lie by their asks and score: at other ones, it is put in anew.
    if (isSamePlace) this.#tree.stockChanged(slot);
    else this.#tree.insert(slot, cell);
    return devices;
  }

  /** True when the offer has these lots now, in this order. */
  #hasLots(offer: number, lots: readonly Lot[]): boolean {
    const { offers, rows } = this.#lots;
    let slot = offers.firstOf[offer]!;
    for (const { id } of lots) {
      if (slot < 0 || rows.names[slot] !== id) return false;
      slot = rows.nextOf(slot);
    }
    return slot < 0;
  }

  #clear(offer: number): void {
    const { offers, rows } = this.#lots;
    for (let slot = offers.firstOf[offer]!, next = -1; slot >= 0; slot = next) {
      next = rows.nextOf(slot);
      this.#remove(slot);
    }
    offers.firstOf[offer] = -1;
  }

  #remove(slot: number): void {
    this.#takeOut(slot);
    this.#releaseShared(slot);
    this.#lots.rows.remove(slot);
  }

  #put(
    slot: number,
    offer: number,
    terms: number,
    lot: Lot,
    efficiencyPermille: number,
    isKnown: boolean,
  ): void {
    const { attributes } = this.#lots;
    const { amounts, devices, asks } = lot;
    const score = Math.floor((lot.performance.score * efficiencyPermille) / 1000);
    attributes.terms.retain(terms);
    const traits = attributes.acquireTraits(lot, efficiencyPermille);
    const plain = { amounts, devices, asks, score, efficiencyPermille };
    this.#place(slot, offer, terms, traits, plain, isKnown);
  }

  /** Writes the lot into its row and the tree; takes over one use of terms and traits. */
  #place(
    slot: number,
    offer: number,
    terms: number,
    traits: number,
    lot: WideLot,
    isKnown: boolean,
  ): void {
    const { inventories, rows, wide, attributes } = this.#lots;
    const row = this.#row;
    const inventory = inventories.acquire(lot.devices);
    const isNarrow =
      inventory >= 0 &&
      writePrices(row, 0, lot.asks, lot.score, lot.efficiencyPermille) &&
      writeAmounts(row, 0, lot.amounts);
    row[INVENTORY] = Math.max(0, inventory);
    row[TERMS] = terms;
    row[TRAITS] = traits;
    row[OFFER] = offer;
    const partition = attributes.traits.get(traits).labels[this.#partitionLabel];
    const stays = isKnown && isNarrow && this.#staysInLeaf(slot, partition, inventory);
    if (isKnown && !stays) this.#takeOut(slot);
    if (isKnown) this.#releaseShared(slot);
    rows.words.set(row, slot * ROW_WORDS);
    if (stays) this.#tree.changed(slot);
    else if (isNarrow) {
      const set = inventories.setOf(inventory);
      this.#tree.insert(slot, this.#cells.find(partition, set, lot.efficiencyPermille));
    } else {
      if (inventory >= 0) inventories.release(inventory);
      wide.set(slot, lot);
    }
  }

  /** True when the row being put together belongs where the lot is: same cell, asks and score. */
  #staysInLeaf(slot: number, partition: string | undefined, inventory: number): boolean {
    const { rows, inventories } = this.#lots;
    const row = this.#row;
    const leaf = rows.leafOf(slot);
    if (leaf < 0) return false;
    const base = slot * ROW_WORDS;
    for (let word = ASKS; word <= SCORE; word += 1) {
      if (rows.words[base + word] !== row[word]) return false;
    }
    const set = inventories.setOf(inventory);
    return this.#cells.is(this.#tree.cellOf(leaf), partition, set, efficiencyAt(row, 0));
  }

  /** Takes the lot out of the tree, or out of the wide lots' table after its shared values. */
  #takeOut(slot: number): void {
    const leaf = this.#lots.rows.leafOf(slot);
    if (leaf < 0) return;
    const cell = this.#tree.cellOf(leaf);
    this.#tree.remove(slot);
    if (this.#tree.roots[cell] === NONE) this.#cells.remove(cell);
  }

  #releaseShared(slot: number): void {
    const { rows, attributes, inventories, wide } = this.#lots;
    const base = slot * ROW_WORDS;
    attributes.terms.release(rows.words[base + TERMS]!);
    attributes.traits.release(rows.words[base + TRAITS]!);
    if (!wide.delete(slot)) inventories.release(rows.words[base + INVENTORY]!);
  }
}
