/** Reads the command line of the simulator; anything that does not fit is refused with a reason. */
import { FAULT_MODES, type FaultMode } from './world/fault-plan.ts';
import type { Size } from './world/scenario.ts';

export interface Args {
  /** First and last seed, both included. */
  seeds: readonly [number, number];
  /** More than one seed was asked for: one line each, then a summary. */
  many: boolean;
  size: Size;
  faults: FaultMode;
  /** Names of violations, the first of which ends a run; none: every run goes to its end. */
  stopAt: readonly string[];
  json: boolean;
  /** Print every event, for finding out why. */
  trace: boolean;
}

export type ParsedArgs = { ok: true; args: Args } | { ok: false; problem: string };

export const USAGE = `usage: npm run sim -- [options]
  --seed N           seed of the one run (default 1), 0 to 2^32 - 1
  --seeds A..B       many runs, one JSON line each, then a summary line
  --hubs H           1 to 16 (default 3)
  --participants P   at least one per hub, at most 200 (default 9)
  --orders K         0 to 5000 (default 60)
  --faults MODE      none | lite | swarm | restores (default swarm)
  --stop-at NAMES    violations, the first of which ends a run: NAME,NAME...
  --json             nothing but the JSON line on standard output
  --trace            every event on standard error`;

const NUMBERS: Record<string, { low: number; high: number }> = {
  '--seed': { low: 0, high: 2 ** 32 - 1 },
  '--hubs': { low: 1, high: 16 },
  '--participants': { low: 1, high: 200 },
  '--orders': { low: 0, high: 5_000 },
};

export function parseArgs(words: readonly string[]): ParsedArgs {
  const numbers = new Map<string, number>();
  let faults: FaultMode = 'swarm';
  let stopAt: readonly string[] = [];
  let seeds: readonly [number, number] | null = null;
  const flags = new Set<string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === '--json' || word === '--trace') {
      flags.add(word);
      continue;
    }
    const value = words[at + 1];
    at += 1;
    if (value === undefined) return problem(`${word} needs a value`);
    if (word === '--faults') {
      const mode = FAULT_MODES.find((known) => known === value);
      if (!mode) return problem(`--faults: expected ${FAULT_MODES.join(', ')}, got ${value}`);
      faults = mode;
    } else if (word === '--stop-at') {
      stopAt = value.split(',');
    } else if (word === '--seeds') {
      seeds = parseRange(value);
      if (!seeds) return problem(`--seeds: expected A..B with A <= B, got ${value}`);
    } else {
      const range = NUMBERS[word];
      if (!range) return problem(`unknown option ${word}`);
      const number = parseNumber(value, range);
      if (number === null) {
        return problem(`${word}: expected ${range.low} to ${range.high}, got ${value}`);
      }
      numbers.set(word, number);
    }
  }
  return finish(numbers, seeds, { faults, stopAt }, flags);
}

function finish(
  numbers: ReadonlyMap<string, number>,
  range: readonly [number, number] | null,
  how: Pick<Args, 'faults' | 'stopAt'>,
  flags: ReadonlySet<string>,
): ParsedArgs {
  const hubs = numbers.get('--hubs') ?? 3;
  const participants = numbers.get('--participants') ?? 3 * hubs;
  const orders = numbers.get('--orders') ?? 60;
  if (participants < hubs) return problem(`--participants: at least one per hub, ${hubs}`);
  const seed = numbers.get('--seed') ?? 1;
  if (range && numbers.has('--seed')) return problem('--seed or --seeds, not both');
  const size = { hubs, participants, orders };
  const seeds = range ?? ([seed, seed] as const);
  const json = flags.has('--json');
  const trace = flags.has('--trace');
  return { ok: true, args: { seeds, many: range !== null, size, ...how, json, trace } };
}

function problem(text: string): ParsedArgs {
  return { ok: false, problem: text };
}

function parseNumber(text: string, { low, high }: { low: number; high: number }): number | null {
  if (!/^\d{1,10}$/.test(text)) return null;
  const number = Number(text);
  return number >= low && number <= high ? number : null;
}

function parseRange(text: string): readonly [number, number] | null {
  const match = /^(\d{1,10})\.\.(\d{1,10})$/.exec(text);
  if (!match) return null;
  const [first, last] = [Number(match[1]), Number(match[2])];
  return first <= last && last < 2 ** 32 ? [first, last] : null;
}
