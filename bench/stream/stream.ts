/** Orders come and go: a warm re-solve against one from scratch, by the time to equal cost; an equal cost that is not reached has no line. */
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { carryOver } from '@sparegrid/core/joint/warm';
import { JointSolver } from '@sparegrid/solver/joint-solver';
import type { SolverResult } from '@sparegrid/solver/solver-result';
import type { Result } from '../result.ts';
import { Markets } from './markets.ts';

const ORDERS = 5_000;
const LESSORS = 20_000;
const CHANGED = 50;
const SEED = 1;
/** How long the market before the change was solved: once, or again and again. */
const KNOWN_SECONDS = [20, 60];
const SCRATCH_SECONDS = [5, 10, 20];
const WARM_SECONDS = [0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];
/** Changes one after the other, each re-solved for a tenth of the time from scratch. */
const CHANGES = 8;
const SECONDS_EACH = 2;

type Report = (result: Result) => void;

interface Solved {
  seconds: number;
  cost: number;
}

export async function benchStream(report: Report): Promise<void> {
  const markets = new Markets({ orders: ORDERS, lessors: LESSORS, changed: CHANGED, seed: SEED });
  const solver = new JointSolver();
  try {
    const scratch = await fromScratch(solver, markets.after(1));
    const before = markets.after(0);
    for (const knownSeconds of KNOWN_SECONDS) {
      const known = await solver.solve(before, { seed: SEED, seconds: knownSeconds });
      await oneChange(solver, markets, { known, knownSeconds, scratch }, report);
      if (knownSeconds === KNOWN_SECONDS[0]) await manyChanges(solver, markets, known, report);
    }
  } finally {
    await solver.close();
  }
}

async function fromScratch(solver: JointSolver, market: JointInstance): Promise<Solved[]> {
  const solved: Solved[] = [];
  for (const seconds of SCRATCH_SECONDS) {
    const { cost } = await solver.solve(market, { seed: SEED, seconds });
    solved.push({ seconds, cost });
  }
  return solved;
}

/** With ever more time, until it costs no more than from scratch. */
async function oneChange(
  solver: JointSolver,
  markets: Markets,
  parts: { known: SolverResult; knownSeconds: number; scratch: readonly Solved[] },
  report: Report,
): Promise<void> {
  const { known, knownSeconds, scratch } = parts;
  const [before, after] = [markets.after(0), markets.after(1)];
  const previous = markets.previous(1);
  const name = `${ORDERS}x${LESSORS} solved for ${knownSeconds} s, ${CHANGED} leave, ${CHANGED} come`;
  const row = { bench: 'stream', case: name };
  const longest = scratch.at(-1)!;
  const open = [...scratch];
  for (const seconds of WARM_SECONDS) {
    const startMs = performance.now();
    const warm = carryOver(before, known, after, previous);
    const { cost } = await solver.solve(after, { seed: SEED, seconds, warm });
    const ms = performance.now() - startMs;
    while (open[0] && cost <= open[0].cost) {
      const reached = open.shift()!;
      report({
        ...row,
        metric: 'time_to_equal_cost',
        value: ms,
        unit: 'ms',
        baseline: `from scratch, ${reached.seconds} s`,
        ratio: (1_000 * reached.seconds) / ms,
      });
    }
    report({
      ...row,
      metric: `cost_after_${seconds}_s`,
      value: cost,
      unit: 'cost',
      baseline: `from scratch, ${longest.seconds} s`,
      ratio: cost / longest.cost,
    });
    if (open.length === 0) break;
  }
}

/** Each answer starts from the one before: what a short time leaves undone adds up. */
async function manyChanges(
  solver: JointSolver,
  markets: Markets,
  known: SolverResult,
  report: Report,
): Promise<void> {
  let [market, result] = [markets.after(0), known];
  for (let changes = 1; changes <= CHANGES; changes += 1) {
    const next = markets.after(changes);
    const warm = carryOver(market, result, next, markets.previous(changes));
    result = await solver.solve(next, { seed: SEED, seconds: SECONDS_EACH, warm });
    market = next;
  }
  for (const { seconds, cost } of await fromScratch(solver, market)) {
    report({
      bench: 'stream',
      case: `${ORDERS}x${LESSORS}, ${CHANGES} such changes, each solved for ${SECONDS_EACH} s`,
      metric: 'cost',
      value: result.cost,
      unit: 'cost',
      baseline: `from scratch, ${seconds} s`,
      ratio: result.cost / cost,
    });
  }
}
