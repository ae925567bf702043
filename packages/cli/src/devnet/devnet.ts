/** A whole devnet on this machine: up, and down without a trace. */
import { mkdirSync, rmSync } from 'node:fs';
import { lockStore } from '@sparegrid/link/store/store-lock';
import { CliFault } from '../fault.ts';
import type { Context } from './context.ts';
import { layoutOf } from './layout.ts';
import { HUBS, LESSORS } from './plan.ts';
import { prepareDevnet } from './prepare.ts';
import { type ProcessPlan, type Say, Supervisor } from './supervisor.ts';
import { sweepContainers } from './sweep.ts';

export interface Devnet {
  context: Context;
  /** Process ids of what runs now, by node. */
  pids(): { id: string; pid: number }[];
  /** Ends every process and container; the data stays. */
  down(): Promise<void>;
}

export interface DevnetOptions {
  directory: string;
  /** Begin anew: earlier keys and data are removed. */
  fresh: boolean;
  say: Say;
}

/**
 * Starts all processes; resolves when every one is ready.
 *
 * @throws CliFault CLI_DEVNET_RUNS, CLI_DEVNET_FAILED
 */
export async function devnetUp({ directory, fresh, say }: DevnetOptions): Promise<Devnet> {
  const layout = layoutOf(directory);
  mkdirSync(layout.directory, { recursive: true, mode: 0o700 });
  let unlock = lock(layout.lock);
  if (fresh) {
    await sweepContainers(directory);
    unlock();
    rmSync(layout.directory, { recursive: true });
    mkdirSync(layout.directory, { mode: 0o700 });
    unlock = lock(layout.lock);
  }
  const context = prepareDevnet(directory);
  const supervisor = new Supervisor(say);
  const down = async () => {
    await supervisor.stop();
    await sweepContainers(directory);
    rmSync(layout.sockets, { recursive: true, force: true });
    unlock();
  };
  try {
    const plan = (role: ProcessPlan['role'], id: string) => ({
      id,
      role,
      config: layout.configOf(id),
      log: layout.logOf(id),
    });
    await Promise.all(HUBS.map((hub) => supervisor.start(plan('hub', hub))));
    await Promise.all(LESSORS.map(({ id }) => supervisor.start(plan('agent', id))));
  } catch (error) {
    await down();
    throw error;
  }
  return { context, pids: () => supervisor.pids(), down };
}

/** The kernel drops the lock with the process, so kill -9 leaves nothing stale behind. */
function lock(path: string): () => void {
  try {
    return lockStore(path);
  } catch (cause) {
    const hint = 'End it with Ctrl-C where it runs, or choose another --dir.';
    throw new CliFault('CLI_DEVNET_RUNS', hint, 'failed', cause);
  }
}
