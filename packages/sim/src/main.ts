/** `npm run sim`: runs seeds, prints one JSON line each, exits 1 when a promise was broken. */
import { execFileSync } from 'node:child_process';
import { type Args, parseArgs, USAGE } from './args.ts';
import { type Outcome, type Result, runSeed } from './run-seed.ts';
import { describeRun, describeViolation, sumUp } from './summary.ts';

const DETAILS_MAX = 20;

function main(): number {
  const words = process.argv.slice(2);
  if (words.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const parsed = parseArgs(words);
  if (!parsed.ok) {
    process.stderr.write(`sim: ${parsed.problem}\n${USAGE}\n`);
    return 2;
  }
  const { args } = parsed;
  const [first, last] = args.seeds;
  const outcomes: Outcome[] = [];
  for (let seed = first; seed <= last; seed += 1) outcomes.push(runOne(args, seed));
  if (args.many) process.stdout.write(`${JSON.stringify(sumUp(outcomes))}\n`);
  return outcomes.every(({ violations, converged }) => violations === 0 && converged) ? 0 : 1;
}

function runOne(args: Args, seed: number): Outcome {
  const listener = args.trace ? (line: string) => process.stderr.write(line) : null;
  const { size, faults, stopAt } = args;
  const result = runSeed({ seed, size, faults, stopAt }, listener);
  if (!args.json) process.stdout.write(describeRun(result, size, faults));
  report(args, seed, result);
  process.stdout.write(`${JSON.stringify(result.outcome)}\n`);
  return result.outcome;
}

/** Broken promises go to standard error with all that is needed to see them again. */
function report({ size, faults }: Args, seed: number, { outcome, violations }: Result): void {
  if (outcome.violations === 0 && outcome.converged) return;
  const { hubs, participants, orders } = size;
  const shape = `--hubs ${hubs} --participants ${participants} --orders ${orders} --faults ${faults}`;
  process.stderr.write(
    `seed ${seed}: ${outcome.violations} violations${outcome.converged ? '' : ', not converged'}; ` +
      `commit ${commitId()}; again: npm run sim -- --seed ${seed} ${shape}\n`,
  );
  for (const violation of violations.slice(0, DETAILS_MAX)) {
    process.stderr.write(`  ${describeViolation(violation)}\n`);
  }
}

function commitId(): string {
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' } as const;
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], options).trim();
    const changed = execFileSync('git', ['status', '--porcelain'], options).trim() !== '';
    return `${commit}${changed ? ' (with changes)' : ''}`;
  } catch {
    return 'unknown';
  }
}

process.exitCode = main();
