/** The short way: run something now, at what it costs now. */
import type { KeptChunk, OrderPlan, OrderView } from '@sparegrid/core/messages';
import type { OrderId } from '@sparegrid/core/units/ids';
import { MS_PER_HOUR } from '@sparegrid/core/units/money';
import { draftOf } from './draft-of.ts';
import type { LogOptions, Plan, WatchOptions } from './options.ts';
import type { OrderDraft } from './order-draft.ts';
import { type OrderForm, orderForm } from './order-form.ts';
import type { CallOptions } from './pending-requests.ts';

/** As an order file; what is left out here has a default that suits one job. */
export type RunForm = Omit<
  OrderForm,
  'kind' | 'replicas' | 'duration' | 'limitPerHour' | 'budget'
> &
  Partial<Pick<OrderForm, 'kind' | 'replicas' | 'duration' | 'limitPerHour' | 'budget'>>;

const DEFAULTS = { kind: 'job', replicas: 1, duration: '1h' } as const;
/** Stands for "no limit" while the price is asked for: more than anything costs. */
const ANY_CREDITS = '1000000000';
/** Above the price of now, in percent: offers may change until the order is matched. */
const MARGIN_PERCENT = 10n;

/** What of a client is needed here. */
export interface Ordering {
  planOrder(draft: OrderDraft, options?: CallOptions): Promise<Plan>;
  submitOrder(draft: OrderDraft, options?: CallOptions): Promise<OrderId>;
  logs(order: OrderId, options?: LogOptions): AsyncGenerator<KeptChunk, void, void>;
  awaitOrder(order: OrderId, options?: WatchOptions): Promise<OrderView>;
  cancel(order: OrderId, options?: CallOptions): Promise<void>;
}

/** What running costs, and the order that says so. */
export interface Quote extends Plan {
  /** Its limits are the caller's, or what it costs now and a tenth more. */
  draft: OrderDraft;
}

/** An order under way. */
export interface Run {
  order: OrderId;
  plan: OrderPlan;
  /** Output as it comes, until the order ended. */
  logs(options?: Omit<LogOptions, 'follow'>): AsyncGenerator<KeptChunk, void, void>;
  ended(options?: WatchOptions): Promise<OrderView>;
  cancel(options?: CallOptions): Promise<void>;
}

/** Asks what it would cost now; nothing is signed. @throws z.ZodError for a malformed form */
export async function quote(
  client: Ordering,
  form: RunForm,
  options?: CallOptions,
): Promise<Quote> {
  const { limitPerHour, budget, ...rest } = { ...DEFAULTS, ...form };
  const limits = { limitPerHour: limitPerHour ?? ANY_CREDITS, budget: budget ?? ANY_CREDITS };
  const draft = draftOf(orderForm.parse({ ...rest, ...limits }), Date.now());
  const planned = await client.planOrder(draft, options);
  if (limitPerHour === undefined) draft.limitMicroPerReplicaHour = limitOf(planned.plan);
  if (budget === undefined) draft.budgetMicro = budgetOf(draft);
  return { ...planned, draft };
}

/** A tenth above the dearest replica of the plan. */
function limitOf({ parts }: OrderPlan): bigint {
  const prices = parts.map(({ priceMicroPerHour, replicas }) => {
    return (priceMicroPerHour + BigInt(replicas) - 1n) / BigInt(replicas);
  });
  const dearest = prices.reduce((most, price) => (price > most ? price : most), 0n);
  return dearest + (dearest * MARGIN_PERCENT + 99n) / 100n;
}

/** What all replicas cost for the whole duration at the limit. */
function budgetOf({ limitMicroPerReplicaHour, count, durationMs }: OrderDraft): bigint {
  const micro = limitMicroPerReplicaHour * BigInt(count.max) * BigInt(durationMs);
  // Each lessor's part is rounded up by itself.
  return micro / MS_PER_HOUR + BigInt(count.max);
}

/** Submits what was quoted. @throws as the client's calls */
export async function startQuoted(
  client: Ordering,
  { draft, plan }: Quote,
  options?: CallOptions,
): Promise<Run> {
  const order = await client.submitOrder(draft, options);
  return {
    order,
    plan,
    logs: (log = {}) => client.logs(order, { ...log, follow: true }),
    ended: (watch) => client.awaitOrder(order, watch),
    cancel: (call) => client.cancel(order, call),
  };
}
