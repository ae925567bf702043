/** Runs every check of the repository in order and stops at the first that fails. */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { ensureServices } from './services.mjs';

const ROOT = join(import.meta.dirname, '..');

/** @type {readonly (readonly [string, string, ...string[]])[]} */
const STEPS = [
  ['lint and format', 'biome', 'check', '.'],
  ['import directions', 'node', 'scripts/check-imports.ts'],
  ['types of core, without clock, timers and Node', 'tsc', '-p', 'packages/core', '--noEmit'],
  ['types of everything', 'tsc'],
  ['unit, property and end-to-end tests', 'vitest', 'run', '--project', '!pack'],
  ['packed packages', 'vitest', 'run', '--project', 'pack'],
];

ensureServices();
const path = `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`;
for (const [title, command, ...args] of STEPS) {
  console.log(`\n== ${title}`);
  const startedMs = performance.now();
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, PATH: path },
    stdio: 'inherit',
  });
  if (error || status !== 0) {
    console.error(`\nFAILED: ${title} (${error ? error.message : `exit code ${status}`})`);
    process.exit(1);
  }
  console.log(`ok in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
console.log('\nall checks passed');
