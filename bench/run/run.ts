/** From `sparegrid run` to the first byte of output, against `docker run` of the same image. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestEngine, whyNot } from '../../packages/agent/src/runtime/engine/for-tests.ts';
import { inTurns } from '../in-turns.ts';
import type { Bench } from '../result.ts';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/sparegrid.mjs', import.meta.url));
const RUNS = 20;
const IMAGE = 'sparegrid/demo';
const PROGRAM = ['sh', '-c', 'echo here'];
/** As `sparegrid run` orders them by default. */
const CONFINED =
  '--network none --cpus 0.5 --memory 256m --memory-swap 256m --pids-limit 256 --read-only --cap-drop ALL --security-opt no-new-privileges'.split(
    ' ',
  );

interface Contest {
  name: string;
  runtime: 'docker' | 'process';
  env: NodeJS.ProcessEnv;
  /** What the program takes without Sparegrid. */
  alone: readonly [string, ...string[]];
}

/**
 * The daemon is private, started and removed here; both ways take turns on it. Where there is none,
 * lessors run plain processes, and so does the other side.
 */
export const benchRun: Bench = async (report) => {
  const missing = whyNot('docker') ?? (hasDockerCommand() ? null : 'no docker command');
  if (missing === null) {
    const engine = await TestEngine.start('docker');
    try {
      const env = { ...process.env, DOCKER_HOST: `unix://${engine.socket}` };
      const alone = ['docker', 'run', '--rm', ...CONFINED, IMAGE, ...PROGRAM] as const;
      await compete(report, { name: 'docker run', runtime: 'docker', env, alone });
    } finally {
      await engine.close();
    }
  } else {
    console.error(`no Docker here (${missing}): plain processes instead`);
    const alone = ['sh', ...PROGRAM.slice(1)] as const;
    await compete(report, { name: 'process', runtime: 'process', env: process.env, alone });
  }
};

async function compete(report: Parameters<Bench>[0], contest: Contest): Promise<void> {
  const directory = mkdtempSync('/tmp/sg-bench-run-');
  const { name, runtime, env, alone } = contest;
  const sparegrid = (...args: string[]) => [process.execPath, BIN, ...args] as const;
  const at = ['--dir', directory];
  try {
    await end(sparegrid('devnet', 'up', '-d', '--runtime', runtime, ...at), env);
    const ours = sparegrid('run', ...at, IMAGE, '--', ...PROGRAM);
    const figures = await inTurns(
      RUNS,
      () => firstByteMs(alone, env),
      () => firstByteMs(ours, env),
    );
    for (const { share, value, other } of figures) {
      report({
        bench: 'run',
        case: name,
        metric: `run_to_output_p${share * 100}`,
        value,
        unit: 'ms',
        baseline: `${other.toFixed(0)} ms: ${name}; ${(value - other).toFixed(0)} ms more`,
        ratio: value / other,
      });
    }
  } finally {
    await end(sparegrid('devnet', 'down', ...at), env);
    rmSync(directory, { recursive: true, force: true });
  }
}

function hasDockerCommand(): boolean {
  try {
    execFileSync('docker', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function firstByteMs(
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const startMs = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  const ms = performance.now() - startMs;
  child.stdout.resume();
  await closed;
  return ms;
}

async function end(
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${join(program, ...args)} ended with ${code}`);
}
