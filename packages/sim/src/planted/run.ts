/** `node packages/sim/src/planted/run.ts --list | NAME | --all`: shows that planted faults are caught. */
import { hunt } from './hunt.ts';
import type { Plant } from './plant.ts';
import { PLANTS } from './plants.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

async function main(words: readonly string[]): Promise<number> {
  const [word] = words;
  if (words.length !== 1 || word === undefined) {
    process.stderr.write('usage: node packages/sim/src/planted/run.ts --list | NAME | --all\n');
    return 2;
  }
  if (word === '--list') {
    for (const { name, what } of PLANTS) process.stdout.write(`${name}: ${what}\n`);
    return 0;
  }
  const chosen = word === '--all' ? PLANTS : PLANTS.filter(({ name }) => name === word);
  if (chosen.length === 0) {
    process.stderr.write(`no planted fault ${word}; --list names them\n`);
    return 2;
  }
  let missed = 0;
  for (const plant of chosen) if (!(await show(plant))) missed += 1;
  return missed === 0 ? 0 : 1;
}

async function show(plant: Plant): Promise<boolean> {
  const { seed, violations } = await hunt(plant, SEEDS);
  const isCaught = violations.some((name) => plant.caughtBy.includes(name));
  const where = seed === null ? `in no seed of ${SEEDS.join(', ')}` : `by seed ${seed}`;
  const verdict = isCaught ? 'caught' : 'NOT CAUGHT';
  process.stdout.write(`${plant.name}: ${verdict} ${where}: ${violations.join(', ')}\n`);
  return isCaught;
}

process.exitCode = await main(process.argv.slice(2));
