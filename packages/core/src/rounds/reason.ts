/** Why a round left an order unfilled: what it could have had with nobody else there. */
import type { RefusalCode } from '../refusals.ts';
import type { RoundOrder, Wishes } from './market.ts';

/**
 * In this order: nothing suits (`MATCH_NO_OFFER`; single matching says which term fails), all lots
 * hold too little (`MATCH_COUNT`), so many lessors are not allowed (`MATCH_LESSORS`), the cheapest
 * cost too much (`MATCH_BUDGET`), others got what it could have had (`MATCH_CONTESTED`).
 */
export function reasonOf({ order, want }: RoundOrder, wishes: Wishes | undefined): RefusalCode {
  if (!wishes || wishes.lot.length === 0) return 'MATCH_NO_OFFER';
  const held = [...wishes.replicas].sort((a, b) => b - a);
  const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
  if (sum(held) < want.min) return 'MATCH_COUNT';
  if (sum(held.slice(0, order.maxLessors)) < want.min) return 'MATCH_LESSORS';
  const cheapest = Math.min(...wishes.cost) * want.min;
  return cheapest > Number(want.budgetMicro) ? 'MATCH_BUDGET' : 'MATCH_CONTESTED';
}
