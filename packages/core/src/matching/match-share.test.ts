/** A share of the market is preferred as long as that costs next to nothing. */
import { describe, expect, it } from 'vitest';
import { type Lessor, viewOf } from '../../test/arbitraries.ts';
import { amounts, asks, buyOrder, lot, resourceSpec, sellOrder } from '../../test/fixtures.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { matchShare } from './match-share.ts';

function lessor(participant: string, price: bigint, score = 100): Lessor {
  const one = lot('m1', {
    amounts: amounts({ cpuMillicores: 1000 }),
    asks: asks({ cpuMicroPerCoreHour: price }),
    performance: { score, flops: [] },
  });
  return { spec: resourceSpec(participant), offer: sellOrder(participant, { lots: [one] }) };
}

/** Whom an order gets while another hub is nearer to `ann.h1`, and two are to `dan.h2`. */
function chosen(market: Lessor[], over: Partial<BuyOrder> = {}): string[] {
  const order = buyOrder(over);
  const want = { ...order.count, budgetMicro: order.budgetMicro };
  const nearer = (id: string) => ({ 'ann.h1': 1, 'dan.h2': 2 })[id] ?? 0;
  const match = matchShare(viewOf(market), order, want, nearer);
  return match.ok ? match.parts.map((part) => part.lessor) : [match.code];
}

describe('the share of a hub that loses races', () => {
  it('is preferred at about the same price', () => {
    expect(chosen([lessor('ann.h1', 1_000n), lessor('bob.h2', 1_010n)])).toEqual(['bob.h2']);
  });

  it('costs an order at most one in a hundred more', () => {
    expect(chosen([lessor('ann.h1', 1_000n), lessor('bob.h2', 1_011n)])).toEqual(['ann.h1']);
  });

  it('is left where it does not hold as much', () => {
    const market = [lessor('ann.h1', 1_000n), lessor('bob.h2', 1_001n), lessor('cat.h1', 9_000n)];
    expect(chosen(market, { count: { min: 2, max: 2 } })).toEqual(['ann.h1', 'bob.h2']);
  });

  it('is widened by what only one other hub is nearer to', () => {
    const market = [lessor('dan.h2', 1_000n), lessor('ann.h1', 1_001n), lessor('bob.h2', 9_000n)];
    expect(chosen(market)).toEqual(['ann.h1']);
  });

  it('does not count for an order that asks for performance', () => {
    const market = [lessor('ann.h1', 1_000n, 200), lessor('bob.h2', 1_000n, 100)];
    expect(chosen(market, { priority: { kind: 'performance' } })).toEqual(['ann.h1']);
  });
});
