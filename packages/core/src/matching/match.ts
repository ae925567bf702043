/** Step 2 of matching: target lessors for one order, from the lease panorama's current state. */
import type { LotHit } from '../index/lot-index.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { placeReplicas } from '../order/fit.ts';
import { type Placement, replicasOf } from '../order/placement.ts';
import { type Refusal, refuse } from '../refusals.ts';
import { compareIds, type HubId, hubOf, type ParticipantId } from '../units/ids.ts';
import { costOf, type Micro } from '../units/money.ts';
import { Choices } from './choices.ts';
import type { MarketView } from './market.ts';
import { nearestMiss } from './nearest-miss.ts';

const MS_PER_HOUR = 3_600_000n;

/** How many replicas are wanted now, and what is left of the budget for them. */
export interface Want {
  min: number;
  max: number;
  budgetMicro: Micro;
  /** Lessors that are asked only when the others do not suffice. */
  avoid?: ReadonlySet<ParticipantId>;
}

/** What one target lessor shall run. */
export interface MatchPart {
  hub: HubId;
  lessor: ParticipantId;
  termsRevision: number;
  placements: Placement[];
  replicas: number;
  priceMicroPerHour: Micro;
}

export interface Match {
  ok: true;
  parts: MatchPart[];
  replicas: number;
  priceMicroPerHour: Micro;
}

/**
 * Finds lots for `want.min` to `want.max` replicas: as many as possible, in the order of the
 * lessee's priority; ties go to the lower price, then the higher score, then the smaller lessor and
 * lot id. One lessor or several, at most `maxLessors`, never above limit price or budget.
 *
 * @refuses MATCH_NO_CANDIDATE, MATCH_NO_OFFER, MATCH_COUNT, MATCH_LESSORS, MATCH_BUDGET, or the
 *          term that the nearest lessor fails.
 * @patent [0050]-[0052] [0055] [0079] C1.6 MAT-3 MAT-9 MAT-10
 */
export function matchOrder(view: MarketView, order: BuyOrder, want: Want): Match | Refusal {
  const { avoid } = want;
  if (avoid) {
    const isOther = (lessor: ParticipantId) => !avoid.has(lessor) && (view.only?.(lessor) ?? true);
    const others = matchAmong({ ...view, only: isOther }, order, want);
    if (others.ok) return others;
  }
  return matchAmong(view, order, want);
}

function matchAmong(view: MarketView, order: BuyOrder, want: Want): Match | Refusal {
  const preferred = new Filling(view, order, want);
  if (preferred.fill()) return preferred.match();
  if (preferred.isEmpty) return nearestMiss(view, order, want.max);
  // When the preferred lots break the budget, the cheapest may not.
  const byPrice: BuyOrder = { ...order, priority: { kind: 'price' } };
  const cheapest = new Filling(view, byPrice, want);
  if (order.priority.kind !== 'price' && cheapest.fill()) return cheapest.match();
  // When they are at too many lessors, those with the most room may not be.
  const roomiest = new Filling(view, byPrice, want, roomiestLessors(view, byPrice, want));
  return roomiest.fill() ? roomiest.match() : preferred.refusal();
}

function roomiestLessors(view: MarketView, order: BuyOrder, want: Want): ParticipantId[] {
  const room = new Map<ParticipantId, number>();
  const { wallMs, only } = view;
  const all = { lots: Infinity, wallMs, replicasMax: want.max };
  for (const { lessor, replicas } of view.market.candidates(order, all, only)) {
    room.set(lessor, (room.get(lessor) ?? 0) + replicas);
  }
  return [...room]
    .sort((a, b) => b[1] - a[1] || compareIds(a[0], b[0]))
    .slice(0, Math.max(0, order.maxLessors))
    .map(([lessor]) => lessor);
}

/** Takes lots in the order of the priority while lessors, budget and count allow. */
class Filling {
  readonly #view: MarketView;
  readonly #order: BuyOrder;
  readonly #want: Want;
  readonly #choices: Choices;
  readonly #parts = new Map<ParticipantId, MatchPart>();
  #replicas = 0;
  #priceMicroPerHour = 0n;
  #overBudget = false;

  /** @param lessors only these, if stated. */
  constructor(view: MarketView, order: BuyOrder, want: Want, lessors?: readonly ParticipantId[]) {
    this.#view = view;
    this.#order = order;
    this.#want = want;
    this.#choices = new Choices(view, order, want.max, lessors);
  }

  /** True when it found enough. */
  fill(): boolean {
    const { maxLessors, durationMs } = this.#order;
    const { max, min, budgetMicro } = this.#want;
    while (this.#replicas < max) {
      const isFull = this.#parts.size >= maxLessors;
      if (isFull) this.#choices.restrictTo([...this.#parts.keys()]);
      const choice = this.#choices.next();
      if (!choice) break;
      const wanted = Math.min(choice.replicas, max - this.#replicas);
      const take = affordable(this.#parts, choice, durationMs, budgetMicro, wanted);
      if (take > 0) this.#take(choice, take);
      if (take === wanted) continue;
      this.#overBudget = true;
      this.#choices.capAt(this.#priceLeft());
    }
    return this.#replicas >= min;
  }

  #take(choice: LotHit, take: number): void {
    const { offer, lot } = this.#view.market.lotOf(choice);
    const placement = placeReplicas(lot, this.#order.replica, take);
    if (placement.replicas === 0) return;
    const price = choice.priceMicroPerHour * BigInt(placement.replicas);
    this.#replicas += placement.replicas;
    this.#priceMicroPerHour += price;
    addToPart(this.#parts, choice.lessor, offer.termsRevision, placement, price);
  }

  /** No replica above this price fits into what is left of the budget, at whichever lessor. */
  #priceLeft(): Micro {
    const { durationMs } = this.#order;
    let left = this.#want.budgetMicro;
    for (const part of this.#parts.values()) left -= costOf(part.priceMicroPerHour, durationMs);
    // Beside a part that was rounded up, less than a micro-credit may come for nothing.
    return ((left + 1n) * MS_PER_HOUR) / BigInt(durationMs);
  }

  /** True when not a single lot suited. */
  get isEmpty(): boolean {
    return this.#choices.isEmpty;
  }

  match(): Match {
    const parts = [...this.#parts.values()];
    const priceMicroPerHour = this.#priceMicroPerHour;
    return { ok: true, parts, replicas: this.#replicas, priceMicroPerHour };
  }

  /** The first of budget, lessors and count that stood in the way. */
  refusal(): Refusal {
    const hint = `${this.#replicas} of ${this.#want.min} replicas could be placed`;
    if (this.#overBudget) return refuse('MATCH_BUDGET', hint);
    return refuse(this.#leavesLessorsOut() ? 'MATCH_LESSORS' : 'MATCH_COUNT', hint);
  }

  #leavesLessorsOut(): boolean {
    if (this.#parts.size < this.#order.maxLessors) return false;
    const all = new Choices(this.#view, this.#order, this.#want.max);
    for (let choice = all.next(); choice; choice = all.next()) {
      if (!this.#parts.has(choice.lessor)) return true;
    }
    return false;
  }
}

function addToPart(
  parts: Map<ParticipantId, MatchPart>,
  lessor: ParticipantId,
  termsRevision: number,
  placement: Placement,
  price: Micro,
): void {
  const part = parts.get(lessor);
  if (!part) {
    const placements = [placement];
    const replicas = placement.replicas;
    parts.set(lessor, {
      hub: hubOf(lessor),
      lessor,
      termsRevision,
      placements,
      replicas,
      priceMicroPerHour: price,
    });
    return;
  }
  part.placements.push(placement);
  part.replicas = replicasOf(part.placements);
  part.priceMicroPerHour += price;
}

/** How many of `wanted` replicas of the choice fit into the budget beside the parts so far. */
function affordable(
  parts: ReadonlyMap<ParticipantId, MatchPart>,
  choice: LotHit,
  durationMs: number,
  budgetMicro: Micro,
  wanted: number,
): number {
  const fits = (take: number) => billOf(parts, choice, take, durationMs) <= budgetMicro;
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

/** The highest bill with `take` replicas of the choice added: each part is rounded up by itself. */
function billOf(
  parts: ReadonlyMap<ParticipantId, MatchPart>,
  choice: LotHit,
  take: number,
  durationMs: number,
): Micro {
  const added = choice.priceMicroPerHour * BigInt(take);
  let bill = parts.has(choice.lessor) ? 0n : costOf(added, durationMs);
  for (const part of parts.values()) {
    const more = part.lessor === choice.lessor ? added : 0n;
    bill += costOf(part.priceMicroPerHour + more, durationMs);
  }
  return bill;
}
