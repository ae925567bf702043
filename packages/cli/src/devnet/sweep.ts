/** Ends what a killed agent left running, so that a devnet that ended leaves nothing behind. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContainerFiles } from '@sparegrid/agent/runtime/container-files';
import { signalGroup } from '@sparegrid/agent/runtime/process-identity';
import { layoutOf } from './layout.ts';
import { LESSORS } from './plan.ts';

/** Kills every container that still runs; its files stay for the agent's next start. */
export async function sweepContainers(directory: string): Promise<void> {
  const layout = layoutOf(directory);
  for (const { id } of LESSORS) {
    const folder = layout.containersOf(id);
    const names = await readdir(folder).catch((): string[] => []);
    for (const name of names) {
      const supervisor = await new ContainerFiles(join(folder, name)).supervisor();
      if (supervisor) await signalGroup(supervisor, 'SIGKILL');
    }
  }
}
