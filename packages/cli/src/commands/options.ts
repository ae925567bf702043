/** Options that many commands share. */
import { Command, Option } from 'commander';
import { DEFAULT_DIRECTORY, DIRECTORY_VARIABLE } from '../contexts.ts';
import type { DevnetStore } from '../devnet/database.ts';
import type { RuntimeName } from '../devnet/runtime-choice.ts';
import type { Format } from '../output/print.ts';

export interface HubOptions {
  dir?: string;
  context?: string;
  output: Format;
}

export function directoryOption(): Option {
  const text = `state directory of a devnet (default: $${DIRECTORY_VARIABLE} or ./${DEFAULT_DIRECTORY})`;
  return new Option('--dir <path>', text);
}

export function transportOption(): Option {
  return new Option('--transport <kind>', 'sockets of this machine, or NATS with certificates')
    .choices(['sockets', 'nats'])
    .default('sockets');
}

export function storeOption(): Option {
  const text =
    'where hubs keep their records: files, or a private PostgreSQL (as it was last, else sqlite)';
  return new Option('--store <kind>', text).choices(['sqlite', 'postgres']);
}

export function runtimeOption(): Option {
  return new Option(
    '--runtime <kind>',
    'how lessors run containers; auto: docker if it can be used',
  )
    .choices(['auto', 'docker', 'process'])
    .default('auto');
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print')
    .choices(['table', 'json', 'yaml', 'name'])
    .default('table');
}

/** A command that asks a hub. */
export function asking(command: Command, examples: string): Command {
  return command
    .option('--context <name>', 'which hub, as whom; see sparegrid context ls')
    .addOption(directoryOption())
    .addOption(outputOption())
    .addHelpText('after', `\nExamples:\n${examples}`);
}

export interface FileOptions extends HubOptions {
  file: string;
  wait?: true;
  detach?: true;
}

export interface ReleaseOptions extends HubOptions {
  follow?: true;
}

export interface LogsOptions extends HubOptions {
  follow?: true;
  stream?: LogStream;
  grep?: string;
  since?: string;
  timestamps?: true;
}

export interface GetOptions extends HubOptions {
  to?: string;
  tar?: true;
}

const LOG_STREAMS = ['stdout', 'stderr', 'life', 'usage'] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

/** `what` comes before the examples. */
export function logsCommand(what: string, examples: string): Command {
  const logs = new Command('logs')
    .argument(`<${what}>`, 'id, or its beginning')
    .description(`output of the containers of ${what === 'order' ? 'an' : 'a'} ${what}`)
    .option('-f, --follow', 'as it comes, until the order ended')
    .addOption(
      new Option(
        '--stream <name>',
        'one stream of the output; life: what happened to containers; usage: what they used',
      ).choices(LOG_STREAMS),
    )
    .option('--grep <pattern>', 'lines with a match of this regular expression only')
    .option('--since <time>', 'lines that came since: 10m, or 2026-01-31T08:00:00Z')
    .option('-t, --timestamps', 'each line with the time at which it reached your hub');
  return asking(logs, examples);
}

export interface RunOptions extends HubOptions {
  cpu: string;
  memory: string;
  storage?: string;
  gpu?: string;
  replicas: string;
  env: string[];
  maxPrice?: string;
  budget?: string;
  duration: string;
  service?: true;
  egress?: true;
  restarts?: string;
  partial?: true;
  detach?: true;
}

export interface UpOptions {
  dir?: string;
  demo?: true;
  fresh?: true;
  detach?: true;
  transport: 'sockets' | 'nats';
  store?: DevnetStore;
  runtime: RuntimeName;
}
