/** Runs the simulator against a planted core, seed by seed, until the auditor complains. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { Plant } from './plant.ts';
import { writePlanted } from './planted-core.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const LOAD_PLANTED = pathToFileURL(join(import.meta.dirname, 'load-planted.ts')).href;

/** A fault that none of these shows is not noticed. */
export const SEEDS_IN_TESTS: readonly number[] = [1, 2, 3, 4, 5, 6];

export interface Catch {
  /** The seed that showed it; null when none did. */
  seed: number | null;
  /** Names of what was reported for that seed, the most frequent first. */
  violations: string[];
  /** What the simulator said. */
  report: string;
}

/**
 * A run ends as soon as it shows what must be noticed.
 *
 * @param seeds  tried in this order, after the plant's own.
 */
export async function hunt(
  plant: Pick<Plant, 'edits' | 'faults' | 'seed' | 'caughtBy'>,
  seeds: readonly number[],
): Promise<Catch> {
  const sources = writePlanted(plant.edits);
  try {
    let report = '';
    for (const seed of new Set(plant.seed === undefined ? seeds : [plant.seed, ...seeds])) {
      const run = await simulate(sources.path, seed, plant);
      report = run.report;
      if (run.violations.length > 0) return { seed, ...run };
      if (run.code !== 0) throw new Error(`the simulator failed with ${run.code}: ${report}`);
    }
    return { seed: null, violations: [], report };
  } finally {
    sources.remove();
  }
}

type Hunted = Pick<Plant, 'faults' | 'caughtBy'>;

async function simulate(planted: string, seed: number, { faults, caughtBy }: Hunted) {
  const until = caughtBy.length > 0 ? ['--stop-at', caughtBy.join()] : [];
  const wanted = ['--seed', String(seed), '--faults', faults ?? 'swarm', ...until, '--json'];
  const args = ['--import', LOAD_PLANTED, MAIN, ...wanted];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, PLANTED: planted },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const report = await text(child.stderr);
  const code = await closed;
  return { code, report, violations: namesIn(report) };
}

/** Names of violations in a report, by how often they occur. */
function namesIn(report: string): string[] {
  const counts = new Map<string, number>();
  for (const [, name] of report.matchAll(/^ {2}([a-z-]+\.[a-z-]+) at /gm)) {
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}
