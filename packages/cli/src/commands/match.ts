/** `sparegrid match`: solves matching problems of files, each with a proof of how near the best. */
import { JointSolver } from '@sparegrid/solver/joint-solver';
import { Command, Option } from 'commander';
import { EXIT_CODES } from '../exit-codes.ts';
import { CliFault } from '../fault.ts';
import { type FileAnswer, gapOf, type MarketFiles, type SolveLimits } from '../match/answer.ts';
import { FORMATS, type Format, JOINT_FORMATS, READERS } from '../match/formats.ts';
import { generateCommand } from '../match/generate-command.ts';
import { secondsFrom, wholeFrom } from '../match/limits.ts';
import { openOut } from '../match/out-file.ts';
import { print } from '../output/print.ts';

const EXAMPLES = `
Examples:
  sparegrid match --format ssfctp g1_n1000_0 g1_n1000_1 --json
  sparegrid match --format gap --seconds 5 d801600.txt --certificate prices.jsonl --json
  sparegrid match generate practical --orders 500 --lessors 2000 --seed 1 --out market.json
  sparegrid match --format practical --iterations 100000 --seed 1 market.json

The formats are in docs/match-formats.md. Exit codes: 0 every file has an answer, 3 a file is
proven to have none, 1 neither was found for a file, 2 a file is malformed; the files before it
have been answered then.`;

interface MatchOptions extends MarketFiles {
  format?: Format;
  seconds?: number;
  iterations?: number;
  seed: number;
  objective: SolveLimits['objective'];
  certificate?: string;
  json?: true;
}

export function matchCommand(): Command {
  return (
    new Command('match')
      .description('solve matching problems of files; see docs/match-formats.md')
      .argument('<file...>', 'one problem each; all are solved in this process, one by one')
      .addOption(new Option('--format <format>', 'of the files; required').choices(FORMATS))
      .addOption(
        new Option('--seconds <seconds>', 'for each file, at most')
          .argParser(secondsFrom)
          .conflicts('iterations'),
      )
      .option(
        '--iterations <count>',
        'of the search: the same answer every time',
        wholeFrom(0, 1e12),
      )
      .option('--seed <number>', 'of the search and of drawn prices', wholeFrom(0, 2 ** 32 - 1), 1)
      .addOption(
        new Option('--objective <objective>', 'what comes first')
          .choices(['welfare', 'fill-first'])
          .default('welfare'),
      )
      .option('--certificate <file>', 'writes the prices that prove the bounds, a line per file')
      .option('--offers <file>', 'orders: what `offer ls -o json` printed, instead of the devnet')
      .option('--dir <path>', 'orders: state directory of the devnet')
      .option('--nodes <file>', 'openb: csv of machines (default: nodes.csv beside the orders)')
      .option('--prices <file>', 'openb: csv of GPU prices')
      .option('--json', 'print one JSON line per file with the whole assignment')
      // Options behind `generate` are its own.
      .enablePositionalOptions()
      .addCommand(generateCommand())
      .addHelpText('after', EXAMPLES)
      .action(match)
  );
}

async function match(files: string[], options: MatchOptions): Promise<void> {
  const { format, seed, objective, seconds = null, iterations = null } = options;
  if (format === undefined) {
    throw new CliFault('CLI_USAGE', `Say what the files are: --format ${FORMATS.join('|')}.`);
  }
  const limits: SolveLimits = { seed, objective, seconds, iterations };
  const certificate = options.certificate === undefined ? null : openOut(options.certificate);
  const solver = new JointSolver();
  // Its threads start while the first file is read.
  if (JOINT_FORMATS.includes(format) && seconds !== null) solver.prepare();
  try {
    for (const file of files) {
      const solve = await READERS[format](file, options);
      const startedAt = performance.now();
      const { certificate: proof, ...solved } = await solve(limits, solver);
      const ms = Number((performance.now() - startedAt).toFixed(3));
      const answer = answerOf(file, solved, ms);
      certificate?.write(`${JSON.stringify({ file, format, ...proof() })}\n`);
      print(options.json ? JSON.stringify(answer) : answerText(answer));
      if (answer.status === 'infeasible') process.exitCode = EXIT_CODES.infeasible;
      if (answer.status === 'unknown') process.exitCode ??= EXIT_CODES.failed;
    }
  } finally {
    certificate?.close();
    await solver.close();
  }
}

/** The fields in the order in which they are read. */
function answerOf(
  file: string,
  {
    status,
    cost,
    lowerBound,
    boundBy,
    filled,
    unfilled,
    assignment,
  }: Omit<FileAnswer, 'file' | 'ms' | 'gap'>,
  ms: number,
): FileAnswer {
  const gap = gapOf(cost, lowerBound);
  const proof = boundBy === undefined ? {} : { boundBy };
  return { file, status, cost, lowerBound, gap, ...proof, filled, unfilled, ms, assignment };
}

function answerText({ file, status, cost, gap, filled, unfilled, ms }: FileAnswer): string {
  const orders = filled + unfilled.length;
  const price = cost === null ? '' : `, cost ${cost}`;
  const distance = gap === null ? '' : `, at most ${(100 * gap).toFixed(3)} % above the best`;
  return `${file}: ${status}, ${filled} of ${orders} orders filled${price}${distance}, ${ms} ms`;
}
