/** Generalised assignments of the published recipes: distance to the bound, beside HiGHS alone. */
import { generateGap } from '@sparegrid/core/joint/gap/generate';
import type { GapInstance } from '@sparegrid/core/joint/gap/instance';
import { type GapResult, solveGap } from '@sparegrid/core/joint/gap/solve';
import type { Highs } from 'highs';
import type { Bench, Result } from '../result.ts';
import { loadedHighs, solveByHighs } from './highs-gap.ts';

const SECONDS = 5;
const TYPES = ['c', 'd', 'e'] as const;

/** Jobs and agents: of the public sets, and the few of them that take less than three minutes. */
const ALL = [
  ...[5, 10, 20].map((agents) => [100, agents] as const),
  ...[5, 10, 20].map((agents) => [200, agents] as const),
  ...[10, 20, 40].map((agents) => [400, agents] as const),
  ...[15, 30, 60].map((agents) => [900, agents] as const),
  ...[20, 40, 80].map((agents) => [1_600, agents] as const),
];
const SOME = [
  [100, 10],
  [400, 20],
  [1_600, 80],
] as const;

export const benchGap: Bench = (report, args) => {
  const isAll = args[0] === '--all';
  if (args.length > (isAll ? 1 : 0)) throw new Error('usage: npm run bench -- gap [--all]');
  return benchSizes(isAll ? ALL : SOME, report);
};

async function benchSizes(
  sizes: readonly (readonly [jobs: number, agents: number])[],
  report: (result: Result) => void,
): Promise<void> {
  const highs = await loadedHighs();
  solveGap(generateGap({ type: 'd', agents: 10, jobs: 200, seed: 0 }), { seed: 1 });
  for (const [jobs, agents] of sizes) {
    for (const type of TYPES) {
      const instance = generateGap({ type, agents, jobs, seed: 1 });
      const name = `${type}, ${jobs} jobs, ${agents} agents`;
      for (const result of results(name, instance, highs)) report(result);
    }
  }
}

function results(name: string, instance: GapInstance, highs: Highs): Result[] {
  const startedAt = performance.now();
  const timeShare = () => Math.min(1, (performance.now() - startedAt) / (1_000 * SECONDS));
  const own = solveGap(instance, { seed: 1, timeShare, timeIsUp: () => timeShare() >= 1 });
  const ownSeconds = (performance.now() - startedAt) / 1_000;
  if (costOf(instance, own.assignment) !== own.cost) throw new Error(`${name}: not an answer`);
  const other = solveByHighs(highs, instance, SECONDS);
  const otherCost = other.assignment ? costOf(instance, other.assignment) : Infinity;
  const ownExcess = excess(own.cost, own);
  const otherExcess = excess(otherCost, own);
  const alone = (said: string) => `HiGHS alone, ${other.seconds.toFixed(1)} s: ${said}`;
  return [
    row(name, 'excess', ownExcess, '%', alone(percent(otherExcess)), ownExcess / otherExcess),
    row(
      name,
      'bound',
      own.lowerBound,
      'cost',
      alone(`${other.bound}`),
      own.lowerBound / other.bound,
    ),
    row(
      name,
      'seconds',
      ownSeconds,
      's',
      alone('its limit was the same'),
      ownSeconds / other.seconds,
    ),
  ];
}

/** Above our own bound, for both: it is proven, and never above the optimum. */
function excess(cost: number, { lowerBound }: GapResult): number {
  return 100 * (cost / lowerBound - 1);
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${value.toPrecision(3)} %` : 'no answer';
}

/** Infinity where jobs do not fit. */
function costOf({ agents, jobs, cost, weight, capacity }: GapInstance, assignment: Int32Array) {
  const room = capacity.slice(0, agents);
  let sum = 0;
  for (const [job, agent] of assignment.entries()) {
    sum += cost[agent * jobs + job] ?? Number.NaN;
    room[agent] = (room[agent] ?? 0) - (weight[agent * jobs + job] ?? 0);
  }
  return assignment.length === jobs && room.every((rest) => rest >= 0) ? sum : Infinity;
}

function row(
  name: string,
  metric: string,
  value: number,
  unit: string,
  baseline: string,
  ratio: number,
): Result {
  return { bench: 'gap', case: name, metric, value, unit, baseline, ratio };
}
