/** Joint programmes: the solver with its threads against HiGHS alone, on the same instances. */
import { parseArgs } from 'node:util';
import { generateLiteral, generatePractical } from '@sparegrid/core/joint/generate';
import type { JointForm } from '@sparegrid/core/joint/instance';
import { JointSolver } from '@sparegrid/solver/joint-solver';
import type { Result } from '../result.ts';
import { highsAlone } from './highs-alone.ts';

const SIZES = ['50x200', '500x2000', '5000x20000', '10000x100000'];
const LARGE_SIZE = '100000x1000000';
/** Above, HiGHS has not solved the root relaxation when its time is up. */
const HIGHS_ORDERS_MOST = 5_000;
const GENERATORS = { practical: generatePractical, literal: generateLiteral };

/**
 * Flags: `--seconds 5`, `--longer 15` for HiGHS, `--seed 1`, `--form practical`, `--size 50x200`,
 * `--large` for 100,000 orders over 1,000,000 lessors as well.
 */
export async function benchJoint(report: (result: Result) => void, args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '5' },
      longer: { type: 'string', default: '15' },
      seed: { type: 'string', default: '1' },
      form: { type: 'string' },
      size: { type: 'string' },
      large: { type: 'boolean', default: false },
    },
  });
  const [seconds, longer] = [Number(values.seconds), Number(values.longer)];
  const forms = Object.keys(GENERATORS).filter((form) => (values.form ?? form) === form);
  const sizes = values.size ? [values.size] : [...SIZES, ...(values.large ? [LARGE_SIZE] : [])];
  const solver = new JointSolver();
  solver.prepare();
  try {
    for (const form of forms as JointForm[]) {
      for (const size of sizes) {
        await measure({ solver, form, size, seed: Number(values.seed), seconds, longer }, report);
      }
    }
  } finally {
    await solver.close();
  }
}

interface Case {
  solver: JointSolver;
  form: JointForm;
  size: string;
  seed: number;
  seconds: number;
  longer: number;
}

async function measure(
  { solver, form, size, seed, seconds, longer }: Case,
  report: (result: Result) => void,
): Promise<void> {
  const [orders = 0, lessors = 0] = size.split('x').map(Number);
  const instance = GENERATORS[form]({ orders, lessors, seed });
  const startMs = performance.now();
  const { cost, lowerBound, boundByPrices, gap } = await solver.solve(instance, { seed, seconds });
  const ms = performance.now() - startMs;
  const name = `${form} ${size}`;
  const tell = (metric: string, value: number, unit: string, baseline: string, base: number) =>
    report({ bench: 'joint', case: name, metric, value, unit, baseline, ratio: value / base });
  tell('time', ms, 'ms', `limit of ${seconds} s`, 1_000 * seconds);
  tell('gap_by_prices', (cost - boundByPrices) / cost, 'share', 'gap of the best bound', gap);
  if (orders > HIGHS_ORDERS_MOST) {
    tell('gap', gap, 'share', 'none', 1);
    return;
  }
  const moments = await highsAlone(instance, [seconds, longer]);
  for (const [k, limit] of [seconds, longer].entries()) {
    const highs = moments?.[k];
    if (!highs) continue;
    const baseline = `HiGHS alone, ${limit} s`;
    tell(`cost_at_${limit}_s`, cost, 'cost', `${baseline}: ${highs.cost}`, highs.cost);
    const highsGap = (highs.cost - highs.bound) / highs.cost;
    tell(`gap_at_${limit}_s`, gap, 'share', `${baseline}: ${highsGap.toFixed(5)}`, highsGap);
    const bounds = `${baseline}: ${highs.bound}`;
    if (highs.bound > 0) tell(`bound_at_${limit}_s`, lowerBound, 'cost', bounds, highs.bound);
  }
}
