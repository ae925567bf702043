/** Dry run of an order: who would be chosen now at what price, and why the others would not. */
import { type MatchPart, matchOrder } from '../matching/match.ts';
import type { OrderPlan, PageMark, Reply } from '../messages.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { refuse } from '../refusals.ts';
import type { ParticipantId } from '../units/ids.ts';
import { costOf } from '../units/money.ts';
import type { HubContext } from './context.ts';
import { explanationsOf } from './explanations.ts';
import { refuseOrder } from './order-checks.ts';

/**
 * Checks and matches an unsigned order as {@link OrderBook.submit} would, and changes nothing. An
 * order that would find no match gets a plan without parts.
 *
 * @refuses ORDER_MALFORMED, ORDER_NOT_YOURS, ORDER_COUNT, ORDER_DURATION, ORDER_EXPIRED,
 *          ORDER_EXPIRY, ORDER_DEVICES, ORDER_BUDGET.
 */
export function planFor(
  context: HubContext,
  from: ParticipantId,
  payload: string,
  after: PageMark,
): Reply {
  const { env, config, market } = context;
  const read = env.documents.buyOrder(payload);
  if (!read.ok) return read;
  const order = read.value;
  if (order.lessee !== from) return refuse('ORDER_NOT_YOURS', `lessee ${order.lessee}`);
  const { wallMs } = context.now();
  const refusal = refuseOrder(order, wallMs, config.limits);
  if (refusal) return refusal;
  const view = { market, wallMs, hidesStock: context.hidesStockFrom(from) };
  const { min, max } = order.count;
  const match = matchOrder(view, order, { min, max, budgetMicro: order.budgetMicro });
  const plan = match.ok ? planOf(order, match.parts) : nothingFor(match.code, match.hint);
  const { page, next } = explanationsOf(context, from, order, new Set(), after);
  return { ok: true, op: 'order.plan', plan, lessors: page, next };
}

function planOf({ durationMs }: BuyOrder, parts: readonly MatchPart[]): OrderPlan {
  const sum = (of: (part: MatchPart) => bigint) =>
    parts.reduce((total, part) => total + of(part), 0n);
  return {
    code: null,
    hint: '',
    parts: parts.map(({ lessor, hub, replicas, placements, priceMicroPerHour }) => ({
      lessor,
      targetHub: hub,
      replicas,
      placements,
      priceMicroPerHour,
    })),
    priceMicroPerHour: sum(({ priceMicroPerHour }) => priceMicroPerHour),
    costMicroMax: sum(({ priceMicroPerHour }) => costOf(priceMicroPerHour, durationMs)),
  };
}

function nothingFor(code: OrderPlan['code'], hint: string): OrderPlan {
  return { code, hint, parts: [], priceMicroPerHour: 0n, costMicroMax: 0n };
}
