/** What people read of a run, and the sum over many runs. */
import type { Violation } from './auditor/violations.ts';
import type { Outcome, Result } from './run-seed.ts';
import type { FaultMode } from './world/fault-plan.ts';
import type { Size } from './world/scenario.ts';

export function describeViolation({ name, node, id, atMs, detail }: Violation): string {
  return `${name} at ${node}, ${id}, t=${atMs}ms: ${detail}`;
}

export function describeRun(
  { outcome, endMs, convergedAfterMs }: Result,
  size: Size,
  faults: FaultMode,
): string {
  const { seed, orders, filled, multiHub, aborted, holdExpired, lostRaces } = outcome;
  const { crashes, messages, violations, rounds } = outcome;
  const crashed = Object.entries(crashes).map(([phase, count]) => `${phase} ${count}`);
  const rest =
    convergedAfterMs === null ? 'never' : `${convergedAfterMs / 1000} s after the faults`;
  return [
    `seed ${seed}: ${size.hubs} hubs, ${size.participants} participants, faults ${faults}`,
    `  orders      ${orders} accepted, ${filled} filled, ${multiHub} agreements over several hubs`,
    `  signing     ${aborted} aborted, ${lostRaces} lost races, ${holdExpired} holds expired`,
    `  rounds      ${rounds.rounds} (${rounds.joint} better jointly), ${rounds.placed} orders placed, ` +
      `${rounds.lost} lost, ${rounds.refused} answers refused`,
    `  crashes     ${crashed.join(', ')}`,
    `  messages    ${messages.sent} sent, ${messages.lost} lost, ${messages.duplicated} duplicated`,
    `  time        ${endMs / 1000} s simulated, at rest ${rest}`,
    `  promises    ${violations === 0 ? 'all kept' : `${violations} BROKEN`}`,
    '',
  ].join('\n');
}

/** Sums and least values over many seeds. */
export function sumUp(outcomes: readonly Outcome[]) {
  const names = ['orders', 'filled', 'multiHub', 'aborted', 'holdExpired', 'lostRaces'] as const;
  const total = Object.fromEntries(
    names.map((name) => [name, outcomes.reduce((sum, outcome) => sum + outcome[name], 0)]),
  );
  const least = Object.fromEntries(
    names.map((name) => [name, Math.min(...outcomes.map((outcome) => outcome[name]))]),
  );
  const rounds: Record<string, number> = {};
  for (const outcome of outcomes) {
    for (const [name, count] of Object.entries(outcome.rounds)) {
      rounds[name] = (rounds[name] ?? 0) + count;
    }
  }
  const crashes: Record<string, number> = {};
  for (const outcome of outcomes) {
    for (const [phase, count] of Object.entries(outcome.crashes)) {
      crashes[phase] = (crashes[phase] ?? 0) + count;
    }
  }
  return {
    seeds: outcomes.length,
    violations: outcomes.reduce((sum, { violations }) => sum + violations, 0),
    failedSeeds: outcomes
      .filter(({ violations, converged }) => violations > 0 || !converged)
      .map(({ seed }) => seed),
    total,
    least,
    rounds,
    crashes,
  };
}
