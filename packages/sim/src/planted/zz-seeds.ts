import { hunt, SEEDS_IN_TESTS } from './hunt.ts';
import { PLANTS_OF_HUB_KEYS } from './plants-of-hub-keys.ts';
import { PLANTS_OF_KEYS } from './plants-of-keys.ts';
import { PLANTS_OF_LIARS } from './plants-of-liars.ts';
import { PLANTS_OF_RESTORES } from './plants-of-restores.ts';
import { PLANTS_OF_RETENTION } from './plants-of-retention.ts';
import { PLANTS_OF_ROUNDS } from './plants-of-rounds.ts';
import { PLANTS_OF_THE_ISSUE } from './plants-of-the-issue.ts';

const lists = {
  liars: [PLANTS_OF_LIARS, [5, 11, 1, 4, 8]],
  retention: [PLANTS_OF_RETENTION, [4, 8, 5, 11, 1]],
  rounds: [PLANTS_OF_ROUNDS, SEEDS_IN_TESTS],
  keys: [PLANTS_OF_KEYS, SEEDS_IN_TESTS],
  hubKeys: [PLANTS_OF_HUB_KEYS, SEEDS_IN_TESTS],
  restores: [PLANTS_OF_RESTORES, [1, 3]],
  issue: [PLANTS_OF_THE_ISSUE, SEEDS_IN_TESTS],
} as const;
for (const [name, [plants, seeds]] of Object.entries(lists))
  for (const plant of plants) {
    const at = performance.now();
    const { seed, violations } = await hunt(plant, seeds);
    console.log(
      name,
      plant.name,
      'seed',
      seed,
      ((performance.now() - at) / 1000).toFixed(1),
      violations.filter((v) => plant.caughtBy.includes(v)).join(),
    );
  }
