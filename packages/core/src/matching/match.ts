/** Step 2 of matching: target lessors for one order, from the lease panorama's current state. */
import type { BuyOrder, MatchingPriority } from '../order/buy-order.ts';
import { placeReplicas } from '../order/fit.ts';
import { type Placement, replicasOf } from '../order/placement.ts';
import type { Lot } from '../order/sell-order.ts';
import { type Refusal, type RefusalCode, refuse } from '../refusals.ts';
import { compareIds, type HubId, type ParticipantId } from '../units/ids.ts';
import { costOf, type Micro } from '../units/money.ts';
import { candidates, type MarketView, offerOf } from './market-view.ts';
import { lotSuits, offerShortfall, TERM_ORDER } from './suitability.ts';

/** How many replicas are wanted now, and what is left of the budget for them. */
export interface Want {
  min: number;
  max: number;
  budgetMicro: Micro;
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

/** A lot that suits, as one choice of the matcher. */
interface Choice {
  hub: HubId;
  lessor: ParticipantId;
  termsRevision: number;
  lot: Lot;
  replicas: number;
  priceMicroPerHour: Micro;
  score: number;
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
  const found = collectChoices(view, order, want.max);
  if (!Array.isArray(found)) return found;
  let best: Refusal | undefined;
  for (const choices of rankings(found, order)) {
    const result = fill(choices, order, want);
    if (result.ok) return result;
    best ??= result;
  }
  return best ?? refuse('MATCH_COUNT', 'no lot suits');
}

function collectChoices(view: MarketView, order: BuyOrder, max: number): Choice[] | Refusal {
  const choices: Choice[] = [];
  let seen = 0;
  let nearest: { term: number; code: RefusalCode; hint: string } | undefined;
  const note = (code: RefusalCode, hint: string) => {
    const term = TERM_ORDER.indexOf(code);
    // Among equals the smaller hint speaks: never the one that happened to be known first.
    const nearer =
      !nearest || term > nearest.term || (term === nearest.term && hint < nearest.hint);
    if (nearer) nearest = { term, code, hint };
  };
  for (const { lessor, hub } of candidates(view, order)) {
    seen += 1;
    const offer = offerOf(view, lessor);
    if (!offer) {
      note('MATCH_NO_OFFER', 'no candidate offers now');
      continue;
    }
    const unsuited = offerShortfall(offer, order);
    if (unsuited) {
      note(unsuited.code, `need ${unsuited.need}, have ${unsuited.have}`);
      continue;
    }
    for (const whole of offer.lots) {
      const lot = view.reservations.free(lessor, whole);
      const suits = lotSuits(offer, lot, order, max);
      if ('code' in suits) note(suits.code, `need ${suits.need}, have ${suits.have}`);
      else choices.push({ ...suits, hub, lessor, lot, termsRevision: offer.termsRevision });
    }
  }
  if (choices.length > 0) return choices;
  if (seen === 0) return refuse('MATCH_NO_CANDIDATE', 'no participant’s machines are large enough');
  return refuse(nearest?.code ?? 'MATCH_NO_OFFER', nearest?.hint ?? 'no offers');
}

/**
 * Orders in which the greedy filling is tried: the lessee's priority, then by price (when the
 * preferred ones break the budget), then the lessors with the most room (when there are too many).
 */
function* rankings(choices: Choice[], order: BuyOrder): Generator<Choice[]> {
  yield [...choices].sort(byPriority(order.priority, choices));
  const byPrice = [...choices].sort(byPriority({ kind: 'price' }, choices));
  yield byPrice;
  const room = new Map<ParticipantId, number>();
  for (const { lessor, replicas } of choices) {
    room.set(lessor, (room.get(lessor) ?? 0) + replicas);
  }
  const roomiest = [...room]
    .sort((a, b) => b[1] - a[1] || compareIds(a[0], b[0]))
    .slice(0, order.maxLessors)
    .map(([lessor]) => lessor);
  yield byPrice.filter(({ lessor }) => roomiest.includes(lessor));
}

/** One published rule for all; a tie never depends on who came first. @patent [0052] MAT-7 */
function byPriority(priority: MatchingPriority, choices: readonly Choice[]) {
  const key = priorityKey(priority, choices);
  return (a: Choice, b: Choice): number =>
    compareBig(key(a), key(b)) ||
    compareBig(a.priceMicroPerHour, b.priceMicroPerHour) ||
    b.score - a.score ||
    compareIds(a.lessor, b.lessor) ||
    compareIds(a.lot.id, b.lot.id);
}

/** Smaller is better. Weights compare price over best price with best score over score. */
function priorityKey(
  priority: MatchingPriority,
  choices: readonly Choice[],
): (choice: Choice) => bigint {
  if (priority.kind === 'price') return (choice) => choice.priceMicroPerHour;
  if (priority.kind === 'performance') return (choice) => BigInt(-choice.score);
  let lowest = choices[0]?.priceMicroPerHour ?? 1n;
  let highest = 1;
  for (const { priceMicroPerHour, score } of choices) {
    if (priceMicroPerHour < lowest) lowest = priceMicroPerHour;
    highest = Math.max(highest, score);
  }
  if (lowest < 1n) lowest = 1n;
  const { priceWeight, performanceWeight } = priority;
  return (choice) =>
    (BigInt(priceWeight) * choice.priceMicroPerHour * 1_000_000n) / lowest +
    (BigInt(performanceWeight) * BigInt(highest) * 1_000_000n) / BigInt(Math.max(1, choice.score));
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Takes choices in the given order while lessors, budget and count allow. */
function fill(choices: readonly Choice[], order: BuyOrder, want: Want): Match | Refusal {
  const parts = new Map<ParticipantId, MatchPart>();
  let replicas = 0;
  let priceMicroPerHour = 0n;
  let blocked: RefusalCode = 'MATCH_COUNT';
  for (const choice of choices) {
    if (replicas === want.max) break;
    if (!parts.has(choice.lessor) && parts.size === order.maxLessors) {
      blocked = 'MATCH_LESSORS';
      continue;
    }
    const wanted = Math.min(choice.replicas, want.max - replicas);
    const take = affordable(parts, choice, order.durationMs, want.budgetMicro, wanted);
    if (take < wanted) blocked = 'MATCH_BUDGET';
    const placement = take > 0 ? placeReplicas(choice.lot, order.replica, take) : undefined;
    if (!placement || placement.replicas === 0) continue;
    const price = choice.priceMicroPerHour * BigInt(placement.replicas);
    replicas += placement.replicas;
    priceMicroPerHour += price;
    addToPart(parts, choice, placement, price);
  }
  if (replicas < want.min)
    return refuse(blocked, `${replicas} of ${want.min} replicas could be placed`);
  return { ok: true, parts: [...parts.values()], replicas, priceMicroPerHour };
}

function addToPart(
  parts: Map<ParticipantId, MatchPart>,
  choice: Choice,
  placement: Placement,
  price: Micro,
): void {
  const { hub, lessor, termsRevision } = choice;
  const part = parts.get(lessor);
  if (!part) {
    const placements = [placement];
    const replicas = placement.replicas;
    parts.set(lessor, {
      hub,
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
  choice: Choice,
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
  choice: Choice,
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
