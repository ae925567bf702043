/** What `sparegrid devnet down` and `status` do with one that runs; apart from `up`, which loads what it starts. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { stateDirectory, withClient } from '../contexts.ts';
import type { Pids } from '../devnet/devnet.ts';
import { Layout } from '../devnet/layout.ts';
import { CliFault } from '../fault.ts';
import { emit } from '../output/emit.ts';
import { say, tableText } from '../output/print.ts';
import type { HubOptions } from './options.ts';

const LOOK_MS = 100;

/** Ends the supervisor, which ends everything else, and waits until it is gone. */
export async function bringDown(dir: string | undefined): Promise<void> {
  const { supervisor } = readPids(new Layout(stateDirectory(dir)));
  process.kill(supervisor, 'SIGTERM');
  say('Ending all processes ...');
  while (isAlive(supervisor)) await sleep(LOOK_MS);
  say('Nothing is left running.');
}

export async function showStatus({ dir, output }: HubOptions): Promise<void> {
  const directory = stateDirectory(dir);
  const pids = readPids(new Layout(directory));
  const status = await withClient({ dir: directory }, (client) => client.status());
  const rows = Object.entries({ supervisor: pids.supervisor, ...pids.children });
  await emit(
    output,
    { directory, ...pids, status },
    {
      table: () => {
        const cells = rows.map(([name, pid]) => [name, String(pid ?? 'restarting')]);
        const live = status.parts.filter(({ stale }) => !stale).length;
        const hubs = `${live} of ${status.parts.length} hubs live as ${status.hub} sees it`;
        return `${tableText(['PROCESS', 'PID'], cells)}\n\n${hubs}`;
      },
      names: () => rows.map(([name]) => name),
    },
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function readPids(layout: Layout): Pids {
  try {
    const pids: Pids = JSON.parse(readFileSync(layout.pids, 'utf8'));
    process.kill(pids.supervisor, 0);
    return pids;
  } catch (cause) {
    const hint = `None runs in ${layout.directory}. Start one with sparegrid devnet up.`;
    throw new CliFault('CLI_NO_DEVNET', hint, 'unavailable', cause);
  }
}
