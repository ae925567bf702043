/** Finds the programs that the `process` runtime may run. */
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';

/**
 * Absolute path of each program; `node` is the one that runs the agent.
 *
 * @throws ConfigFault CONFIG_MACHINE when one of them is not in the search path.
 */
export async function findPrograms(
  names: readonly string[],
  searchPath: string,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    found[name] = name === 'node' ? process.execPath : await find(name, searchPath);
  }
  return found;
}

async function find(name: string, searchPath: string): Promise<string> {
  for (const directory of searchPath.split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  throw new ConfigFault('CONFIG_MACHINE', `runtime.programs: ${name} is not in ${searchPath}.`);
}
