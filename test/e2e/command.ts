/** Runs the command line as users do, in processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/sparegrid.mjs', import.meta.url));
/** A disk that others keep busy holds up who flushes before it ends. */
const END_MS_MAX = 90_000;
const LOOK_MS = 50;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when stderr has this text; rejects when the command ends before. */
  says(text: string): Promise<void>;
}

/** Starts `sparegrid` with these arguments. */
export function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd = process.cwd(),
): Started {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = once(child, 'close').then(([code]): Ended => ({ code, ...output }));
  const says = (text: string) => {
    const heard = new Promise<void>((resolve) => {
      const look = () => output.stderr.includes(text) && resolve();
      listeners.add(look);
      look();
    });
    const gone = ended.then(({ code, stderr }) => {
      throw new Error(`ended with ${code} before it said '${text}': ${stderr}`);
    });
    gone.catch(() => {});
    return Promise.race([heard, gone]);
  };
  return { child, ended, says };
}

export function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return start(args, env).ended;
}

/** Ids of running processes whose command line or environment names `text`. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].some((file) => has(file, text)),
    )
    .map(Number);
}

/** Resolves when no running process names `text`. @throws after a while */
export async function goneWith(text: string): Promise<void> {
  const endMs = performance.now() + END_MS_MAX;
  for (let left = processesWith(text); left.length > 0; left = processesWith(text)) {
    if (performance.now() > endMs) throw new Error(`still running: ${left.join(', ')}`);
    await sleep(LOOK_MS);
  }
}

function has(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes(text);
  } catch {
    return false;
  }
}
