/** Orders and explanations as text for people. */
import type { Explanation } from '@sparegrid/core/matching/explain';
import type { OrderView } from '@sparegrid/core/messages';
import { formatCredits } from '@sparegrid/core/units/money';
import { tableText } from './print.ts';

export function orderText(view: OrderView): string {
  const { id, state, events, agreements, costMicro, lastCode, lastHint } = view;
  const sections = [`order  ${id}\nstate  ${state}\ncost   ${formatCredits(costMicro)} credits`];
  if (lastCode !== null) sections.push(`last   ${lastCode} ${lastHint}`.trimEnd());
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

export function explanationText(view: OrderView, lessors: readonly Explanation[]): string {
  const rows = lessors.map(({ lessor, hub, code, hint, replicas }) => [
    lessor,
    hub,
    code ?? `suits, ${replicas} replicas`,
    hint,
  ]);
  const head = `order  ${view.id}\nstate  ${view.state}`;
  return `${head}\n\n${tableText(['LESSOR', 'HUB', 'VERDICT', 'WHY'], rows)}`;
}
