/** From `sparegrid run` to the first byte of output, against starting the same program here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench, quantile } from '../result.ts';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/sparegrid.mjs', import.meta.url));
const RUNS = 10;
const PROGRAM = ['-e', 'console.log("here")'];

/** Lessors of a devnet run plain processes, so the fair baseline is a plain process. */
export const benchRun: Bench = async (report) => {
  const directory = mkdtempSync('/tmp/sg-bench-run-');
  try {
    await end([BIN, 'devnet', 'up', '-d', '--runtime', 'process', '--dir', directory]);
    const samples: number[] = [];
    const baseline: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      baseline.push(await firstByteMs(PROGRAM));
      const args = [BIN, 'run', '--dir', directory, 'process:node', '--', ...PROGRAM];
      samples.push(await firstByteMs(args));
    }
    for (const [metric, share] of [
      ['run_to_output_p50', 0.5],
      ['run_to_output_p90', 0.9],
    ] as const) {
      const value = quantile(samples, share);
      const alone = quantile(baseline, share);
      const told = `${alone.toFixed(0)} ms: the program started here`;
      report({
        bench: 'run',
        case: 'process:node',
        metric,
        value,
        unit: 'ms',
        baseline: told,
        ratio: value / alone,
      });
    }
  } finally {
    await end([BIN, 'devnet', 'down', '--dir', directory]);
    rmSync(directory, { recursive: true, force: true });
  }
};

async function firstByteMs(args: string[]): Promise<number> {
  const startMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  const ms = performance.now() - startMs;
  child.stdout.resume();
  await closed;
  return ms;
}

async function end(args: string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${join(...args)} ended with ${code}`);
}
