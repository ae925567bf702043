/** One order over 500 to 25,000 lessors: time to the proven optimum, and what it saves. */
import { sinkFlaw } from '@sparegrid/core/single/check-sink';
import { drawSink, SINK_GROUPS, type SinkGroup } from '@sparegrid/core/single/sink-groups';
import type { SinkInstance } from '@sparegrid/core/single/sink-instance';
import { solveSink } from '@sparegrid/core/single/solve-sink';
import { type Bench, quantile, type Result } from '../result.ts';
import { fullProgrammeCost } from './full-programme.ts';
import { priceSortCost } from './price-sort.ts';

const SIZES = [500, 1_000, 5_000, 10_000, 25_000] as const;
const INSTANCES = 9;
const REPEATS = 3;
const BETAS = [5, 10, 100, 1_000];
/** Above it the full table takes minutes. */
const FULL_CELLS_MAX = 400_000_000;

export const benchSsfctp: Bench = async (report) => {
  for (const group of SINK_GROUPS) for (const lessors of SIZES) warm(group, lessors);
  for (const group of SINK_GROUPS) {
    let smallest: { lessors: number; ms: number } | null = null;
    for (const lessors of SIZES) {
      const instances = Array.from({ length: INSTANCES }, (_, at) => drawn(group, lessors, at + 1));
      const name = `${group}, ${lessors} lessors`;
      const solved = instances.map(timed);
      const ms = quantile(
        solved.map((one) => one.ms),
        0.5,
      );
      for (const result of results(name, instances, solved, ms)) report(result);
      smallest ??= { lessors, ms };
      if (lessors === smallest.lessors) continue;
      const baseline = `times the lessors of ${smallest.lessors}`;
      const factor = lessors / smallest.lessors;
      report(row(name, 'growth', ms / smallest.ms, 'times the ms', baseline, factor));
    }
  }
};

interface Timed {
  ms: number;
  cost: number;
  proven: boolean;
}

function drawn(group: SinkGroup, lessors: number, seed: number): SinkInstance {
  const beta = BETAS[seed % BETAS.length] ?? 10;
  return drawSink({ group, lessors, seed, demandShare: seed / (INSTANCES + 1), beta });
}

function warm(group: SinkGroup, lessors: number): void {
  for (let seed = 1; seed <= 3; seed += 1) solveSink(drawn(group, lessors, seed + INSTANCES));
}

/** The median of a few runs; the answer is checked. */
function timed(instance: SinkInstance): Timed {
  const times: number[] = [];
  let answer = solveSink(instance);
  for (let run = 0; run < REPEATS; run += 1) {
    const startedAt = performance.now();
    answer = solveSink(instance);
    times.push(performance.now() - startedAt);
  }
  const flaw = sinkFlaw(instance, answer.amounts, answer.cost);
  if (flaw) throw new Error(flaw);
  return { ms: quantile(times, 0.5), cost: answer.cost, proven: answer.status === 'optimal' };
}

function results(
  name: string,
  instances: readonly SinkInstance[],
  solved: readonly Timed[],
  ms: number,
): Result[] {
  const proven = solved.filter((one) => one.proven).length;
  const max = Math.max(...solved.map((one) => one.ms));
  const startedAt = performance.now();
  const heuristic = instances.map(priceSortCost);
  const sortMs = (performance.now() - startedAt) / instances.length;
  const excess = heuristic.map((cost, at) => cost / (solved[at]?.cost ?? cost) - 1);
  const sort = `price sort, no proof, ${sortMs.toPrecision(3)} ms`;
  return [
    row(name, 'ms_p50', ms, 'ms', sort, sortMs),
    row(name, 'ms_max', max, 'ms', sort, sortMs),
    row(name, 'proven', proven, 'instances', 'all', instances.length),
    row(name, 'price_sort_excess_max', 100 * Math.max(...excess), '%', 'optimum', 100),
    ...fullProgramme(name, instances[0] as SinkInstance, solved[0] as Timed),
  ];
}

/** How many times faster than the full table, which must have the same cost. */
function fullProgramme(name: string, instance: SinkInstance, { ms, cost }: Timed): Result[] {
  if (instance.demand * instance.capacity.length > FULL_CELLS_MAX) return [];
  const startedAt = performance.now();
  const full = fullProgrammeCost(instance);
  const fullMs = performance.now() - startedAt;
  if (Math.abs(full - cost) > 1e-9 * full)
    throw new Error(`${name}: ${cost}, but ${full} by table`);
  const baseline = `full table ${fullMs.toPrecision(3)} ms, equal cost`;
  return [row(name, 'ms_of_first', ms, 'ms', baseline, fullMs)];
}

function row(
  name: string,
  metric: string,
  value: number,
  unit: string,
  baseline: string,
  by: number,
): Result {
  return { bench: 'ssfctp', case: name, metric, value, unit, baseline, ratio: value / by };
}
