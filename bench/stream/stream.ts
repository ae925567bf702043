/** Orders come and go: a warm re-solve against one from scratch, by the time to equal cost; an equal cost that is not reached has no line. */
import { generatePractical } from '@sparegrid/core/joint/generate';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { carryOver } from '@sparegrid/core/joint/warm';
import { JointSolver } from '@sparegrid/solver/joint-solver';
import { sharedInstance } from '@sparegrid/solver/shared-instance';
import type { Result } from '../result.ts';

const ORDERS = 5_000;
const LESSORS = 20_000;
const CHANGED = 50;
const SEED = 1;
/** How long the market before the change was solved: once, or again and again. */
const KNOWN_SECONDS = [20, 60];
const SCRATCH_SECONDS = [5, 10, 20];
const WARM_SECONDS = [0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

export async function benchStream(report: (result: Result) => void): Promise<void> {
  const all = generatePractical({ orders: ORDERS + CHANGED, lessors: LESSORS, seed: SEED });
  const before = sharedInstance(ordersOf(all, 0, ORDERS));
  const after = sharedInstance(ordersOf(all, CHANGED, ORDERS + CHANGED));
  const previous = Int32Array.from({ length: ORDERS }, (_, i) =>
    i + CHANGED < ORDERS ? i + CHANGED : -1,
  );
  const solver = new JointSolver();
  try {
    const costOfScratch: number[] = [];
    for (const seconds of SCRATCH_SECONDS) {
      costOfScratch.push((await solver.solve(after, { seed: SEED, seconds })).cost);
    }
    for (const knownSeconds of KNOWN_SECONDS) {
      const known = await solver.solve(before, { seed: SEED, seconds: knownSeconds });
      const name = `${ORDERS}x${LESSORS} solved for ${knownSeconds} s, ${CHANGED} leave, ${CHANGED} come`;
      const open = SCRATCH_SECONDS.map((seconds, k) => ({ seconds, cost: costOfScratch[k]! }));
      for (const seconds of WARM_SECONDS) {
        const startMs = performance.now();
        const warm = carryOver(before, known, after, previous);
        const { cost } = await solver.solve(after, { seed: SEED, seconds, warm });
        const ms = performance.now() - startMs;
        while (open[0] && cost <= open[0].cost) {
          const scratch = open.shift()!;
          report({
            bench: 'stream',
            case: name,
            metric: 'time_to_equal_cost',
            value: ms,
            unit: 'ms',
            baseline: `from scratch, ${scratch.seconds} s`,
            ratio: (1_000 * scratch.seconds) / ms,
          });
        }
        const last = SCRATCH_SECONDS.length - 1;
        report({
          bench: 'stream',
          case: name,
          metric: `cost_after_${seconds}_s`,
          value: cost,
          unit: 'cost',
          baseline: `from scratch, ${SCRATCH_SECONDS[last]} s`,
          ratio: cost / costOfScratch[last]!,
        });
        if (open.length === 0) break;
      }
    }
  } finally {
    await solver.close();
  }
}

/** The orders `from` to `end - 1` with all lessors. */
function ordersOf(instance: JointInstance, from: number, end: number): JointInstance {
  const { dimensions } = instance;
  const start = instance.first[from] as number;
  const stop = instance.first[end] as number;
  return {
    ...instance,
    orders: end - from,
    first: instance.first.slice(from, end + 1).map((offset) => offset - start),
    lessor: instance.lessor.slice(start, stop),
    need: instance.need.slice(from, end),
    least: instance.least.slice(from, end),
    penalty: instance.penalty.slice(from, end),
    budget: instance.budget.slice(from, end),
    lessorsMost: instance.lessorsMost.slice(from, end),
    request: instance.request.slice(from * dimensions, end * dimensions),
    unitCost: instance.unitCost.slice(start, stop),
    fixedCost: instance.fixedCost.slice(start, stop),
    most: instance.most.slice(start, stop),
  };
}
