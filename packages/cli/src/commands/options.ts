/** Options that many commands share. */
import { type Command, Option } from 'commander';
import { DEFAULT_DIRECTORY, DIRECTORY_VARIABLE } from '../context.ts';
import type { Format } from '../output/print.ts';

export interface HubOptions {
  dir?: string;
  output: Format;
}

export function directoryOption(): Option {
  const text = `state directory of the devnet (default: $${DIRECTORY_VARIABLE} or ./${DEFAULT_DIRECTORY})`;
  return new Option('--dir <path>', text);
}

export function transportOption(): Option {
  return new Option('--transport <kind>', 'sockets of this machine, or NATS with certificates')
    .choices(['sockets', 'nats'])
    .default('sockets');
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print')
    .choices(['table', 'json'])
    .default('table');
}

/** A command that asks a hub. */
export function asking(command: Command, examples: string): Command {
  return command
    .addOption(directoryOption())
    .addOption(outputOption())
    .addHelpText('after', `\nExamples:\n${examples}`);
}
