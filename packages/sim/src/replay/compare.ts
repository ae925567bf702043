/** Two replays of the same input side by side: one by one, and with joint rounds. */
import { LEASE_MS } from './orders.ts';
import type { Replay, ReplayRounds, ReplaySummary } from './run-replay.ts';
import type { Decision } from './scenario.ts';

/** Of one side; money in micro-credits for whole leases. */
export interface Side extends ReplaySummary {
  rounds: ReplayRounds | null;
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
   * `atLeastAsManyFilled` counts orders. `noDearer` compares what the orders filled by both pay
   * together: whoever fills more orders pays more in all, and means depend on which orders they are.
   */
  verdict: { atLeastAsManyFilled: boolean; noDearer: boolean };
}

export function compare(oneByOne: Replay, joint: Replay): Comparison {
  const costs = [costsOf(oneByOne.decisions), costsOf(joint.decisions)] as const;
  const common = [...costs[0].keys()].filter((order) => costs[1].has(order));
  const sideOf = ({ summary, rounds }: Replay, own: ReadonlyMap<string, bigint>): Side => ({
    ...summary,
    rounds,
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
      noDearer: b.commonMicro <= a.commonMicro,
    },
  };
}

function costsOf(decisions: readonly Decision[]): Map<string, bigint> {
  const costs = new Map<string, bigint>();
  const hours = BigInt(LEASE_MS / 3_600_000);
  for (const { order, priceMicro } of decisions) {
    costs.set(order, (costs.get(order) ?? 0n) + BigInt(priceMicro) * hours);
  }
  return costs;
}
