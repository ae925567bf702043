/** Whether what lots share suits the order of a query, and whether one lot does, in any numbers. */
import type { BuyOrder } from '../order/buy-order.ts';
import { replicasThatFit } from '../order/fit.ts';
import { replicaPriceMicroPerHour } from '../order/price.ts';
import type { Micro } from '../units/money.ts';
import { acceptsDevice } from '../units/resources.ts';
import { termsSuit, traitsSuit } from './attributes.ts';
import { OFFER, ROW_WORDS, TERMS, TRAITS } from './lot-rows.ts';
import type { LotTables } from './lot-tables.ts';
import { Verdicts } from './verdicts.ts';

export interface ExactSuits {
  priceMicroPerHour: Micro;
  score: number;
}

export class Suits {
  readonly terms = new Verdicts();
  readonly traits = new Verdicts();
  readonly models = new Verdicts();
  readonly #lots: LotTables;

  constructor(lots: LotTables) {
    this.#lots = lots;
  }

  begin(order: BuyOrder): void {
    const { attributes, inventories, staleHubs } = this.#lots;
    const { terms, traits } = attributes;
    this.terms.begin(terms.size, (id) => {
      const value = terms.get(id);
      return !staleHubs.has(value.hub) && termsSuit(value, order);
    });
    this.traits.begin(traits.size, (id) => traitsSuit(traits.get(id), order));
    const { device } = order.replica;
    this.models.begin(inventories.models.size, (id) =>
      device ? acceptsDevice(device, inventories.models.get(id)) : false,
    );
  }

  /** The verdict on one lot of any size, in exact arithmetic. */
  exactly(slot: number, order: BuyOrder, wallMs: number): ExactSuits | undefined {
    const { rows, offers } = this.#lots;
    const base = slot * ROW_WORDS;
    if (!this.terms.of(rows.words[base + TERMS]!)) return undefined;
    if (!this.traits.of(rows.words[base + TRAITS]!)) return undefined;
    if (!(offers.validUntilMs[rows.words[base + OFFER]!]! > wallMs)) return undefined;
    const { amounts, devices, asks, score, efficiencyPermille } = this.#lots.plainLot(slot);
    if (score < order.performance.minScore) return undefined;
    const lot = { id: '', amounts, devices: [...devices], asks, labels: {} };
    const fits = replicasThatFit({ ...lot, performance: { score, flops: [] } }, order.replica, 1);
    if (fits < 1) return undefined;
    const price = replicaPriceMicroPerHour(asks, efficiencyPermille, order.replica);
    if (price > order.limitMicroPerReplicaHour) return undefined;
    return { priceMicroPerHour: price, score };
  }
}
