/** Orders and explanations as text for people. */
import type { Explanation } from '@sparegrid/core/matching/explain';
import type { OrderSummary, OrderView } from '@sparegrid/core/messages';
import type { OrderRound } from '@sparegrid/core/order/order-record';
import { formatCredits } from '@sparegrid/core/units/money';
import { formatDuration } from '@sparegrid/sdk/duration';
import type { Plan } from '@sparegrid/sdk/options';
import { asTyped } from './as-typed.ts';
import { tableText } from './print.ts';
import { shortId } from './short-id.ts';

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
      part.outcome ?? (part.key === 'awaited' ? 'AWAITING_KEY' : lease),
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
  const head = [`order  ${view.id}`, `state  ${view.state}`];
  if (view.lastCode !== null) head.push(`why    ${view.lastCode}: ${view.lastHint}`);
  if (view.round) head.push(`round  ${roundText(view.round)}`);
  return `${head.join('\n')}\n\n${lessorsText(lessors)}`;
}

function lessorsText(lessors: readonly Explanation[]): string {
  const rows = lessors.map(({ lessor, hub, code, hint, replicas }) => [
    lessor,
    hub,
    code ?? `suits, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`,
    code === null ? '' : hint,
  ]);
  return tableText(['LESSOR', 'HUB', 'VERDICT', 'WHY'], rows);
}

export function planText({ plan, lessors }: Plan): string {
  const { code, hint, parts, priceMicroPerHour, costMicroMax } = plan;
  if (code !== null) return `no match now: ${code}: ${hint}\n\n${lessorsText(lessors)}`;
  const rows = parts.map((part) => [
    part.lessor,
    part.targetHub,
    String(part.replicas),
    formatCredits(part.priceMicroPerHour),
  ]);
  const price = `${formatCredits(priceMicroPerHour)} credits per hour`;
  const head = `would match now: ${price}, at most ${formatCredits(costMicroMax)} in all; nothing was ordered`;
  const chosen = tableText(['LESSOR', 'HUB', 'REPLICAS', 'PRICE/H'], rows);
  return `${head}\n\n${chosen}\n\nEveryone:\n${lessorsText(lessors)}`;
}

export function ordersText(orders: readonly OrderSummary[], nowMs: number): string {
  if (orders.length === 0) return asTyped('No orders. Order something: sparegrid run --help');
  const rows = orders.map(({ id, state, image, replicas: { min, max }, acceptedAtMs }) => [
    shortId(id),
    state,
    image,
    min === max ? String(min) : `${min}-${max}`,
    formatDuration(Math.max(0, nowMs - acceptedAtMs)),
  ]);
  return tableText(['ORDER', 'STATE', 'IMAGE', 'REPLICAS', 'AGE'], rows);
}
