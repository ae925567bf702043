/** Two replays of the same input side by side: one by one, and with joint rounds. */
import { LEASE_MS } from './orders.ts';
import type { Pricing } from './pricing.ts';
import type { Replay, ReplaySummary } from './run-replay.ts';
import type { Decision, ReplayInput } from './scenario.ts';

/** Of one side; money in micro-credits for whole leases. */
export interface Side extends ReplaySummary {
  /** What all filled orders pay over what they would pay at median asks, in millionths. */
  priceIndexPpm: number;
  perReplicaMicro: bigint;
  /** What the orders that both sides filled pay here. */
  commonMicro: bigint;
}

export interface Comparison {
  oneByOne: Side;
  joint: Side;
  /** Orders filled by both sides. */
  commonOrders: number;
  /**
   * `noDearer` compares price indices: the two sides fill different orders, and a sum or a mean
   * would call a side dearer that fills larger ones.
   */
  verdict: { atLeastAsManyFilled: boolean; noDearer: boolean };
}

export function compare(
  { orders }: ReplayInput,
  pricing: Pick<Pricing, 'referenceOf'>,
  [oneByOne, joint]: readonly [Replay, Replay],
): Comparison {
  const references = new Map(orders.map((order) => [order.name, pricing.referenceOf(order)]));
  const costs = [costsOf(oneByOne.decisions), costsOf(joint.decisions)] as const;
  const common = [...costs[0].keys()].filter((order) => costs[1].has(order));
  const sideOf = ({ summary, decisions }: Replay, own: ReadonlyMap<string, bigint>): Side => ({
    ...summary,
    priceIndexPpm: indexOf(decisions, references),
    perReplicaMicro: summary.replicas === 0 ? 0n : summary.costMicro / BigInt(summary.replicas),
    commonMicro: common.reduce((sum, order) => sum + (own.get(order) ?? 0n), 0n),
  });
  const [a, b] = [sideOf(oneByOne, costs[0]), sideOf(joint, costs[1])];
  return {
    oneByOne: a,
    joint: b,
    commonOrders: common.length,
    verdict: {
      atLeastAsManyFilled: b.filled >= a.filled,
      noDearer: b.priceIndexPpm <= a.priceIndexPpm,
    },
  };
}

function indexOf(decisions: readonly Decision[], references: ReadonlyMap<string, bigint>): number {
  let [paid, reference] = [0n, 0n];
  for (const { order, priceMicro } of decisions) {
    paid += BigInt(priceMicro);
    reference += references.get(order) ?? 0n;
  }
  return reference === 0n ? 0 : Number((paid * 1_000_000n) / reference);
}

function costsOf(decisions: readonly Decision[]): Map<string, bigint> {
  const costs = new Map<string, bigint>();
  const hours = BigInt(LEASE_MS / 3_600_000);
  for (const { order, priceMicro } of decisions) {
    costs.set(order, (costs.get(order) ?? 0n) + BigInt(priceMicro) * hours);
  }
  return costs;
}
