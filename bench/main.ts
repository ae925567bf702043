/** `npm run bench -- NAME`: runs a benchmark; each result is one JSON line on stdout. */
import { benchCli } from './cli/cli.ts';
import { benchContracts } from './contracts/contracts.ts';
import { benchEndToEnd } from './e2e/e2e.ts';
import { benchGap } from './gap/gap.ts';
import { benchIndex } from './index/lots-bench.ts';
import { benchJoint } from './joint/joint.ts';
import { benchPanorama } from './panorama/panorama.ts';
import { type Bench, printResult } from './result.ts';
import { benchRounds } from './rounds/rounds.ts';
import { benchRun } from './run/run.ts';
import { benchSsfctp } from './ssfctp/ssfctp.ts';
import { benchStore } from './store/store.ts';
import { benchStream } from './stream/stream.ts';

const BENCHES: Record<string, Bench> = {
  cli: benchCli,
  contracts: benchContracts,
  e2e: benchEndToEnd,
  gap: benchGap,
  index: benchIndex,
  joint: benchJoint,
  panorama: benchPanorama,
  rounds: benchRounds,
  run: benchRun,
  ssfctp: benchSsfctp,
  store: benchStore,
  stream: benchStream,
};

/** The others take none. */
const WITH_FLAGS: readonly Bench[] = [benchContracts, benchGap, benchJoint, benchPanorama];

const [name = '', ...rest] = process.argv.slice(2);
const bench = BENCHES[name];
if (!bench || (rest.length > 0 && !WITH_FLAGS.includes(bench))) {
  const names = Object.keys(BENCHES).join(' | ');
  process.stderr.write(`usage: npm run bench -- ${names}\n`);
  process.exit(2);
}
await bench(printResult, rest);
