/** Lays orders into lots and devices: never more than is free there, whatever is wanted. */
import type { MatchPart } from '../matching/match.ts';
import { placeReplicas, replicasThatFit, withPlacement } from '../order/fit.ts';
import type { Placement } from '../order/placement.ts';
import type { Lot } from '../order/sell-order.ts';
import { compareIds, type ParticipantId } from '../units/ids.ts';
import { costOf, type Micro } from '../units/money.ts';
import type { Round, RoundLot, RoundOrder, Wishes } from './market.ts';

/** What an order holds at one lot. */
export interface Held {
  placement: Placement;
  /** Position among the order's wishes. */
  wish: number;
}

/** What became of a round's orders. */
export interface Filled {
  /** Per order, the same as in `parts`: lot by lot. */
  held: readonly (readonly Held[])[];
  /** Per order, empty when it got nothing. */
  parts: readonly (readonly MatchPart[])[];
  replicas: readonly number[];
  /** Per order: what its replicas cost on the mean as its lessee's priority sees it. */
  preference: readonly number[];
  /** Per order: what it pays at most, in micro-credits. */
  costMicro: readonly Micro[];
}

export class Filling {
  readonly #orders: readonly RoundOrder[];
  readonly #lots: readonly RoundLot[];
  readonly #wishes: readonly Wishes[];
  readonly #free: Lot[];
  /** Per order: lot -> what it holds there. */
  readonly #held: Map<number, Held>[];

  constructor({ orders, lots, wishes }: Round) {
    this.#orders = orders;
    this.#lots = lots;
    this.#wishes = wishes;
    this.#free = lots.map(({ lot }) => lot);
    this.#held = orders.map(() => new Map());
  }

  /** Gives the order up to `replicas` more at one of its wishes; returns how many there was room for. */
  give(i: number, wish: number, replicas: number): number {
    const { order } = this.#orders[i] as RoundOrder;
    const at = (this.#wishes[i] as Wishes).lot[wish] as number;
    const lot = this.#free[at] as Lot;
    const fitting = replicas > 0 ? replicasThatFit(lot, order.replica, replicas) : 0;
    const placement = fitting > 0 ? placeReplicas(lot, order.replica, fitting) : undefined;
    if (!placement || placement.replicas === 0) return 0;
    this.#free[at] = withPlacement(lot, order.replica, placement, -1);
    const own = this.#held[i] as Map<number, Held>;
    const before = own.get(at);
    if (before) {
      before.placement.replicas += placement.replicas;
      before.placement.devices.push(...placement.devices);
    } else own.set(at, { placement, wish });
    return placement.replicas;
  }

  /** Gives the order what it held elsewhere, down to the devices. */
  keep(i: number, { wish, placement }: Held): void {
    const { order } = this.#orders[i] as RoundOrder;
    const at = (this.#wishes[i] as Wishes).lot[wish] as number;
    const own = { ...placement, devices: [...placement.devices] };
    this.#free[at] = withPlacement(this.#free[at] as Lot, order.replica, own, -1);
    (this.#held[i] as Map<number, Held>).set(at, { placement: own, wish });
  }

  /** Takes everything back that the order holds. */
  clear(i: number): void {
    const { order } = this.#orders[i] as RoundOrder;
    const own = this.#held[i] as Map<number, Held>;
    for (const [at, { placement }] of own) {
      this.#free[at] = withPlacement(this.#free[at] as Lot, order.replica, placement, 1);
    }
    own.clear();
  }

  replicasOf(i: number): number {
    let sum = 0;
    for (const { placement } of (this.#held[i] as Map<number, Held>).values()) {
      sum += placement.replicas;
    }
    return sum;
  }

  /** True when the order holds enough, from few enough lessors, within its budget. */
  isSound(i: number): boolean {
    const { order, want } = this.#orders[i] as RoundOrder;
    const replicas = this.replicasOf(i);
    if (replicas < want.min || replicas > want.max) return false;
    const prices = this.#prices(i);
    return prices.size <= order.maxLessors && billOf(prices, order.durationMs) <= want.budgetMicro;
  }

  /**
   * Adds what is missing, as single matching would: by priority, then by price, then from the lessors
   * with the most room. Whoever holds too little in the end holds nothing.
   */
  serve(i: number): void {
    const { want } = this.#orders[i] as RoundOrder;
    if (!this.isSound(i)) this.clear(i);
    const had = this.replicasOf(i);
    if (had === want.max) return;
    for (const ranking of had > 0 ? [this.#byPriority(i)] : this.#rankings(i)) {
      this.#take(i, ranking);
      if (this.isSound(i)) return;
      this.clear(i);
    }
  }

  *#rankings(i: number): Generator<Iterable<number>> {
    const { lot } = this.#wishes[i] as Wishes;
    const { order, want } = this.#orders[i] as RoundOrder;
    yield this.#byPriority(i);
    const byPrice = this.#byPrice(i);
    if (order.priority.kind !== 'price') yield byPrice;
    const room = new Map<ParticipantId, number>();
    for (const at of lot) {
      const { lessor } = this.#lots[at] as RoundLot;
      const fits = replicasThatFit(this.#free[at] as Lot, order.replica, want.max);
      room.set(lessor, (room.get(lessor) ?? 0) + fits);
    }
    const roomiest = new Set(
      [...room]
        .sort((a, b) => b[1] - a[1] || compareIds(a[0], b[0]))
        .slice(0, order.maxLessors)
        .map(([lessor]) => lessor),
    );
    yield byPrice.filter((k) => roomiest.has((this.#lots[lot[k] as number] as RoundLot).lessor));
  }

  #byPrice(i: number): number[] {
    const { lot, priceMicroPerHour, score } = this.#wishes[i] as Wishes;
    const lotOf = (k: number) => this.#lots[lot[k] as number] as RoundLot;
    return Array.from(lot, (_, k) => k).sort((a, b) => {
      const [one, other] = [priceMicroPerHour[a] as Micro, priceMicroPerHour[b] as Micro];
      if (one !== other) return one < other ? -1 : 1;
      return (
        (score[b] as number) - (score[a] as number) ||
        compareIds(lotOf(a).lessor, lotOf(b).lessor) ||
        compareIds(lotOf(a).lot.id, lotOf(b).lot.id)
      );
    });
  }

  *#byPriority(i: number): Generator<number> {
    const { lot } = this.#wishes[i] as Wishes;
    for (let k = 0; k < lot.length; k += 1) yield k;
  }

  #take(i: number, ranking: Iterable<number>): void {
    const { order, want } = this.#orders[i] as RoundOrder;
    const { lot, priceMicroPerHour } = this.#wishes[i] as Wishes;
    const prices = this.#prices(i);
    let missing = want.max - this.replicasOf(i);
    for (const k of ranking) {
      if (missing === 0) return;
      const at = lot[k] as number;
      if (replicasThatFit(this.#free[at] as Lot, order.replica, 1) === 0) continue;
      const { lessor } = this.#lots[at] as RoundLot;
      if (!prices.has(lessor) && prices.size >= order.maxLessors) continue;
      const price = priceMicroPerHour[k] as Micro;
      const few = this.#affordable(i, prices, lessor, price, missing);
      const taken = this.give(i, k, few);
      if (taken === 0) continue;
      missing -= taken;
      prices.set(lessor, (prices.get(lessor) ?? 0n) + price * BigInt(taken));
    }
  }

  /** How many of `wanted` replicas fit into the budget beside what the order holds. */
  #affordable(
    i: number,
    prices: ReadonlyMap<ParticipantId, Micro>,
    lessor: ParticipantId,
    price: Micro,
    wanted: number,
  ): number {
    const { order, want } = this.#orders[i] as RoundOrder;
    const fits = (take: number) => {
      const more = new Map(prices).set(lessor, (prices.get(lessor) ?? 0n) + price * BigInt(take));
      return billOf(more, order.durationMs) <= want.budgetMicro;
    };
    if (fits(wanted)) return wanted;
    let low = 0;
    let high = wanted - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (fits(middle)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** What each lessor gets per hour. */
  #prices(i: number): Map<ParticipantId, Micro> {
    const { priceMicroPerHour } = this.#wishes[i] as Wishes;
    const prices = new Map<ParticipantId, Micro>();
    for (const [at, { placement, wish }] of this.#held[i] as Map<number, Held>) {
      const { lessor } = this.#lots[at] as RoundLot;
      const price = (priceMicroPerHour[wish] as Micro) * BigInt(placement.replicas);
      prices.set(lessor, (prices.get(lessor) ?? 0n) + price);
    }
    return prices;
  }

  result(): Filled {
    const all = this.#orders.map((_, i) => i);
    return {
      held: all.map((i) => [...(this.#held[i] as Map<number, Held>).values()]),
      parts: all.map((i) => this.#partsOf(i)),
      replicas: all.map((i) => this.replicasOf(i)),
      preference: all.map((i) => this.#preferenceOf(i)),
      costMicro: all.map((i) => billOf(this.#prices(i), this.#durationOf(i))),
    };
  }

  #durationOf(i: number): number {
    return (this.#orders[i] as RoundOrder).order.durationMs;
  }

  #preferenceOf(i: number): number {
    const { preference } = this.#wishes[i] as Wishes;
    let [sum, replicas] = [0, 0];
    for (const { placement, wish } of (this.#held[i] as Map<number, Held>).values()) {
      sum += (preference[wish] as number) * placement.replicas;
      replicas += placement.replicas;
    }
    return replicas === 0 ? 0 : sum / replicas;
  }

  #partsOf(i: number): MatchPart[] {
    const { priceMicroPerHour } = this.#wishes[i] as Wishes;
    const parts = new Map<ParticipantId, MatchPart>();
    for (const [at, { placement, wish }] of this.#held[i] as Map<number, Held>) {
      const { hub, lessor, offer } = this.#lots[at] as RoundLot;
      const part = parts.get(lessor) ?? {
        hub,
        lessor,
        termsRevision: offer.termsRevision,
        placements: [],
        replicas: 0,
        priceMicroPerHour: 0n,
      };
      part.placements.push(placement);
      part.replicas += placement.replicas;
      part.priceMicroPerHour += (priceMicroPerHour[wish] as Micro) * BigInt(placement.replicas);
      parts.set(lessor, part);
    }
    return [...parts.values()];
  }
}

/** Each lessor's part is rounded up by itself. */
function billOf(prices: ReadonlyMap<ParticipantId, Micro>, durationMs: number): Micro {
  let bill = 0n;
  for (const price of prices.values()) bill += costOf(price, durationMs);
  return bill;
}
