/** Reads a generalised assignment problem in the form of the OR-Library, one instance per file. */
import type { GapInstance } from '@sparegrid/core/joint/gap/instance';
import { NumberScanner } from './number-scanner.ts';

const AGENTS_MAX = 100_000;
const JOBS_MAX = 1_000_000;
/** Costs and weights together: half a gigabyte of them. */
const CELLS_MAX = 60_000_000;
const NUMBER_MAX = 2 ** 31 - 1;

/** @throws CliFault with file, line and number */
export function readGap(file: string): GapInstance {
  const scanner = new NumberScanner(file);
  const agents = scanner.next('number of agents', { min: 1, max: AGENTS_MAX });
  const jobsMax = Math.min(JOBS_MAX, Math.floor(CELLS_MAX / agents));
  const jobs = scanner.next('number of jobs', { min: 1, max: jobsMax });
  const table = (what: string) => {
    const cells = new Int32Array(agents * jobs);
    for (let agent = 0; agent < agents; agent += 1) {
      const row = cells.subarray(agent * jobs, (agent + 1) * jobs);
      scanner.fill(row, `${what} of agent ${agent}, job`, { max: NUMBER_MAX });
    }
    return cells;
  };
  const cost = table('cost');
  const weight = table('weight');
  const capacity = scanner.fill(new Int32Array(agents), 'capacity of agent', { max: NUMBER_MAX });
  scanner.end();
  return { agents, jobs, cost, weight, capacity };
}
