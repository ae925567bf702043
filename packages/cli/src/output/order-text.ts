/** Orders and explanations as text for people. */
import type { Explanation } from '@sparegrid/core/matching/explain';
import type { OrderView } from '@sparegrid/core/messages';
import type { OrderRound } from '@sparegrid/core/order/order-record';
import { formatCredits } from '@sparegrid/core/units/money';
import { tableText } from './print.ts';

export function orderText(view: OrderView): string {
  const { id, state, events, agreements, costMicro, lastCode, lastHint } = view;
  const sections = [`order  ${id}\nstate  ${state}\ncost   ${formatCredits(costMicro)} credits`];
  if (lastCode !== null) sections.push(`last   ${lastCode} ${lastHint}`.trimEnd());
  if (view.round) sections.push(`round  ${roundText(view.round)}`);
  const startMs = events[0]?.atMs ?? 0;
  const history = events.map(({ atMs, name, detail }) => [`+${atMs - startMs} ms`, name, detail]);
  sections.push(`\n${tableText(['AT', 'EVENT', 'DETAIL'], history)}`);
  const parts = agreements.flatMap(({ id: agreement, lease, parts: list }) =>
    list.map((part) => [
      `${agreement.slice(agreement.lastIndexOf('-') + 1)}.${part.part}`,
      part.lessor,
      part.targetHub,
      String(part.replicas),
      formatCredits(part.priceMicroPerHour),
      formatCredits(part.costMicro),
      part.outcome ?? lease,
    ]),
  );
  const header = ['PART', 'LESSOR', 'HUB', 'REPLICAS', 'PRICE/H', 'COST', 'LEASE'];
  if (parts.length > 0) sections.push(`\n${tableText(header, parts)}`);
  return sections.join('\n');
}

/** What the last joint round said of the order; of the others' only the gap and the time. */
function roundText({ round, code, replicas, costMicro, aloneMicro, gapPpm, ms }: OrderRound) {
  const cost = `${replicas} replicas, at most ${formatCredits(costMicro)} credits`;
  const alone = aloneMicro === null ? '' : `; alone ${formatCredits(aloneMicro)} at least`;
  const gap = gapPpm === null ? 'without a bound' : `within ${gapPpm / 10_000} % of the best`;
  return `${round}: ${code ?? cost}${alone}; ${gap}, ${ms} ms`;
}

export function explanationText(view: OrderView, lessors: readonly Explanation[]): string {
  const rows = lessors.map(({ lessor, hub, code, hint, replicas }) => [
    lessor,
    hub,
    code ?? `suits, ${replicas} replicas`,
    hint,
  ]);
  const round = view.round ? `\nround  ${roundText(view.round)}` : '';
  const head = `order  ${view.id}\nstate  ${view.state}${round}`;
  return `${head}\n\n${tableText(['LESSOR', 'HUB', 'VERDICT', 'WHY'], rows)}`;
}
