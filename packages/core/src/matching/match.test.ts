import { describe, expect, it } from 'vitest';
import { type Lessor, viewOf } from '../../test/arbitraries.ts';
import {
  amounts,
  asks,
  buyOrder,
  lot,
  machine,
  replica,
  resourceSpec,
  sellOrder,
} from '../../test/fixtures.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { POOL_LOT } from '../order/resource-spec.ts';
import type { RefusalCode } from '../refusals.ts';
import { matchOrder } from './match.ts';

/** A lessor of four cores at `price` micro-credits per core hour. */
function lessor(participant: string, price: bigint, score = 100, cores = 4): Lessor {
  const one = lot('m1', {
    amounts: amounts({ cpuMillicores: 1000 * cores }),
    asks: asks({ cpuMicroPerCoreHour: price }),
    performance: { score, flops: [] },
  });
  return { spec: resourceSpec(participant), offer: sellOrder(participant, { lots: [one] }) };
}

/** For an hour, so that costs are hourly prices. */
const order = (over: Partial<BuyOrder> = {}) => buyOrder({ durationMs: 3_600_000, ...over });

function match(market: Lessor[], wanted: BuyOrder) {
  const want = { ...wanted.count, budgetMicro: wanted.budgetMicro };
  return matchOrder(viewOf(market), wanted, want);
}

function chosen(market: Lessor[], wanted: BuyOrder): string[] | RefusalCode {
  const result = match(market, wanted);
  if (!result.ok) return result.code;
  return result.parts.map((part) => `${part.lessor} x${part.replicas}`);
}

const cheapSlow = lessor('ann.h1', 10n, 50);
const dearFast = lessor('bob.h2', 40n, 200);
const between = lessor('cat.h1', 20n, 150);
const three = [dearFast, between, cheapSlow];

describe('lessors to avoid', () => {
  const avoiding = (market: Lessor[], wanted: BuyOrder, ...avoid: string[]) => {
    const want = { ...wanted.count, budgetMicro: wanted.budgetMicro, avoid: new Set(avoid) };
    const result = matchOrder(viewOf(market), wanted, want);
    if (!result.ok) return result.code;
    return result.parts.map((part) => `${part.lessor} x${part.replicas}`);
  };

  it('are passed over for the next best', () => {
    expect(avoiding(three, order(), 'ann.h1')).toEqual(['cat.h1 x1']);
    expect(avoiding(three, order(), 'ann.h1', 'cat.h1')).toEqual(['bob.h2 x1']);
  });

  it('are taken all the same when the others do not suffice', () => {
    expect(avoiding(three, order(), 'ann.h1', 'bob.h2', 'cat.h1')).toEqual(['ann.h1 x1']);
    const twelve = order({ count: { min: 12, max: 12 }, maxLessors: 3 });
    expect(avoiding(three, twelve, 'ann.h1')).toEqual(chosen(three, twelve));
  });

  it('are passed over also where the most room is looked for', () => {
    const wide = lessor('dan.h2', 60n, 100, 8);
    const wanted = order({ count: { min: 6, max: 6 }, maxLessors: 1 });
    expect(avoiding([...three, wide, lessor('eve.h1', 50n, 100, 8)], wanted, 'eve.h1')).toEqual([
      'dan.h2 x6',
    ]);
  });
});

describe('the priority of an order', () => {
  /** @patent MAT-4 MAT-6 */
  it('price: takes the cheapest', () => {
    expect(chosen(three, order({ priority: { kind: 'price' } }))).toEqual(['ann.h1 x1']);
  });

  /** @patent MAT-5 MAT-6 */
  it('performance: takes the fastest', () => {
    expect(chosen(three, order({ priority: { kind: 'performance' } }))).toEqual(['bob.h2 x1']);
  });

  it.each([
    [1000, 0, 'ann.h1 x1'],
    [0, 1000, 'bob.h2 x1'],
    // 20/10 + 200/150 is less than 10/10 + 200/50 and 40/10 + 200/200.
    [500, 500, 'cat.h1 x1'],
  ])('weights %i and %i: takes the best sum', (priceWeight, performanceWeight, expected) => {
    const priority = { kind: 'weights', priceWeight, performanceWeight } as const;
    expect(chosen(three, order({ priority }))).toEqual([expected]);
  });

  /** @patent MAT-7 */
  it('leaves ties to the lower price, then the higher score, then the smaller id', () => {
    const performance = order({ priority: { kind: 'performance' } });
    expect(chosen([lessor('bob.h2', 9n), lessor('cat.h1', 8n)], performance)).toEqual([
      'cat.h1 x1',
    ]);
    expect(chosen([lessor('bob.h2', 9n, 1), lessor('cat.h1', 9n, 2)], order())).toEqual([
      'cat.h1 x1',
    ]);
    expect(chosen([lessor('cat.h1', 9n), lessor('bob.h2', 9n)], order())).toEqual(['bob.h2 x1']);
  });
});

describe('an order that one lessor cannot fill', () => {
  /** @patent MAT-9 MAT-10 */
  it('is filled by several', () => {
    expect(chosen(three, order({ count: { min: 9, max: 9 } }))).toEqual([
      'ann.h1 x4',
      'cat.h1 x4',
      'bob.h2 x1',
    ]);
  });

  it('takes as many replicas as there are, from its smallest count on', () => {
    expect(chosen([cheapSlow], order({ count: { min: 2, max: 9 } }))).toEqual(['ann.h1 x4']);
    expect(chosen([cheapSlow], order({ count: { min: 5, max: 9 } }))).toBe('MATCH_COUNT');
  });

  it('prefers lessors with room when only few are allowed', () => {
    const small = lessor('ann.h1', 1n, 100, 1);
    const wide = order({ count: { min: 4, max: 4 }, maxLessors: 1 });
    expect(chosen([small, between], wide)).toEqual(['cat.h1 x4']);
    expect(chosen(three, order({ count: { min: 9, max: 9 }, maxLessors: 2 }))).toBe(
      'MATCH_LESSORS',
    );
  });
});

describe('the budget', () => {
  it('makes the matcher take fewer replicas, or cheaper ones', () => {
    const wide = order({ count: { min: 1, max: 4 }, budgetMicro: 25n });
    expect(chosen([cheapSlow], wide)).toEqual(['ann.h1 x2']);
    expect(chosen(three, { ...wide, priority: { kind: 'performance' } })).toEqual(['cat.h1 x1']);
    expect(chosen(three, { ...wide, count: { min: 3, max: 4 } })).toBe('MATCH_BUDGET');
  });
});

describe('reservations', () => {
  it('are not matched again until they are removed', () => {
    const view = viewOf([cheapSlow]);
    const wanted = order({ count: { min: 3, max: 3 } });
    const want = { ...wanted.count, budgetMicro: wanted.budgetMicro };
    const placements = [{ lotId: 'm1', replicas: 2, devices: [[], []] }];
    view.market.reservations.add('ann.h1', 'p', replica(), placements);
    expect(matchOrder(view, wanted, want)).toMatchObject({ code: 'MATCH_COUNT' });
    view.market.reservations.remove('ann.h1', 'p');
    expect(matchOrder(view, wanted, want)).toMatchObject({ ok: true });
  });
});

describe('no match', () => {
  it.each<[RefusalCode, Lessor[], Partial<BuyOrder>]>([
    ['MATCH_NO_CANDIDATE', [], {}],
    ['MATCH_NO_CANDIDATE', three, { replica: replica({ cpuMillicores: 8001 }) }],
    ['MATCH_RESOURCES', three, { replica: replica({ cpuMillicores: 8000 }) }],
    ['MATCH_PRICE', three, { limitMicroPerReplicaHour: 9n }],
    ['MATCH_PERFORMANCE', three, { performance: { ...order().performance, minScore: 999 } }],
  ])('says %s', (code, market, over) => {
    expect(chosen(market, order(over))).toBe(code);
  });

  it('counts an offer that ran out as none', () => {
    const over = { ...cheapSlow, offer: { ...cheapSlow.offer, validUntilMs: 0 } };
    expect(chosen([over], order())).toBe('MATCH_NO_OFFER');
  });
});

describe('candidates', () => {
  /** @patent C1.5 MAT-2 */
  it('are the participants of live hubs whose machines are large enough: no others are matched', () => {
    const view = viewOf(three);
    const lessors = (wanted: BuyOrder) =>
      view.market
        .candidates(wanted, { lots: 9, wallMs: view.wallMs, replicasMax: 1 })
        .map(({ lessor }) => lessor);
    expect(lessors(order()).sort()).toEqual(['ann.h1', 'bob.h2', 'cat.h1']);
    const small = { ...cheapSlow, spec: resourceSpec('ann.h1', { machines: [] }) };
    expect(chosen([small], order())).toBe('MATCH_NO_CANDIDATE');
    view.market.panorama.markStale('h2');
    expect(lessors(order()).sort()).toEqual(['ann.h1', 'cat.h1']);
  });
});

/** @patent PAN-2 */
describe('a distributed provision', () => {
  const spec = resourceSpec('ann.h1', {
    provision: 'distributed',
    machines: [machine('m1'), machine('m2')],
  });
  const pool = lot(POOL_LOT, { amounts: amounts({ cpuMillicores: 16_000 }) });
  const offer = sellOrder('ann.h1', {
    provision: 'distributed',
    efficiencyPermille: 800,
    lots: [pool],
  });
  const wide = order({ replica: replica({ cpuMillicores: 12_000 }) });

  it('can serve with all its machines as one what none of them could', () => {
    expect(chosen([{ spec, offer }], wide)).toEqual(['ann.h1 x1']);
  });

  it('is paid for what it effectively delivers', () => {
    const result = match([{ spec, offer }], wide);
    expect(result.ok && result.priceMicroPerHour).toBe(9_600_000n);
  });

  it('is judged by its effective performance', () => {
    const fast = { ...wide, performance: { ...wide.performance, minScore: 81 } };
    expect(chosen([{ spec, offer }], fast)).toBe('MATCH_PERFORMANCE');
  });

  it('is no single machine', () => {
    const single = { ...wide, performance: { ...wide.performance, provision: 'single' as const } };
    expect(chosen([{ spec, offer }], single)).toBe('MATCH_NO_CANDIDATE');
  });
});
