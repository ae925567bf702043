/** Whether what lots share suits the order of a query, and whether one lot does, in any numbers. */
import type { BuyOrder } from '../order/buy-order.ts';
import { replicasThatFit } from '../order/fit.ts';
import { replicaPriceMicroPerHour } from '../order/price.ts';
import type { ParticipantId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import { acceptsDevice } from '../units/resources.ts';
import { termsSuit, traitsSuit, type Waived } from './attributes.ts';
import { OFFER, ROW_WORDS, TERMS, TRAITS } from './lot-rows.ts';
import type { LotTables } from './lot-tables.ts';
import { Verdicts } from './verdicts.ts';

export interface ExactSuits {
  priceMicroPerHour: Micro;
  score: number;
}

type IsCandidate = (lessor: ParticipantId) => boolean;

const everyone: IsCandidate = () => true;

export class Suits {
  readonly terms = new Verdicts();
  readonly traits = new Verdicts();
  readonly models = new Verdicts();
  readonly #lots: LotTables;
  #isCandidate = everyone;

  constructor(lots: LotTables) {
    this.#lots = lots;
  }

  /** @param isCandidate asked of lessors whose lots suit otherwise; all are by default. */
  begin(order: BuyOrder, waived: Waived, isCandidate: IsCandidate = everyone): void {
    this.#isCandidate = isCandidate;
    const { attributes, inventories, staleHubs } = this.#lots;
    const { terms, traits } = attributes;
    this.terms.begin(terms.size, (id) => {
      const value = terms.get(id);
      return !staleHubs.has(value.hub) && termsSuit(value, order, waived);
    });
    this.traits.begin(traits.size, (id) => traitsSuit(traits.get(id), order));
    const { device } = order.replica;
    this.models.begin(inventories.models.size, (id) =>
      device ? acceptsDevice(device, inventories.models.get(id)) : false,
    );
  }

  /** Whether the lot's offer is valid, and its lessor a candidate. */
  offerOf(slot: number, wallMs: number): boolean {
    const { rows, offers } = this.#lots;
    const offer = rows.words[slot * ROW_WORDS + OFFER]!;
    return offers.validUntilMs[offer]! > wallMs && this.#isCandidate(offers.lessors[offer]!);
  }

  /** The verdict on one lot of any size, in exact arithmetic; its offer is not looked at. */
  exactly(slot: number, order: BuyOrder): ExactSuits | undefined {
    const { rows } = this.#lots;
    const base = slot * ROW_WORDS;
    if (!this.terms.of(rows.words[base + TERMS]!)) return undefined;
    if (!this.traits.of(rows.words[base + TRAITS]!)) return undefined;
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
