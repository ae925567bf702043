/** Runs one seed to its end: faults, then convergence, then a probe; and sums it up. */
import type { Violation } from './auditor/violations.ts';
import { type RoundCounts, sumOf } from './nodes/sim-hub.ts';
import { DURATION_MAX_MS, EXPIRY_MAX_MS } from './workload/orders.ts';
import type { CrashPhase, FaultMode } from './world/fault-plan.ts';
import type { NetworkCounts } from './world/network.ts';
import type { Size } from './world/scenario.ts';
import { World } from './world/world.ts';

export interface Run {
  seed: number;
  size: Size;
  faults: FaultMode;
  /** Names of violations; the first of these ends the run, which then has not come to rest. */
  stopAt?: readonly string[];
}

/** The last line of output; names as the issue states them. */
export interface Outcome {
  seed: number;
  violations: number;
  converged: boolean;
  orders: number;
  filled: number;
  multiHub: number;
  aborted: number;
  holdExpired: number;
  lostRaces: number;
  /** Joint rounds of all hubs, what they placed, and what was lost or refused of their answers. */
  rounds: RoundCounts;
  crashes: Record<CrashPhase, number>;
  /** Times at which a hub learned its past again, after an older copy of its store. */
  recovered: number;
  messages: NetworkCounts;
  traceHash: string;
}

export interface Result {
  outcome: Outcome;
  violations: readonly Violation[];
  /** Virtual time at the end, and how long after the faults everything had come to rest. */
  endMs: number;
  convergedAfterMs: number | null;
}

/** How often rest is looked for. */
const LOOK_EVERY_MS = 1_000;
const PROBE_MS = 60_000;
/** Retries back off up to this, and several may be needed one after the other. */
const RETRIES_MS = 60_000;

export function runSeed(run: Run, listener: ((line: string) => void) | null = null): Result {
  const world = new World(run.seed, run.size, run.faults, listener);
  const { queue, plan, timing, auditor, network, trace } = world.context;
  const { violations } = auditor;
  const isEnough = () => run.stopAt?.some((name) => violations.names.has(name)) ?? false;
  world.begin();
  queue.run(plan.untilMs, isEnough);
  const stop = timing.stopTimeMs + timing.startGraceMs + 20_000;
  const boundMs = lastExpiryMs(world) + DURATION_MAX_MS + stop + RETRIES_MS;
  const restedAtMs = runUntilRest(world, boundMs, isEnough);
  if (restedAtMs === null && !isEnough()) {
    const open = [...auditor.unsettled()].slice(0, 20);
    for (const [name, node, id, detail] of open) auditor.violate(name, node, id, detail);
    if (world.market.pending > 0) {
      auditor.violate('end.request-unanswered', 'lessees', 'orders', `${world.market.pending}`);
    }
  }
  const isProbed = restedAtMs !== null && probe(world, isEnough);
  const { orders, filled, multiHub, aborted, holdExpired, lostRaces } = auditor.counts.all;
  return {
    outcome: {
      seed: run.seed,
      violations: violations.count,
      converged: isProbed,
      orders,
      filled,
      multiHub,
      aborted,
      holdExpired,
      lostRaces,
      rounds: roundsOf(world),
      crashes: world.faults.crashes,
      recovered: auditor.restores.recovered,
      messages: network.counts,
      traceHash: trace.digest(),
    },
    violations: violations.kept,
    endMs: queue.nowMs,
    convergedAfterMs: restedAtMs === null ? null : restedAtMs - plan.untilMs,
  };
}

function roundsOf(world: World): RoundCounts {
  return [...world.hubs.values()].map(({ rounds }) => rounds).reduce((a, b) => sumOf(a, b));
}

/**
 * When the last open order expires. An order accepted while the hub's wall clock was behind lives
 * longer by that much: its deadline is fixed on the elapsed clock at acceptance.
 */
function lastExpiryMs(world: World): number {
  let lastMs = world.context.plan.untilMs + EXPIRY_MAX_MS;
  for (const hub of world.hubs.values()) {
    for (const order of hub.core?.orders.values() ?? []) {
      lastMs = Math.max(lastMs, hub.clock.virtualAt(order.expiresAtElapsedMs));
    }
  }
  return lastMs;
}

/** Goes on until nothing is open any more; null when that does not come within the bound, or before it is enough. */
function runUntilRest(world: World, boundMs: number, isEnough: () => boolean): number | null {
  const { queue, auditor } = world.context;
  for (;;) {
    if (isEnough()) return null;
    const isAtRest = world.market.pending === 0 && auditor.unsettled().next().done === true;
    if (isAtRest) return queue.nowMs;
    if (queue.nowMs >= boundMs) return null;
    queue.run(queue.nowMs + LOOK_EVERY_MS, isEnough);
  }
}

/** The market must still work: small orders must complete, and everything come to rest again. */
function probe(world: World, isEnough: () => boolean): boolean {
  const { queue, auditor } = world.context;
  auditor.counts.close();
  world.market.probe();
  queue.run(queue.nowMs + LOOK_EVERY_MS, isEnough);
  const restedAtMs = runUntilRest(world, queue.nowMs + PROBE_MS, isEnough);
  if (isEnough()) return false;
  if (restedAtMs === null) {
    for (const [name, node, id, detail] of auditor.unsettled()) {
      auditor.violate(name, node, id, detail);
    }
    return false;
  }
  for (const lessee of world.lessees.values()) {
    const { order: orders } = auditor.model.hub(lessee.hub).records;
    if (lessee.probes.size === 0) {
      auditor.violate('end.probe-refused', lessee.hub, lessee.participant, 'not acknowledged');
    }
    for (const id of lessee.probes) {
      const state = orders.get(id)?.state;
      if (state !== 'completed') auditor.violate('end.probe-failed', lessee.hub, id, String(state));
    }
  }
  return true;
}
