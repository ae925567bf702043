/** The frame of every daemon process: command line, ready line, signals, exit codes. */
import { parseArgs } from 'node:util';
import { ConfigFault } from './config-fault.ts';
import { EXIT_CONFIG, EXIT_FAULT, EXIT_OK } from './exit-codes.ts';
import type { LogFields } from './logger.ts';

/** A started daemon. */
export interface Daemon {
  /** Printed as one line `{"ready":true,...}` on stdout. */
  ready: LogFields;
  /** Takes no more input, finishes what is under way, lets go of everything. */
  stop(): Promise<void>;
}

/** Called at most once: the daemon cannot go on. */
export type Fail = (error: unknown) => void;

/** A stop that takes longer is cut off; what was acknowledged is durable anyway. */
const STOP_MS_MAX = 10_000;

/**
 * Runs a daemon until it is told to end: by SIGTERM, SIGINT, or the end of the parent that started it
 * with an IPC channel; `signal` says so to a start that may wait. Prints faults on stderr as
 * `CODE: meaning hint`.
 */
export async function runDaemon(
  start: (configPath: string, fail: Fail, signal: AbortSignal) => Promise<Daemon>,
): Promise<void> {
  process.on('uncaughtException', fail);
  // Whoever read our words may be gone before we are.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const controller = new AbortController();
  const { signal } = controller;
  const told = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) {
    process.on(event, () => controller.abort());
  }
  try {
    const starting = start(configPathOf(process.argv.slice(2)), fail, signal);
    void told.then(() => setTimeout(() => process.exit(EXIT_OK), STOP_MS_MAX));
    const daemon = await starting;
    process.stdout.write(`${JSON.stringify({ ready: true, ...daemon.ready })}\n`);
    await told;
    await daemon.stop();
    process.exit(EXIT_OK);
  } catch (error) {
    if (signal.aborted && (error as Error).name === 'AbortError') process.exit(EXIT_OK);
    fail(error);
  }
}

function fail(error: unknown): void {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(error instanceof ConfigFault ? EXIT_CONFIG : EXIT_FAULT);
}

/**
 * Faults speak for themselves, and say what they come from in words; of anything else the stack is
 * needed.
 *
 * @param isCause  of a fault.
 */
function describe(error: unknown, isCause = false): string {
  if (!(error instanceof Error)) return String(error);
  // What the system refuses says so itself, too.
  const isPlain = isCause || ('code' in error && ('hint' in error || 'syscall' in error));
  const text = isPlain ? error.message : (error.stack ?? error.message);
  if (error.cause === undefined) return text;
  const cause = describe(error.cause, isPlain);
  return text.includes(cause) ? text : `${text}\n  caused by ${cause}`;
}

function configPathOf(args: string[]): string {
  try {
    const { values } = parseArgs({ args, options: { config: { type: 'string' } } });
    if (values.config !== undefined) return values.config;
  } catch (cause) {
    throw new ConfigFault('CONFIG_USAGE', 'Usage: --config FILE', cause);
  }
  throw new ConfigFault('CONFIG_USAGE', 'Usage: --config FILE');
}
