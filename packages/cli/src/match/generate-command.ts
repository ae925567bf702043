/** `sparegrid match generate`: writes a drawn market in the literal or the practical form. */
import { once } from 'node:events';
import { generateLiteral, generatePractical } from '@sparegrid/core/joint/generate';
import { Argument, Command } from 'commander';
import type { JointFormat } from './joint-file.ts';
import { wholeFrom } from './limits.ts';
import { openOut } from './out-file.ts';
import { jointText } from './write-joint.ts';

const ORDERS_MAX = 200_000;
const LESSORS_MAX = 2_000_000;

const GENERATORS = { literal: generateLiteral, practical: generatePractical } as const;

interface GenerateOptions {
  orders: number;
  lessors: number;
  seed: number;
  out?: string;
}

export function generateCommand(): Command {
  const example =
    '  sparegrid match generate literal --orders 500 --lessors 2000 --seed 1 --out market.json';
  return new Command('generate')
    .description('draw a market of a form: the same for the same numbers, on every machine')
    .addArgument(new Argument('<form>', 'of the file').choices(['literal', 'practical']))
    .requiredOption('--orders <count>', 'P', wholeFrom(1, ORDERS_MAX))
    .requiredOption('--lessors <count>', 'Q', wholeFrom(1, LESSORS_MAX))
    .option('--seed <number>', 'of everything drawn', wholeFrom(0, 2 ** 32 - 1), 1)
    .option('--out <file>', 'instead of stdout')
    .addHelpText('after', `\nExample:\n${example}`)
    .action(generate);
}

async function generate(form: JointFormat, options: GenerateOptions): Promise<void> {
  const out = options.out === undefined ? null : openOut(options.out);
  for (const text of jointText(GENERATORS[form](options))) {
    if (out) out.write(text);
    else if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  }
  out?.close();
}
