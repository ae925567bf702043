/** Two replays of the same input side by side: one by one, and with joint rounds. */
import { scoreOf } from './machine.ts';
import { LEASE_MS } from './orders.ts';
import type { Pricing } from './pricing.ts';
import type { Replay, ReplayRounds, ReplaySummary } from './run-replay.ts';
import type { Decision, ReplayInput } from './scenario.ts';

/** Of one side; money in micro-credits for whole leases. */
export interface Side extends ReplaySummary {
  rounds: ReplayRounds | null;
  perReplicaMicro: bigint;
  /** What the orders that both sides filled pay here. */
  commonMicro: bigint;
  /** Of these, the ones that ask for the price first. */
  commonPriceFirstMicro: bigint;
  /** Mean score of the machines of the others, which ask for performance first; null without any. */
  commonPerformanceScore: number | null;
}

export interface Comparison {
  oneByOne: Side;
  joint: Side;
  /** Orders filled by both sides. */
  commonOrders: number;
  /**
   * `atLeastAsManyFilled` counts orders. `noDearer` compares what the orders filled by both pay
   * together: whoever fills more orders pays more in all, and means depend on which orders they are.
   */
  verdict: { atLeastAsManyFilled: boolean; noDearer: boolean };
}

export function compare(
  scenario: { input: ReplayInput; pricing: Pricing },
  oneByOne: Replay,
  joint: Replay,
): Comparison {
  const filled = [oneByOne, joint].map(
    ({ decisions }) => new Set(decisions.map(({ order }) => order)),
  );
  const common = new Set(scenario.input.orders.map(({ name }) => name));
  for (const name of common) if (!filled.every((own) => own.has(name))) common.delete(name);
  const [a, b] = [sideOf(scenario, oneByOne, common), sideOf(scenario, joint, common)];
  return {
    oneByOne: a,
    joint: b,
    commonOrders: common.size,
    verdict: {
      atLeastAsManyFilled: b.filled >= a.filled,
      noDearer: b.commonMicro <= a.commonMicro,
    },
  };
}

function sideOf(
  { input, pricing }: { input: ReplayInput; pricing: Pricing },
  { summary, rounds, decisions }: Replay,
  common: ReadonlySet<string>,
): Side {
  const asks = new Map(input.orders.map(({ name, priority }) => [name, priority]));
  const scores = new Map(input.nodes.map((node) => [node.name, scoreOf(node, pricing)]));
  const own = decisions.filter(({ order }) => common.has(order));
  const priceFirst = own.filter(({ order }) => asks.get(order) === 'price');
  const others = own.filter(({ order }) => asks.get(order) !== 'price');
  const score = others.reduce((sum, { node }) => sum + (scores.get(node) ?? 0), 0);
  return {
    ...summary,
    rounds,
    perReplicaMicro: summary.replicas === 0 ? 0n : summary.costMicro / BigInt(summary.replicas),
    commonMicro: costOf(own),
    commonPriceFirstMicro: costOf(priceFirst),
    commonPerformanceScore: others.length === 0 ? null : score / others.length,
  };
}

function costOf(decisions: readonly Decision[]): bigint {
  const perHour = decisions.reduce((sum, { priceMicro }) => sum + BigInt(priceMicro), 0n);
  return perHour * BigInt(LEASE_MS / 3_600_000);
}
