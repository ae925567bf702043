/** `sparegrid replay`: real machines and real orders of public traces through the real hub path. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_ROUNDS } from '@sparegrid/core/rounds/settings';
import { formatCredits } from '@sparegrid/core/units/money';
import { compare } from '@sparegrid/sim/replay/compare';
import { Pricing } from '@sparegrid/sim/replay/pricing';
import { type Replay, type ReplaySummary, runReplay } from '@sparegrid/sim/replay/run-replay';
import type { ReplayInput } from '@sparegrid/sim/replay/scenario';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliFault } from '../fault.ts';
import { comparisonText } from '../output/comparison-text.ts';
import { print, printJson, say } from '../output/print.ts';
import { FORMATS, type Format, readReplayInput } from '../replay/replay-input.ts';

const HUBS = 8;
const IN_FLIGHT = 24;
/** So many wait at the hubs that rounds are worth while. */
const IN_FLIGHT_JOINT = 512;
const PROGRESS_EVERY = 500;

interface ReplayOptions {
  format: Format;
  nodes: string;
  orders: string;
  prices: string;
  hubs?: number;
  seed: number;
  out?: string;
  store: 'sqlite' | 'memory';
  limit?: number;
  inFlight?: number;
  json?: true;
  joint?: true;
  compare?: true;
  solveMs: number;
  roundOrders: number;
}

export function replayCommand(): Command {
  const command = new Command('replay')
    .description('play public traces of machines and orders through hubs; see docs/replay.md')
    .addOption(
      new Option('--format <format>', 'of the orders').choices(FORMATS).makeOptionMandatory(),
    )
    .requiredOption('--nodes <file>', 'csv of machines, as in the openb trace')
    .requiredOption('--orders <file>', 'csv of orders')
    .requiredOption('--prices <file>', 'csv of GPU prices')
    .option('--hubs <count>', 'number of hubs (default: 8, with --compare 1)', between(1, 64))
    .option('--seed <number>', 'of asks and limits', between(0, 2 ** 32), 1)
    .option('--out <file>', 'writes one JSON line per filled replica')
    .addOption(
      new Option('--store <kind>', 'of the hubs').choices(['sqlite', 'memory']).default('sqlite'),
    )
    .option('--limit <count>', 'only the first so many orders', between(1, 2 ** 32))
    .option(
      '--in-flight <count>',
      `orders under way at once (default: ${IN_FLIGHT}, jointly ${IN_FLIGHT_JOINT})`,
      between(1, 100_000),
    )
    .option('--joint', 'orders that wait together are solved jointly in rounds')
    .option('--compare', 'one by one and with joint rounds, side by side')
    .option('--solve-ms <count>', 'solver time of one round', between(1, 3_600_000), 500)
    .option('--round-orders <count>', 'orders of one round at most', between(2, 10_000), 512)
    .option('--json', 'print one JSON document');
  const example =
    '  sparegrid replay --format openb --nodes nodes.csv --orders pods.csv \\\n' +
    '    --prices cloud-gpus.csv --hubs 8 --seed 1 --out filled.jsonl --json';
  return command.addHelpText('after', `\nExample:\n${example}`).action(replay);
}

function between(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

async function replay(options: ReplayOptions): Promise<void> {
  if (options.compare && (options.joint || options.out !== undefined)) {
    throw new CliFault(
      'CLI_USAGE',
      '--compare runs both ways by itself: without --joint and --out.',
    );
  }
  const input = readReplayInput({ ...options, limit: options.limit ?? null });
  // A file that cannot be written is told before the work, not after it.
  if (options.out !== undefined) writeOut(options.out, '');
  const pricing = new Pricing(options.seed, input.prices, input.nodes);
  sayScenario(options, pricing, input.nodes.length, input.orders.length);
  const directory = mkdtempSync(join(tmpdir(), 'sparegrid-replay-'));
  try {
    const run = (way: 'alone' | 'joint') => runOne(options, { input, pricing, directory, way });
    if (options.compare) return await showComparison(options, { input, pricing }, run);
    const result = await run(options.joint ? 'joint' : 'alone');
    const lines = result.decisions.map((decision) => `${JSON.stringify(decision)}\n`);
    if (options.out !== undefined) writeOut(options.out, lines.join(''));
    const { summary, rounds } = result;
    if (options.json) printJson(rounds ? { ...summary, rounds } : summary);
    else print(summaryText(summary));
    checkPromises(result);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Which hub wins a race is luck, and more of it than rounds gain: one hub has none. */
function hubsOf({ hubs, compare: isCompared }: Pick<ReplayOptions, 'hubs' | 'compare'>): number {
  return hubs ?? (isCompared ? 1 : HUBS);
}

function inFlightOf({ joint, compare: both }: Pick<ReplayOptions, 'joint' | 'compare'>): number {
  return joint || both ? IN_FLIGHT_JOINT : IN_FLIGHT;
}

interface OneRun {
  input: ReplayInput;
  pricing: Pricing;
  directory: string;
  way: 'alone' | 'joint';
}

async function runOne(
  { seed, store, inFlight, solveMs, roundOrders, ...options }: ReplayOptions,
  { input, pricing, directory, way }: OneRun,
): Promise<Replay> {
  const own = join(directory, way);
  mkdirSync(own);
  const onProgress = (arrived: number) => {
    if (arrived % PROGRESS_EVERY === 0) say(`${arrived} of ${input.orders.length} orders arrived`);
  };
  const rounds = way === 'alone' ? null : { ...DEFAULT_ROUNDS, solveMs, ordersMost: roundOrders };
  const hubs = hubsOf(options);
  const settings = { input, pricing, seed, hubs, store, rounds, directory: own, onProgress };
  return runReplay({ ...settings, inFlight: inFlight ?? inFlightOf(options) });
}

/** Both ways with as many orders under way. */
async function showComparison(
  options: ReplayOptions,
  scenario: Pick<OneRun, 'input' | 'pricing'>,
  run: (way: OneRun['way']) => Promise<Replay>,
): Promise<void> {
  say('one by one:');
  const alone = await run('alone');
  checkPromises(alone);
  say('with joint rounds:');
  const joint = await run('joint');
  const comparison = compare(scenario, alone, joint);
  if (options.json) printJson(comparison);
  else print(comparisonText(comparison));
  checkPromises(joint);
}

function writeOut(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new CliFault(
      'CLI_FILE_UNREADABLE',
      `${file}: ${(cause as Error).message}`,
      'input',
      cause,
    );
  }
}

/** Nothing of what is assumed stays silent. */
function sayScenario(
  options: ReplayOptions,
  pricing: Pricing,
  nodes: number,
  orders: number,
): void {
  const { seed, store, format } = options;
  const hubs = hubsOf(options);
  const inFlight = options.inFlight ?? inFlightOf(options);
  say(`${nodes} nodes at ${hubs} hubs, ${orders} orders (${format}), seed ${seed}, store ${store}`);
  say(`at most ${inFlight} orders under way at once; every lease is agreed for 24 hours`);
  for (const { model, priceType, memoryGib, score } of pricing.types) {
    const source = priceType ?? 'NOT IN THE PRICE LIST: all its prices together';
    say(`GPU ${model}: priced as ${source}, ${memoryGib} GiB, score ${score}`);
  }
}

function summaryText(summary: ReplaySummary): string {
  const { orders, filled, unfilled, replicas, costMicro, overcommitted, seconds } = summary;
  const codes = Object.entries(unfilled).map(([code, count]) => `  ${code} ${count}`);
  return [
    `${filled} of ${orders} orders filled (${replicas} replicas) in ${seconds} s`,
    `cost ${formatCredits(costMicro)} credits, ${overcommitted} overcommitted`,
    ...(codes.length > 0 ? ['unfilled by last reason:', ...codes] : []),
  ].join('\n');
}

/** @throws CliFault CLI_REPLAY_FAILED */
function checkPromises({ recount: { overcommitted, wrong, roomLeft } }: Replay): void {
  const [first] = [
    overcommitted.length > 0 && `oversold: ${overcommitted.slice(0, 5).join(', ')}`,
    wrong.length > 0 && `not as ordered: ${wrong.slice(0, 5).join(', ')}`,
    roomLeft.length > 0 && `room was left for ${roomLeft.slice(0, 5).join(', ')}`,
  ].filter((text) => text !== false);
  if (first) throw new CliFault('CLI_REPLAY_FAILED', first, 'failed');
}
