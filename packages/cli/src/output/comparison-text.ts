/** Two replays side by side as text for people. */
import { formatCredits } from '@sparegrid/core/units/money';
import type { Comparison } from '@sparegrid/sim/replay/compare';
import { tableText } from './print.ts';

export function comparisonText({ oneByOne, joint, commonOrders, verdict }: Comparison): string {
  const row = (name: string, of: (side: Comparison['joint']) => string) => [
    name,
    of(oneByOne),
    of(joint),
  ];
  const rows = [
    row('orders filled', ({ filled, orders }) => `${filled} of ${orders}`),
    row('replicas', ({ replicas }) => String(replicas)),
    row('cost', ({ costMicro }) => formatCredits(costMicro)),
    row('cost per replica', ({ perReplicaMicro }) => formatCredits(perReplicaMicro)),
    row(`cost of the ${commonOrders} filled by both`, ({ commonMicro }) =>
      formatCredits(commonMicro),
    ),
    row('of these, price first', ({ commonPriceFirstMicro }) =>
      formatCredits(commonPriceFirstMicro),
    ),
    row('performance first: mean score', ({ commonPerformanceScore }) =>
      commonPerformanceScore === null ? '-' : commonPerformanceScore.toFixed(1),
    ),
    row('overcommitted', ({ overcommitted }) => String(overcommitted)),
    row('seconds', ({ seconds }) => String(seconds)),
  ];
  const { rounds } = joint;
  const told = rounds
    ? `${rounds.rounds} rounds, ${rounds.joint} better jointly; ${rounds.placed} orders placed by ` +
      `rounds, ${rounds.lost} lost their lots meanwhile, ${rounds.refused} answers refused`
    : '';
  const fills = verdict.atLeastAsManyFilled
    ? 'at least as many orders filled'
    : 'FEWER ORDERS FILLED';
  const price = verdict.noDearer ? 'no dearer' : 'DEARER';
  return `${tableText(['', 'ONE BY ONE', 'JOINT'], rows)}\n\n${told}\nverdict: ${fills}, ${price}`;
}
