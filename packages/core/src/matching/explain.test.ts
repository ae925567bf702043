import { describe, expect, it } from 'vitest';
import { viewOf } from '../../test/arbitraries.ts';
import {
  amounts,
  asks,
  buyOrder,
  CREDIT,
  lot,
  replica,
  resourceSpec,
  sellOrder,
} from '../../test/fixtures.ts';
import type { BuyOrder, TaskPublic } from '../order/buy-order.ts';
import type { Lot, SellOrder } from '../order/sell-order.ts';
import type { RefusalCode } from '../refusals.ts';
import { type Explanation, explainLessor } from './explain.ts';

interface Case {
  order?: Partial<BuyOrder>;
  offer?: Partial<SellOrder> | null;
  stale?: boolean;
  lost?: string[];
}

/** Explains the order against one lessor. */
function explain({ order = {}, offer = {}, stale = false, lost = [] }: Case): Explanation {
  const lessor = 'bob.h2';
  const view = viewOf([
    {
      spec: resourceSpec(lessor),
      offer: offer === null ? sellOrder(lessor, { validUntilMs: 0 }) : sellOrder(lessor, offer),
    },
  ]);
  if (stale) view.market.panorama.markStale('h2');
  return explainLessor(view, lessor, buyOrder(order), new Set(lost));
}

const task = (over: Partial<TaskPublic>) => {
  const { task: base } = buyOrder();
  return { ...base, public: { ...base.public, ...over } };
};
const performance = (over: Partial<BuyOrder['performance']>) => ({
  ...buyOrder().performance,
  ...over,
});
const lots = (...over: Partial<Lot>[]) => over.map((one, index) => lot(`m${index + 1}`, one));
const tiny = { amounts: amounts({ cpuMillicores: 999 }) };

describe('order explain names the first term that fails:', () => {
  it.each<[RefusalCode, string, Case]>([
    ['MATCH_STALE_HUB', 'the hub is silent', { stale: true }],
    [
      'MATCH_NO_CANDIDATE',
      'no machine is large enough',
      { order: { replica: replica({ cpuMillicores: 9000 }) } },
    ],
    [
      'MATCH_NO_CANDIDATE',
      'other provision',
      { order: { performance: performance({ provision: 'distributed' }) } },
    ],
    ['MATCH_NO_OFFER', 'no valid sell order', { offer: null }],
    [
      'MATCH_TASK',
      'no services',
      { offer: { capabilities: { ...sellOrder('x.h2').capabilities, kinds: ['job'] } } },
    ],
    ['MATCH_TASK', 'another architecture', { order: { task: task({ architecture: 'arm64' }) } }],
    ['MATCH_TASK', 'no egress', { order: { task: task({ egress: true }) } }],
    ['MATCH_TASK', 'a capability is lacking', { order: { task: task({ capabilities: ['mpi'] }) } }],
    [
      'MATCH_IMAGE_POLICY',
      'the image is not allowed',
      { offer: { imagePolicy: { allow: ['registry/'] } } },
    ],
    ['MATCH_RESOURCES', 'too little is free', { offer: { lots: lots(tiny) } }],
    ['MATCH_RESOURCES', 'no lot is offered', { offer: { lots: [] } }],
    [
      'MATCH_LOST_RACE',
      'somebody else was faster',
      { offer: { lots: lots(tiny) }, lost: ['bob.h2'] },
    ],
    [
      'MATCH_PERFORMANCE',
      'the score is too low',
      { order: { performance: performance({ minScore: 101 }) } },
    ],
    [
      'MATCH_PERFORMANCE',
      'a label differs',
      { order: { performance: performance({ labels: { region: 'eu' } }) } },
    ],
    [
      'MATCH_PERFORMANCE',
      'too few operations per second',
      { order: { performance: performance({ minFlops: [{ precision: 'fp32', giga: 1 }] }) } },
    ],
    ['MATCH_PRICE', 'the price is too high', { order: { limitMicroPerReplicaHour: CREDIT - 1n } }],
  ])('%s when %s', (code, _why, given) => {
    const line = explain(given);
    expect(line.code).toBe(code);
    expect(line.hint).toBe(`need ${line.need}, have ${line.have}`);
  });

  it('none when the lessor suits, with the replicas it holds', () => {
    expect(explain({ order: { count: { min: 1, max: 9 } } })).toMatchObject({
      code: null,
      replicas: 4,
    });
  });
});

describe('the order of the terms', () => {
  /** From the last term to the first: each is added to those that fail already. */
  const failing: [RefusalCode, Case][] = [
    ['MATCH_PRICE', { order: { limitMicroPerReplicaHour: 0n } }],
    ['MATCH_PERFORMANCE', { order: { performance: performance({ minScore: 101 }) } }],
    ['MATCH_RESOURCES', { offer: { lots: lots(tiny) } }],
    ['MATCH_IMAGE_POLICY', { offer: { lots: lots(tiny), imagePolicy: { allow: ['registry/'] } } }],
    ['MATCH_TASK', { order: { task: task({ egress: true }) } }],
    ['MATCH_NO_OFFER', { offer: null }],
    ['MATCH_NO_CANDIDATE', { order: { replica: replica({ cpuMillicores: 9000 }) } }],
    ['MATCH_STALE_HUB', { stale: true }],
  ];

  it('is fixed: an earlier one hides the later ones', () => {
    let all: Case = {};
    for (const [code, more] of failing) {
      const offer = more.offer === undefined ? all.offer : more.offer;
      all = { ...all, ...more, order: { ...all.order, ...more.order } };
      if (offer !== undefined) all.offer = offer;
      expect(explain(all).code).toBe(code);
    }
  });

  it('is compared lot by lot: the lot that came furthest speaks', () => {
    const dear = { asks: asks({ cpuMicroPerCoreHour: 200n * CREDIT }) };
    expect(explain({ offer: { lots: lots(tiny, dear) } }).code).toBe('MATCH_PRICE');
  });
});
