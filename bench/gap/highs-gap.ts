/** A generalised assignment by HiGHS alone: the textbook model, nothing to start from. */
import { createRequire } from 'node:module';
import type { GapInstance } from '@sparegrid/core/joint/gap/instance';
import type { Highs, ModelData } from 'highs';

// The types of the package are those of its CommonJS form.
const { default: loadHighs } = createRequire(import.meta.url)('highs') as typeof import('highs');

export const loadedHighs = (): Promise<Highs> => loadHighs();

export interface HighsGap {
  /** Per job its agent; null when none was found in time. */
  assignment: Int32Array | null;
  bound: number;
  seconds: number;
}

export function solveByHighs(highs: Highs, instance: GapInstance, seconds: number): HighsGap {
  const startedAt = performance.now();
  const model = highs.createModel(modelOf(instance));
  try {
    model.options.set({
      output_flag: false,
      time_limit: seconds,
      mip_abs_gap: 0.5,
      mip_rel_gap: 0,
    });
    model.run();
    const values = model.getSolution().colValue;
    return {
      assignment: values ? assignmentOf(instance, values) : null,
      bound: model.info.get('mip_dual_bound') as number,
      seconds: (performance.now() - startedAt) / 1_000,
    };
  } finally {
    model.dispose();
  }
}

/** Column `agent * jobs + job`; a row per job, then one per agent. */
function modelOf({ agents, jobs, cost, weight, capacity }: GapInstance): ModelData {
  const numCols = agents * jobs;
  const numRows = jobs + agents;
  const starts = Int32Array.from({ length: numRows + 1 }, (_, row) =>
    row <= jobs ? row * agents : numCols + (row - jobs) * jobs,
  );
  const indices = new Int32Array(2 * numCols);
  const values = new Float64Array(2 * numCols).fill(1);
  for (let job = 0; job < jobs; job += 1) {
    for (let agent = 0; agent < agents; agent += 1) {
      indices[job * agents + agent] = agent * jobs + job;
    }
  }
  for (let column = 0; column < numCols; column += 1) indices[numCols + column] = column;
  values.set(weight, numCols);
  const rowLower = new Float64Array(numRows).fill(Number.NEGATIVE_INFINITY).fill(1, 0, jobs);
  const rowUpper = new Float64Array(numRows).fill(1);
  rowUpper.set(capacity, jobs);
  return {
    numCols,
    numRows,
    colCost: Float64Array.from(cost),
    colLower: new Float64Array(numCols),
    colUpper: new Float64Array(numCols).fill(1),
    rowLower,
    rowUpper,
    integrality: new Int32Array(numCols).fill(1),
    matrix: { format: 'csr', numRows, numCols, starts, indices, values },
  };
}

/** Null when the values are no assignment: HiGHS had none when its time was up. */
function assignmentOf({ agents, jobs }: GapInstance, values: ArrayLike<number>): Int32Array | null {
  const assignment = new Int32Array(jobs).fill(-1);
  for (let agent = 0; agent < agents; agent += 1) {
    for (let job = 0; job < jobs; job += 1) {
      if (Math.round(values[agent * jobs + job] ?? 0) === 1) assignment[job] = agent;
    }
  }
  return assignment.includes(-1) ? null : assignment;
}
