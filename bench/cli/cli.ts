/** How long commands take that people type on a running devnet, against a Node that does nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inTurns } from '../in-turns.ts';
import type { Bench } from '../result.ts';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/sparegrid.mjs', import.meta.url));
const RUNS = 15;

/** Name of the case, and what is typed after `sparegrid`. */
const TYPED: readonly [name: string, words: readonly string[]][] = [
  ['--help', ['--help']],
  ['order submit --help', ['order', 'submit', '--help']],
  ['order ls', ['order', 'ls']],
  ['lease ls', ['lease', 'ls']],
  ['result ls', ['result', 'ls']],
  ['offer ls', ['offer', 'ls']],
  ['hub status', ['hub', 'status']],
  ['devnet status', ['devnet', 'status']],
];

type Command = readonly [string, ...string[]];

export const benchCli: Bench = async (report) => {
  const directory = mkdtempSync('/tmp/sg-bench-cli-');
  const contexts = join(directory, 'contexts.json');
  const env = { ...process.env, SPAREGRID_DIR: directory, SPAREGRID_CONFIG: contexts };
  const sparegrid = (...words: readonly string[]): Command => [process.execPath, BIN, ...words];
  const nothing: Command = [process.execPath, '-e', '0'];
  try {
    await timeOf(sparegrid('devnet', 'up', '-d', '--runtime', 'process'), env);
    // So that lists have something in them.
    await timeOf(
      sparegrid('run', 'sparegrid/demo', '--', 'sh', '-c', 'echo 1 > $SPAREGRID_OUT/a'),
      env,
    );
    const ways: [string, Command][] = TYPED.map(([name, words]) => [name, sparegrid(...words)]);
    ways.push(['npx order ls', ['npx', 'sparegrid', 'order', 'ls']]);
    for (const [name, command] of ways) {
      const figures = await inTurns(
        RUNS,
        () => timeOf(nothing, env),
        () => timeOf(command, env),
      );
      for (const { share, value, other } of figures) {
        report({
          bench: 'cli',
          case: name,
          metric: `time_p${share * 100}`,
          value,
          unit: 'ms',
          baseline: `${other.toFixed(0)} ms: node -e 0`,
          ratio: value / other,
        });
      }
    }
  } finally {
    await timeOf(sparegrid('devnet', 'down'), env);
    rmSync(directory, { recursive: true, force: true });
  }
};

/** From start to end, in milliseconds. @throws unless it ends well */
async function timeOf([program, ...args]: Command, env: NodeJS.ProcessEnv): Promise<number> {
  const startMs = performance.now();
  const child = spawn(program, args, { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${code}`);
  return performance.now() - startMs;
}
