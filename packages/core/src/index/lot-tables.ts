/** All that the index knows of lots, apart from how they are searched. */
import type { Asks, LotDevice } from '../order/sell-order.ts';
import type { Names } from '../panorama/names.ts';
import { compareIds, type HubId } from '../units/ids.ts';
import type { ResourceAmounts } from '../units/resources.ts';
import { AttributeTables } from './attribute-tables.ts';
import { DeviceInventories } from './device-inventories.ts';
import { Levels } from './levels.ts';
import { efficiencyAt, INVENTORY, LotRows, OFFER, ROW_WORDS, SCORE } from './lot-rows.ts';
import { OfferTable } from './offer-table.ts';

/** What a row cannot hold: a lot with a number beyond its column is kept as it came. */
export interface WideLot {
  amounts: ResourceAmounts;
  devices: readonly LotDevice[];
  asks: Asks;
  /** Effective. */
  score: number;
  efficiencyPermille: number;
}

export class LotTables {
  readonly rows = new LotRows();
  readonly offers: OfferTable;
  readonly inventories = new DeviceInventories();
  readonly attributes = new AttributeTables();
  readonly levels = new Levels();
  readonly wide = new Map<number, WideLot>();
  readonly staleHubs = new Set<HubId>();

  constructor(names: Names) {
    this.offers = new OfferTable(names);
  }

  /** The lot as numbers of any size, from its row or as it was kept. */
  plainLot(slot: number): WideLot {
    const wide = this.wide.get(slot);
    if (wide) return wide;
    const { words } = this.rows;
    const base = slot * ROW_WORDS;
    return {
      amounts: this.rows.amountsOf(slot),
      devices: this.inventories.listOf(words[base + INVENTORY]!),
      asks: this.rows.asksOf(slot),
      score: words[base + SCORE]!,
      efficiencyPermille: efficiencyAt(words, base),
    };
  }

  /** Order of two lots by lessor and id. */
  compare(a: number, b: number): number {
    const { rows, offers } = this;
    const offerA = rows.words[a * ROW_WORDS + OFFER]!;
    const offerB = rows.words[b * ROW_WORDS + OFFER]!;
    const byLessor =
      offerA === offerB ? 0 : compareIds(offers.lessors[offerA]!, offers.lessors[offerB]!);
    return byLessor || compareIds(rows.names[a]!, rows.names[b]!);
  }

  /** The lot before this one in its offer, -1 for the first; and how many were passed. */
  before(slot: number): [lot: number, steps: number] {
    const { rows, offers } = this;
    let steps = 0;
    let before = -1;
    for (let lot = offers.firstOf[rows.offerOf(slot)]!; lot !== slot; lot = rows.nextOf(lot)) {
      before = lot;
      steps += 1;
    }
    return [before, steps];
  }

  get bytes(): number {
    const { rows, offers, inventories, attributes } = this;
    return rows.bytes + offers.bytes + inventories.bytes + attributes.bytes;
  }
}
