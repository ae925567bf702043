/** A thread that solves small joint programmes with HiGHS; telling every better answer at once. */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import { partOf } from '@sparegrid/core/joint/components';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import type { CallbackData, Highs } from 'highs';
import { nowMs } from './clock.ts';
import { costOf } from './cost.ts';
import { highsModel } from './highs-model.ts';
import { safeBound } from './safe-bound.ts';
import type { FromThread } from './thread.ts';

export interface HighsQuestion {
  /** Its penalties are those of the objective already. */
  instance: JointInstance;
  /** Only these orders and their lessors; null: all. */
  orders: Int32Array | null;
  /** A feasible answer to start from, in the numbering of the part; null: none. */
  start: Int32Array | null;
  /** Moment of the shared clock; may be overrun by some hundredths. */
  untilMs: number;
  /** Shared; not 0: end soon. */
  stop: Int32Array;
}

/** Each of it is checked: `units` hold, and nothing costs less than `bound` says. */
export interface HighsNews {
  better?: { units: Int32Array; cost: number };
  bound?: number;
}

export interface HighsAnswer {
  /** Of the model: larger ones leave a larger heap behind. */
  columns: number;
}

// The types of the package are those of its CommonJS form.
const { default: loadHighs } = createRequire(import.meta.url)('highs') as typeof import('highs');
const highs = await loadHighs({ wasmModule: workerData });

parentPort?.on('message', (question: HighsQuestion) => {
  try {
    tell({ kind: 'answer', answer: solve(highs, question) });
  } catch (error) {
    tell({ kind: 'failed', detail: String(error instanceof Error ? error.stack : error) });
  }
});

function solve(solver: Highs, { instance, ...question }: HighsQuestion): HighsAnswer {
  const part = question.orders ? partOf(instance, question.orders).instance : instance;
  const { data, unitsOf, valuesOf } = highsModel(part);
  let bestCost = question.start ? costOf(part, question.start) : Number.POSITIVE_INFINITY;
  let bestBound = Number.NEGATIVE_INFINITY;
  const hearBound = (bound: number | undefined): void => {
    const safe = safeBound(bound ?? Number.NEGATIVE_INFINITY);
    if (safe <= bestBound) return;
    bestBound = safe;
    tell({ kind: 'news', news: { bound: safe } });
  };
  const hearValues = (values: Float64Array | undefined): void => {
    if (!values) return;
    const units = unitsOf(values);
    const cost = costOf(part, units);
    if (cost >= bestCost) return;
    if (checkAnswer(part, { units, cost, lowerBound: Number.NEGATIVE_INFINITY })) return;
    bestCost = cost;
    tell({ kind: 'news', news: { better: { units, cost } } });
  };
  const hear = ({ data: { mip_solution, mip_dual_bound } }: { data: CallbackData }): undefined => {
    hearValues(mip_solution);
    hearBound(mip_dual_bound);
  };
  const { callbackType } = solver.constants;
  const model = solver.createModel(data);
  try {
    model.options.set({
      output_flag: false,
      // Costs are whole: a distance below 1 is none.
      mip_abs_gap: 0.5,
      mip_rel_gap: 0,
      time_limit: Math.max(0.001, (question.untilMs - nowMs()) / 1_000),
    });
    if (question.start) model.setSolution({ colValue: valuesOf(question.start) });
    model.run({
      [callbackType.mipImprovingSolution]: hear,
      [callbackType.mipLogging]: hear,
      [callbackType.mipInterrupt]: (event): undefined => {
        hear(event);
        if (Atomics.load(question.stop, 0) !== 0) event.interrupt();
      },
    });
    hearValues(model.getSolution().colValue);
    hearBound(model.info.get('mip_dual_bound') as number);
  } finally {
    model.dispose();
  }
  return { columns: data.numCols };
}

function tell(message: FromThread<HighsNews, HighsAnswer>): void {
  parentPort?.postMessage(message);
}
