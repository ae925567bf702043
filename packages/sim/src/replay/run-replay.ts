/** Runs a replay: orders arrive, hubs decide, and what they decided is counted again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderView, Reply, Request } from '@sparegrid/core/messages';
import type { RoundStatus } from '@sparegrid/core/rounds/report';
import type { RoundSettings } from '@sparegrid/core/rounds/settings';
import { signDocument } from '@sparegrid/core/units/document';
import { type OrderId, orderIdOf } from '@sparegrid/core/units/ids';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import { decisionsOf } from './decisions.ts';
import { Flow } from './flow.ts';
import type { Lessee } from './lessee.ts';
import { type Market, openMarket } from './market.ts';
import { buyOrderOf } from './orders.ts';
import type { Pricing } from './pricing.ts';
import { type Recount, recount } from './recount.ts';
import type { Decision, ReplayInput, ReplayOrder } from './scenario.ts';

export interface ReplaySettings {
  input: ReplayInput;
  pricing: Pricing;
  seed: number;
  hubs: number;
  store: 'sqlite' | 'memory';
  /** Null: one by one; else orders that wait together are solved jointly. */
  rounds: RoundSettings | null;
  /** Orders that hubs work on at once. */
  inFlight: number;
  /** Stores and keys lie here; the caller removes it. */
  directory: string;
  /** Called after every order that arrived, with how many did. */
  onProgress?(arrived: number): void;
}

/** What `replay` prints. Money in micro-credits. */
export interface ReplaySummary {
  orders: number;
  filled: number;
  /** Number of orders by the code of their last failed match. */
  unfilled: Record<string, number>;
  replicas: number;
  costMicro: bigint;
  /** Machines or GPUs of which more was sold than they have, by a count of its own. */
  overcommitted: number;
  /** From the first order's arrival to the last decision. */
  seconds: number;
}

export type ReplayRounds = Pick<RoundStatus, 'rounds' | 'joint' | 'placed' | 'lost' | 'refused'>;

export interface Replay {
  summary: ReplaySummary;
  decisions: Decision[];
  recount: Recount;
  /** What rounds did at all hubs together; null one by one. */
  rounds: ReplayRounds | null;
}

/** Nothing new for so long, with orders under way: something is broken. */
const STALL_MS = 120_000;
const POLL_MS = 50;

/** @throws when a node of the market fails, or the market stands still */
export async function runReplay(settings: ReplaySettings): Promise<Replay> {
  const { input, pricing } = settings;
  const flow = new Flow(settings.inFlight);
  const failure = Promise.withResolvers<never>();
  const market = await openMarket({
    nodes: input.nodes,
    pricing,
    hubs: settings.hubs,
    store: settings.store,
    rounds: settings.rounds,
    directory: settings.directory,
    onEvent: (order, event) => flow.take(order, event),
    onFault: failure.reject,
  });
  failure.promise.catch(() => {});
  try {
    return await Promise.race([play(settings, market, flow), failure.promise]);
  } finally {
    await market.stop();
  }
}

async function play(settings: ReplaySettings, market: Market, flow: Flow): Promise<Replay> {
  const { input, pricing } = settings;
  await until(
    () => everythingKnown(market, input.nodes.length),
    () => 0,
  );
  const startedMs = performance.now();
  const ids: OrderId[] = [];
  for (const [number, order] of input.orders.entries()) {
    await flow.room();
    const lessee = market.lessees[number % market.lessees.length] as Lessee;
    ids.push(submit(lessee, { order, number, settings, flow }));
    settings.onProgress?.(number + 1);
  }
  await until(
    async () => flow.busy === 0 && (await everythingRests(market)) && flow.busy === 0,
    () => flow.events,
  );
  const seconds = Math.round(performance.now() - startedMs) / 1_000;
  const views = await viewsOf(market, ids, flow);
  const decisions = decisionsOf(input.orders, views, flow.frozen, market);
  const counted = recount(input, pricing, decisions);
  const filled = new Set(decisions.map(({ order }) => order)).size;
  const unfilled: Record<string, number> = {};
  for (const [number, view] of views.entries()) {
    const isFilled = view && decisions.length > 0 && isLive(view);
    if (isFilled) continue;
    const code = view ? (view.lastCode ?? view.state) : (flow.refused.get(number) ?? 'unknown');
    unfilled[code] = (unfilled[code] ?? 0) + 1;
  }
  return {
    decisions,
    recount: counted,
    summary: {
      orders: input.orders.length,
      filled,
      unfilled,
      replicas: decisions.length,
      costMicro: counted.costMicro,
      overcommitted: counted.overcommitted.length,
      seconds,
    },
    rounds: settings.rounds && (await roundsOf(market)),
  };
}

function isLive(view: OrderView): boolean {
  return view.state === 'running' || view.state === 'starting';
}

interface Arrival {
  order: ReplayOrder;
  number: number;
  settings: ReplaySettings;
  flow: Flow;
}

function submit(lessee: Lessee, { order, number, settings, flow }: Arrival): OrderId {
  const { crypto, id: lesseeId } = lessee;
  const limitMicro = settings.pricing.limitOf(order);
  const salt = `${settings.seed}-${number}`;
  const terms = { lessee: lesseeId, salt, limitMicro, wallMs: Date.now(), crypto };
  const buyOrder = buyOrderOf(order, terms) as unknown as JsonValue;
  const document = signDocument(crypto, lesseeId, 'buy-order', buyOrder);
  const id = orderIdOf(crypto.digest(document.payload));
  flow.add(id);
  void lessee.ask({ op: 'order.submit', document, taskPrivate: null }).then((reply) => {
    if (!reply.ok) flow.refuse(id, reply.code);
  });
  return id;
}

/** Waits for `done`; gives up when `progress` stands for too long. */
async function until(done: () => Promise<boolean>, progress: () => number): Promise<void> {
  let [seen, sinceMs] = [progress(), performance.now()];
  while (!(await done())) {
    await sleep(POLL_MS);
    const now = progress();
    if (now !== seen) [seen, sinceMs] = [now, performance.now()];
    else if (performance.now() - sinceMs > STALL_MS) {
      throw new Error(`the market stands still for ${STALL_MS} ms`);
    }
  }
}

async function everythingKnown(market: Market, offers: number): Promise<boolean> {
  const statuses = await statusesOf(market);
  return statuses.every(({ parts }) => {
    return parts.reduce((sum, part) => sum + part.offers, 0) === offers;
  });
}

/**
 * Every hub knows the latest revision of every hub's part, so nothing about stock is under way; and
 * no order waits for a round or is in one.
 */
async function everythingRests(market: Market): Promise<boolean> {
  const statuses = await statusesOf(market);
  const inRounds = statuses.some(({ rounds }) => rounds.stage !== 'idle' || rounds.waiting > 0);
  if (inRounds) return false;
  const texts = statuses.map(({ parts }) =>
    canonicalJson(parts.map(({ hub, epoch, revision }) => ({ hub, epoch, revision }))),
  );
  return new Set(texts).size === 1;
}

async function roundsOf(market: Market): Promise<ReplayRounds> {
  const sums = { rounds: 0, joint: 0, placed: 0, lost: 0, refused: 0 };
  for (const status of await statusesOf(market)) {
    for (const name of Object.keys(sums) as (keyof ReplayRounds)[]) {
      sums[name] += status.rounds[name];
    }
  }
  return sums;
}

function statusesOf(market: Market) {
  return Promise.all(
    market.lessees.map(async (lessee) => {
      const reply = await askFor(lessee, { op: 'hub.status' });
      if (reply.op !== 'hub.status') throw new Error(`got ${reply.op}`);
      return reply.status;
    }),
  );
}

/** How each order stands; null for those that were refused. */
async function viewsOf(
  market: Market,
  ids: readonly OrderId[],
  flow: Flow,
): Promise<(OrderView | null)[]> {
  const views: (OrderView | null)[] = [];
  for (const [number, order] of ids.entries()) {
    if (flow.refused.has(number)) {
      views.push(null);
      continue;
    }
    const lessee = market.lessees[number % market.lessees.length] as Lessee;
    const reply = await askFor(lessee, { op: 'order.get', order });
    if (reply.op !== 'order.get') throw new Error(`got ${reply.op}`);
    views.push(reply.order);
  }
  return views;
}

async function askFor(lessee: Lessee, request: Request): Promise<Extract<Reply, { ok: true }>> {
  const reply = await lessee.ask(request);
  if (reply.ok) return reply;
  throw new Error(`${request.op}: ${reply.code} ${reply.hint}`);
}
