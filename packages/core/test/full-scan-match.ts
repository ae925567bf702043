/** The matcher as it reads in words: every lot of every candidate looked at, then sorted. */
import type { Want } from '../src/matching/match.ts';
import type { Reservations } from '../src/matching/reservations.ts';
import { couldEverServe } from '../src/matching/static-filter.ts';
import { lotSuits, offerShortfall, TERM_ORDER } from '../src/matching/suitability.ts';
import type { BuyOrder, MatchingPriority } from '../src/order/buy-order.ts';
import { placeReplicas } from '../src/order/fit.ts';
import type { Placement } from '../src/order/placement.ts';
import { replicaPriceMicroPerHour } from '../src/order/price.ts';
import type { Lot, SellOrder } from '../src/order/sell-order.ts';
import type { Panorama } from '../src/panorama/panorama.ts';
import type { RefusalCode } from '../src/refusals.ts';
import { compareIds, hubOf } from '../src/units/ids.ts';
import { costOf } from '../src/units/money.ts';

export interface ScannedMarket {
  panorama: Panorama;
  reservations: Reservations;
  wallMs: number;
}

interface Choice {
  offer: SellOrder;
  lot: Lot;
  priceMicroPerHour: bigint;
  score: number;
  replicas: number;
}

interface Miss {
  term: number;
  code: RefusalCode;
  hint: string;
  price: bigint;
  score: number;
  lessor: string;
  lot: string;
}

interface Part {
  hub: string;
  lessor: string;
  termsRevision: number;
  placements: Placement[];
  replicas: number;
  priceMicroPerHour: bigint;
}

/** The result that `matchOrder` must have. */
export function scanMatch(market: ScannedMarket, order: BuyOrder, want: Want) {
  const { choices, miss, candidates } = lookAtAll(market, order, want.max);
  const first = choices[0];
  if (!first) {
    if (miss) return { ok: false, code: miss.code, hint: miss.hint };
    if (candidates > 0)
      return { ok: false, code: 'MATCH_NO_OFFER', hint: 'no candidate offers now' };
    const hint = 'no participant’s machines are large enough';
    return { ok: false, code: 'MATCH_NO_CANDIDATE', hint };
  }
  const preferred = fill(sorted(choices, order.priority), order, want);
  if (preferred.ok) return preferred;
  const byPrice = sorted(choices, { kind: 'price' });
  const cheapest = fill(byPrice, order, want);
  if (cheapest.ok) return cheapest;
  const room = new Map<string, number>();
  for (const { offer, replicas } of choices) {
    room.set(offer.participant, (room.get(offer.participant) ?? 0) + replicas);
  }
  const roomiest = [...room]
    .sort((a, b) => b[1] - a[1] || compareIds(a[0], b[0]))
    .slice(0, order.maxLessors)
    .map(([lessor]) => lessor);
  const roomy = byPrice.filter(({ offer }) => roomiest.includes(offer.participant));
  const last = fill(roomy, order, want);
  return last.ok ? last : preferred;
}

function lookAtAll(
  { panorama, reservations, wallMs }: ScannedMarket,
  order: BuyOrder,
  max: number,
) {
  const choices: Choice[] = [];
  let miss: Miss | undefined;
  let candidates = 0;
  for (const part of panorama.parts.values()) {
    for (const { participant: lessor, spec } of part.stale ? [] : part.resources.values()) {
      if (!spec || !couldEverServe(spec, order)) continue;
      candidates += 1;
      if (panorama.arrived.has(lessor)) continue;
      const offer = panorama.lease(lessor)?.offer;
      if (!offer || offer.validUntilMs <= wallMs) continue;
      const unsuited = offerShortfall(offer, order);
      for (const whole of offer.lots) {
        const lot = reservations.free(lessor, whole);
        const suits = unsuited ?? lotSuits(offer, lot, order, max);
        if (!('code' in suits)) choices.push({ offer, lot, ...suits });
        else miss = nearer(miss, missOf(offer, lot, order, suits));
      }
    }
  }
  return { choices, miss, candidates };
}

function missOf(
  offer: SellOrder,
  lot: Lot,
  order: BuyOrder,
  { code, need, have }: { code: RefusalCode; need: string; have: string },
): Miss {
  const isPriced = code === 'MATCH_PRICE' || code === 'MATCH_PERFORMANCE';
  const price = replicaPriceMicroPerHour(lot.asks, offer.efficiencyPermille, order.replica);
  return {
    term: TERM_ORDER.indexOf(code),
    code,
    hint: `need ${need}, have ${have}`,
    price: isPriced ? price : 0n,
    score: Math.floor((lot.performance.score * offer.efficiencyPermille) / 1000),
    lessor: offer.participant,
    lot: lot.id,
  };
}

function nearer(known: Miss | undefined, miss: Miss): Miss {
  if (!known) return miss;
  const order =
    miss.term - known.term ||
    compareBig(known.price, miss.price) ||
    miss.score - known.score ||
    compareIds(known.lessor, miss.lessor) ||
    compareIds(known.lot, miss.lot);
  return order > 0 ? miss : known;
}

function sorted(choices: readonly Choice[], priority: MatchingPriority): Choice[] {
  const key = priorityKey(priority, choices);
  return [...choices].sort(
    (a, b) =>
      compareBig(key(a), key(b)) ||
      compareBig(a.priceMicroPerHour, b.priceMicroPerHour) ||
      b.score - a.score ||
      compareIds(a.offer.participant, b.offer.participant) ||
      compareIds(a.lot.id, b.lot.id),
  );
}

function priorityKey(priority: MatchingPriority, choices: readonly Choice[]) {
  if (priority.kind === 'price') return (choice: Choice) => choice.priceMicroPerHour;
  if (priority.kind === 'performance') return (choice: Choice) => BigInt(-choice.score);
  let lowest = choices[0]?.priceMicroPerHour ?? 1n;
  for (const { priceMicroPerHour: price } of choices) if (price < lowest) lowest = price;
  if (lowest < 1n) lowest = 1n;
  const highest = BigInt(Math.max(1, ...choices.map(({ score }) => score)));
  const { priceWeight, performanceWeight } = priority;
  return ({ priceMicroPerHour, score }: Choice) =>
    (BigInt(priceWeight) * priceMicroPerHour * 1_000_000n) / lowest +
    (BigInt(performanceWeight) * highest * 1_000_000n) / BigInt(Math.max(1, score));
}

function fill(choices: readonly Choice[], order: BuyOrder, want: Want) {
  const parts = new Map<string, Part>();
  let replicas = 0;
  let leftOut = false;
  let overBudget = false;
  for (const { offer, lot, ...choice } of choices) {
    const lessor = offer.participant;
    if (replicas === want.max) break;
    if (!parts.has(lessor) && parts.size >= order.maxLessors) {
      leftOut = true;
      continue;
    }
    const wanted = Math.min(choice.replicas, want.max - replicas);
    let take = wanted;
    while (take > 0) {
      const part = parts.get(lessor);
      const hourly = choice.priceMicroPerHour * BigInt(take);
      const bill = (one: Part) =>
        costOf(one.priceMicroPerHour + (one === part ? hourly : 0n), order.durationMs);
      const bills = [...parts.values()].map(bill);
      if (!part) bills.push(costOf(hourly, order.durationMs));
      if (bills.reduce((sum, one) => sum + one, 0n) <= want.budgetMicro) break;
      take -= 1;
    }
    if (take < wanted) overBudget = true;
    if (take === 0) continue;
    const placement = placeReplicas(lot, order.replica, take);
    const priceMicroPerHour = choice.priceMicroPerHour * BigInt(take);
    replicas += take;
    const part = parts.get(lessor);
    if (part) {
      part.placements.push(placement);
      part.replicas += take;
      part.priceMicroPerHour += priceMicroPerHour;
    } else {
      const { termsRevision } = offer;
      const base = { hub: hubOf(lessor), lessor, termsRevision, placements: [placement] };
      parts.set(lessor, { ...base, replicas: take, priceMicroPerHour });
    }
  }
  const all = [...parts.values()];
  const priceMicroPerHour = all.reduce((sum, part) => sum + part.priceMicroPerHour, 0n);
  if (replicas >= want.min) return { ok: true, parts: all, replicas, priceMicroPerHour };
  const code = overBudget ? 'MATCH_BUDGET' : leftOut ? 'MATCH_LESSORS' : 'MATCH_COUNT';
  return { ok: false, code, hint: `${replicas} of ${want.min} replicas could be placed` };
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
