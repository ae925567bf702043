/** The lots that suit an order, best first, asked for in batches as far as they are needed. */
import type { LotHit } from '../index/lot-index.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import type { ParticipantId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { MarketView } from './market.ts';

const FIRST_BATCH_MAX = 16;
const GROWTH = 4;

export class Choices {
  readonly #view: MarketView;
  readonly #order: BuyOrder;
  readonly #replicasMax: number;
  readonly #given = new Set<string>();
  #lessors: readonly ParticipantId[] | undefined;
  #priceMax: Micro | undefined;
  #batch: readonly LotHit[] = [];
  #at = 0;
  #size: number;
  /** Nothing lies behind the batch. */
  #isLast = false;

  /** @param lessors only lots of these, if stated. */
  constructor(
    view: MarketView,
    order: BuyOrder,
    replicasMax: number,
    lessors?: readonly ParticipantId[],
  ) {
    this.#view = view;
    this.#order = order;
    this.#replicasMax = replicasMax;
    this.#lessors = lessors;
    this.#size = Math.min(FIRST_BATCH_MAX, replicasMax);
  }

  /** The best lot that was not given before; undefined when there is none. */
  next(): LotHit | undefined {
    for (;;) {
      for (let choice = this.#batch[this.#at]; choice; choice = this.#batch[this.#at]) {
        this.#at += 1;
        const name = `${choice.lessor} ${choice.lotId}`;
        if (this.#given.has(name)) continue;
        this.#given.add(name);
        return choice;
      }
      if (this.#isLast) return undefined;
      this.#more();
    }
  }

  /** From here on only lots of these lessors. */
  restrictTo(lessors: readonly ParticipantId[]): void {
    if (this.#lessors?.length === lessors.length) return;
    this.#lessors = lessors;
    this.#restart();
  }

  /** From here on only lots up to this price. */
  capAt(priceMax: Micro): void {
    if (this.#priceMax !== undefined && this.#priceMax <= priceMax) return;
    this.#priceMax = priceMax;
    this.#restart();
  }

  #restart(): void {
    this.#batch = [];
    this.#at = 0;
    this.#isLast = false;
  }

  /** A larger batch begins with the lots of the one before. */
  #more(): void {
    if (this.#batch.length > 0) this.#size *= GROWTH;
    const { market, wallMs, only } = this.#view;
    const search = {
      lots: this.#size,
      wallMs,
      replicasMax: this.#replicasMax,
      ...(this.#lessors && { lessors: this.#lessors }),
      ...(this.#priceMax !== undefined && { priceMax: this.#priceMax }),
    };
    this.#batch = market.candidates(this.#order, search, only);
    this.#isLast = this.#batch.length < this.#size;
  }

  /** True when no lot was given. */
  get isEmpty(): boolean {
    return this.#given.size === 0;
  }
}
