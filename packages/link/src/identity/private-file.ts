/** Files written whole or not at all, and those that only their owner may read. */
import { chmodSync, lstatSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LinkFault } from '../fault.ts';
import { makeFolder } from '../make-folder.ts';

/** @throws LinkFault KEY_EXPOSED; a file that is not there is for its reader to report. */
export function refuseExposed(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return;
  throw new LinkFault('KEY_EXPOSED', `chmod 600 ${path}`);
}

/** Mode 0600, in a folder that is made with 0700 when it is missing. */
export function writePrivate(path: string, text: string): void {
  makeFolder(dirname(path), 0o700);
  writeWhole(path, text, 0o600);
}

/**
 * What was there before stays until all of the text is on the disk, and when it finds no room.
 *
 * @throws what the system says, with the path.
 */
export function writeWhole(path: string, text: string, mode = 0o666): void {
  const before = lstatSync(path, { throwIfNoEntry: false });
  // A pipe, a terminal, or a link: what it leads to is meant.
  if (before && !before.isFile()) return writeFileSync(path, text);
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { mode, flush: true });
    if (mode === 0o600) chmodSync(draft, mode);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw Object.assign(error as NodeJS.ErrnoException, { path });
  }
}
