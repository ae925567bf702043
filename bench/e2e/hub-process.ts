/** A hub daemon as its own process, as an operator runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LOOP_DELAY = new URL('./loop-delay.ts', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../../packages/hub/src/main.ts', import.meta.url));

export interface HubProcess {
  pid: number;
  process: ChildProcess;
  /** Rejects with the hub's log when it ends without being told to; unhandled, that ends the bench. */
  died: Promise<never>;
  /** How late its event loop was since the last call: quantiles in ms. */
  loopDelay(): Promise<{ p50: number; p99: number }>;
  /** Ends the hub and returns how many transactions it made durable. */
  stop(): Promise<number>;
}

/**
 * Resolves when the hub says that it is ready.
 *
 * @param watches  further modules that are loaded before it starts.
 */
export async function startHubProcess(
  directory: string,
  config: { id: string } & object,
  watches: readonly string[] = [],
): Promise<HubProcess> {
  const file = join(directory, `${config.id}.json`);
  writeFileSync(file, JSON.stringify(config));
  // The IPC channel ties the hub's life to ours.
  const imports = [LOOP_DELAY, ...watches].flatMap((watch) => ['--import', watch]);
  const child = spawn(process.execPath, [...imports, MAIN, '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await ready(child, () => log);
  let isTold = false;
  const died = new Promise<never>((_, reject) => {
    child.once('close', (code, signal) => {
      if (isTold) return;
      reject(new Error(`${config.id} ended by itself (${signal ?? code}):\n${log}`));
    });
  });
  return {
    pid: child.pid as number,
    process: child,
    died,
    loopDelay: async () => {
      child.send('loop-delay');
      const [delay] = await once(child, 'message');
      return delay;
    },
    stop: async () => {
      isTold = true;
      const isOver = child.exitCode !== null || child.signalCode !== null;
      if (!isOver) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      return commitsIn(log);
    },
  };
}

async function ready(child: ChildProcess, log: () => string): Promise<void> {
  const exit = once(child, 'exit').then(() => {
    throw new Error(`the hub did not start:\n${log()}`);
  });
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), exit]);
  exit.catch(() => {});
}

function commitsIn(log: string): number {
  for (const line of log.trim().split('\n').reverse()) {
    const commits = /"commits":(\d+)/.exec(line)?.[1];
    if (commits !== undefined) return Number(commits);
  }
  throw new Error(`the hub did not say how much it committed:\n${log}`);
}
