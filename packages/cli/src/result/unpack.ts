/** Writes the files of a result below a directory, and nowhere else. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '@sparegrid/link/make-folder';
import { CliFault } from '../fault.ts';
import type { Archive } from './tar-reader.ts';

/**
 * Links are never made, so no name in the archive can lead out of the directory.
 *
 * @returns how many files were written
 * @throws CliFault CLI_FILE_UNWRITABLE
 */
export function unpack({ entries }: Archive, directory: string): number {
  try {
    makeFolder(directory);
    for (const { path, kind, content } of entries) {
      const target = join(directory, path);
      if (kind === 'directory') makeFolder(target);
      else {
        makeFolder(dirname(target));
        writeFileSync(target, content);
      }
    }
  } catch (cause) {
    throw new CliFault('CLI_FILE_UNWRITABLE', (cause as Error).message, 'failed', cause);
  }
  return entries.filter(({ kind }) => kind === 'file').length;
}
