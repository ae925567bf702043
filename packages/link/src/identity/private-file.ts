/** Files that only their owner may read, written whole or not at all. */
import { chmodSync, renameSync, statSync, writeFileSync } from 'node:fs';
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
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}
