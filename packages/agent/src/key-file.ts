/** A key file that is replaced while the agent runs: `sparegrid agent renew --keys` does so. */
import type { KeyObject } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readKey } from '@sparegrid/link/daemon/read-key';
import { publicKeyOf } from '@sparegrid/link/keys';

/** Not every file system tells of changes, and a system tells of so many folders at most. */
const LOOK_EVERY_MS = 60_000;

/**
 * Calls `changed` with each other key that the file holds from now on. A file that cannot be read, or
 * not yet, changes nothing.
 *
 * @returns what ends it.
 */
export function followKey(
  path: string,
  present: KeyObject,
  logger: Logger,
  changed: (key: KeyObject) => void,
): () => void {
  let known = publicKeyOf(present);
  let failure = '';
  const look = (): void => {
    try {
      const key = readKey(path);
      failure = '';
      if (publicKeyOf(key) === known) return;
      known = publicKeyOf(key);
      changed(key);
    } catch (error) {
      if (failure !== String(error)) logger.warn('key.unreadable', { error: String(error) });
      failure = String(error);
    }
  };
  const watcher = watcherOf(path, look);
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    watcher?.close();
    clearInterval(timer);
  };
}

/** A new key is moved into its place: only the folder tells of that. */
function watcherOf(path: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(dirname(path), (_event, name) => {
      if (name === basename(path)) changed();
    });
    return watcher.on('error', () => watcher.close());
  } catch {
    return null;
  }
}
