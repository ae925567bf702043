/** The folder of a devnet: made, and tried, before anything is started in it. */
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '@sparegrid/link/make-folder';
import { CliFault } from '../fault.ts';
import { whyUnwritable } from '../unwritable.ts';
import type { Layout } from './layout.ts';

/** @throws CliFault CLI_FILE_UNWRITABLE; LinkFault LINK_SOCKET_PATH_LENGTH */
export function makeStateFolder(layout: Layout): void {
  const { directory } = layout;
  layout.checkSockets();
  try {
    makeFolder(directory, 0o700);
    // Permissions alone do not tell: a file system may be read-only, or take no files.
    const probe = join(directory, `.probe.${process.pid}`);
    closeSync(openSync(probe, 'w', 0o600));
    unlinkSync(probe);
  } catch (cause) {
    const { code, path = directory } = cause as NodeJS.ErrnoException;
    const why = whyUnwritable(code);
    if (why === undefined) throw cause;
    const where = path.startsWith(join(directory, '.probe')) ? directory : path;
    const hint = `${where}: ${why}. Name a folder of yours: --dir.`;
    throw new CliFault('CLI_FILE_UNWRITABLE', hint, 'input', cause);
  }
}
