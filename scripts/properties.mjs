/**
 * Tries every property with fresh cases: `npm run properties [-- ROUNDS]`. `npm test` always tries
 * the same ones, so that a commit passes or fails for what it changed.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const rounds = Number(process.argv[2] ?? 5);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  console.error('properties: how many rounds? A whole number, such as `npm run properties -- 20`');
  process.exit(2);
}
for (let round = 1; round <= rounds; round++) {
  const seed = randomInt(1, 2 ** 31);
  console.log(`\n== round ${round} of ${rounds}: SPAREGRID_PROPERTY_SEED=${seed}`);
  const { status } = spawnSync(
    join(ROOT, 'node_modules/.bin/vitest'),
    ['run', '--project', 'source', '--testTimeout', '120000', '.prop.test.ts'],
    { cwd: ROOT, env: { ...process.env, SPAREGRID_PROPERTY_SEED: String(seed) }, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(1);
}
